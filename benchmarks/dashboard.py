"""The dashboard under load: 5,000 players, 200 chat messages a second, three open pages in a headless Chromium.

.venv/bin/python -m benchmarks.dashboard         ten minutes, and two more for what the players notice
.venv/bin/python -m benchmarks.dashboard 60      one minute instead of ten
"""

import contextlib
import os
import re
import shutil
import signal
import sys
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, CDPSession, Page, sync_playwright

from benchmarks.listeners import listening
from benchmarks.servers import PLAYER_CORE, Server, go_first, tilo

CLIENTS, PLAYERS, RATE = 5000, 100, 200  # the others only listen
# The clients in the order of what waits unsent: all of them are sorted every second.
PAGES = {"Overview": "", "Chat": "/chat", "Clients": "/clients?sort=-unsent"}
_PASSWORD = "correct horse"
_WARM_UP_S, _SAMPLE_S, _SHORT_S = 5, 2, 15
_MIB = 1024**2

# Tasks of 50 ms and more, with their start since the page was asked for.
_OBSERVE = """
window.longTasks = [];
new PerformanceObserver((list) => {
  for (const { startTime, duration } of list.getEntries()) window.longTasks.push({ startTime, duration });
}).observe({ type: "longtask", buffered: true });
"""


class Tab:
    """An open page, and the most that was seen of it."""

    def __init__(self, page: Page, name: str) -> None:
        self.page = page
        self.name = name
        self.heap = 0
        self._began_ms = 0.0
        self._session: CDPSession = page.context.new_cdp_session(page)
        self._session.send("Performance.enable")

    def begin(self) -> None:
        """What comes before is the first load."""
        self.kept_before = self.heap_kept()
        self._began_ms = self.page.evaluate("performance.now()")

    def sample(self) -> None:
        """Takes in the JavaScript heap, garbage included: to collect it would be a long task of our own."""
        self.heap = max(self.heap, self._heap())

    def heap_kept(self) -> int:
        """What is in use after garbage is collected."""
        self._session.send("HeapProfiler.collectGarbage")
        return self._heap()

    def long_tasks(self) -> tuple[list[float], list[float]]:
        """Milliseconds of each long task in the first load, and since."""
        tasks = self.page.evaluate("window.longTasks")
        load = [task["duration"] for task in tasks if task["startTime"] < self._began_ms]
        return load, [task["duration"] for task in tasks if task["startTime"] >= self._began_ms]

    def _heap(self) -> int:
        metrics = self._session.send("Performance.getMetrics")["metrics"]
        return int(next(metric["value"] for metric in metrics if metric["name"] == "JSHeapUsedSize"))


class Dashboard:
    """Three pages of one admin, each in a tab of its own."""

    def __init__(self, browser: Browser, port: int) -> None:
        self._devtools = browser.new_browser_cdp_session()
        self.context = browser.new_context(viewport={"width": 1600, "height": 1000})
        self.context.add_init_script(_OBSERVE)
        address = f"http://127.0.0.1:{port}/admin"
        login = self.context.new_page()
        login.goto(f"{address}/login")
        login.get_by_label("User name").fill("admin")
        login.get_by_label("Password").fill(_PASSWORD)
        login.get_by_role("button", name="Log in").click()
        login.wait_for_url(address)
        login.close()
        self.tabs = [self._open(name, address + path) for name, path in PAGES.items()]
        self._pids = [pid for kind in ("browser", "GPU", "utility", "renderer") for pid in self._processes(kind)]

    def _open(self, name: str, address: str) -> Tab:
        page = self.context.new_page()
        page.goto(address)
        page.wait_for_selector("body[data-feed=live]")
        return Tab(page, name)

    def renderer_bytes(self) -> tuple[int, int]:
        """Private and resident memory of the largest process that draws a page."""
        sizes = [_memory(pid) for pid in self._processes("renderer")]
        return max(private for private, _ in sizes), max(resident for _, resident in sizes)

    def go_first(self) -> None:
        """An admin's machine is another one: nobody takes a core from it there."""
        for group in {os.getpgid(pid) for pid in self._pids}:
            go_first(group)

    def signal(self, what: signal.Signals) -> None:
        """To all processes of the browser."""
        for pid in self._pids:
            os.kill(pid, what)

    def _processes(self, kind: str) -> list[int]:
        processes = self._devtools.send("SystemInfo.getProcessInfo")["processInfo"]
        return [process["id"] for process in processes if process["type"] == kind]


def _memory(pid: int) -> tuple[int, int]:
    counts = dict(re.findall(r"^(\w+): +(\d+) kB$", Path(f"/proc/{pid}/smaps_rollup").read_text(), re.MULTILINE))
    private = sum(int(counts[name]) for name in ("Private_Clean", "Private_Dirty"))
    return private * 1024, int(counts["Rss"]) * 1024


def page_figures(server: Server, browser: Browser, seconds: float) -> None:
    """Long tasks and memory of the pages."""
    with _crowd(server, seconds + 3 * _WARM_UP_S, goes_last=True) as playing:
        dashboard = Dashboard(browser, server.port)
        dashboard.go_first()
        dashboard.tabs[0].page.wait_for_timeout(_WARM_UP_S * 1000)
        for tab in dashboard.tabs:
            tab.begin()
        began, before, private, resident = time.monotonic(), server.stats()["deliveries"], 0, 0
        while (passed := time.monotonic() - began) < seconds and not playing.done():
            for tab in dashboard.tabs:
                tab.sample()
            private, resident = (max(pair) for pair in zip((private, resident), dashboard.renderer_bytes(), strict=True))
            dashboard.tabs[0].page.wait_for_timeout(_SAMPLE_S * 1000)
        rate = (server.stats()["deliveries"] - before) / (time.monotonic() - began)
        tasks = {tab.name: tab.long_tasks() for tab in dashboard.tabs}
        state = dashboard.tabs[1].page.locator("#chat-state").text_content()
        kept = {tab.name: tab.heap_kept() for tab in dashboard.tabs}
        connected = server.stats()["connections"]
        report = playing.result()
    for tab in dashboard.tabs:
        load, since = tasks[tab.name]
        print(
            f"{tab.name}: longest task {_longest(since)} ({len(since)} from 50 ms up), in the first load {_longest(load)};"
            f" JavaScript heap {tab.heap / _MIB:.1f} MB at most, garbage included,"
            f" without it {tab.kept_before / _MIB:.1f} MB in the beginning and {kept[tab.name] / _MIB:.1f} MB in the end"
        )
    print(f"largest renderer: {private / _MIB:.0f} MB private, {resident / _MIB:.0f} MB resident with the browser's own code")
    print(
        f"in {passed / 60:.1f} minutes; {connected} connected in the end, {rate:,.0f} deliveries a second; chat said {state!r}"
    )
    print(f"players: {_noticed(report)}", flush=True)
    dashboard.context.close()


def player_figures(server: Server, browser: Browser) -> None:
    """What players notice of open pages: runs without and with them, in turn."""
    for is_open in (False, True, False, True):
        dashboard = Dashboard(browser, server.port) if is_open else None
        if dashboard:
            # An admin's browser takes nothing from players. The server goes on: what it sends has room in the system's buffers.
            dashboard.signal(signal.SIGSTOP)
        with _crowd(server, _SHORT_S) as playing:
            began, before = time.monotonic(), server.cpu_s()
            report = playing.result()
            cpu = (server.cpu_s() - before) / (time.monotonic() - began)
        if dashboard:
            dashboard.signal(signal.SIGCONT)
            dashboard.context.close()
        print(f"{len(PAGES) if is_open else 'no'} pages open: {_noticed(report)}, the server used {cpu:.0%}", flush=True)


@contextlib.contextmanager
def _crowd(server: Server, seconds: float, *, goes_last: bool = False) -> Iterator["Future[dict[str, Any]]"]:
    """Listeners, and among them players who chat for so long and note the delay: their report is the future's result."""
    with listening(server.port, CLIENTS - PLAYERS, PLAYER_CORE, goes_last=goes_last) as listeners:
        while server.stats()["connections"] < CLIENTS - PLAYERS and listeners.poll() is None:
            time.sleep(0.5)
        with ThreadPoolExecutor() as thread:
            yield thread.submit(server.play, clients=PLAYERS, rate=RATE, seconds=seconds)


def _noticed(report: dict[str, Any]) -> str:
    delay = report["delay"]
    return f"p50 {delay['p50_ms']:.0f} ms, p99 {delay['p99_ms']:.0f} ms, {report['lost']} lost, {report['closed']} closed"


def _longest(tasks: list[float]) -> str:
    return f"{max(tasks):.0f} ms" if tasks else "under 50 ms"


@contextlib.contextmanager
def _chromium(cores: set[int]) -> Iterator[Browser]:
    path = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if path is None:
        raise SystemExit("no Chromium is installed (Debian: apt-get install chromium)")
    os.sched_setaffinity(0, cores)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox", "--no-first-run", "--disable-gpu"])
        os.sched_setaffinity(0, {PLAYER_CORE})
        yield browser
        browser.close()


def main() -> None:
    """Prints a line for each figure."""
    seconds = float(sys.argv[1]) if sys.argv[1:] else 600.0
    # An admin's browser is on another machine: it does not wait for the players, and takes nothing from the server.
    every_core = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {PLAYER_CORE})
    with tilo(TILO_ADMIN_PASSWORD=_PASSWORD) as server, _chromium(every_core) as browser:
        page_figures(server, browser, seconds)
    with tilo(TILO_ADMIN_PASSWORD=_PASSWORD) as server, _chromium({PLAYER_CORE}) as browser:
        player_figures(server, browser)


if __name__ == "__main__":
    main()
