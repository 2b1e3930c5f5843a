"""The processes of a server with workers, that may end while one looks at them."""

import psutil


def workers_of(supervisor: int) -> dict[int, psutil.Process]:
    """The running ones of a supervisor with two workers, by number."""
    found = {}
    for child in psutil.Process(supervisor).children():
        try:
            words = child.cmdline()
        except psutil.NoSuchProcess:
            continue
        if "tilo_ws.worker" in words:
            count = words.index("2", words.index("tilo_ws.worker"))
            found[int(words[count + 1])] = child
    return found


def has_ended(process: psutil.Process) -> bool:
    """Also if it waits for whoever looks after orphans here."""
    try:
        return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True
