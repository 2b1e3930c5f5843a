"""Valkey that is killed, frozen or does not start."""

import os
import signal
import tempfile
from pathlib import Path

import pytest

from tests.storage.embedded.valkey_process import answers, ask, is_gone, pid_of, wait_until
from tilo_ws.storage.embedded import EmbeddedValkey, EmbeddedValkeyError
from tilo_ws.storage.embedded import valkey as module


def test_a_killed_valkey_is_started_again_empty_on_the_same_socket(
    valkey: EmbeddedValkey, caplog: pytest.LogCaptureFixture
) -> None:
    valkey.keep_running()
    path = valkey.start()
    valkey.keep_running()
    killed = pid_of(path)
    ask(path, "SET", "key", "value")
    os.kill(killed, signal.SIGKILL)

    def is_back() -> bool:
        valkey.keep_running()
        return answers(path)

    wait_until(lambda: not answers(path))
    wait_until(is_back)
    assert pid_of(path) != killed
    assert ask(path, "DBSIZE") == ":0"
    assert [record.message for record in caplog.records] == ["Valkey has ended by itself (status -9): starting it again"]


def test_one_that_does_not_come_up_again_is_told_once_and_tried_on(
    valkey: EmbeddedValkey, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = valkey.start()
    valkey.keep_running()
    with monkeypatch.context() as wrong:
        wrong.setattr(module, "_SETTINGS", (("no-such-setting", "1"),))
        killed = pid_of(path)
        os.kill(killed, signal.SIGKILL)
        for _ in range(4):
            assert valkey._process is not None
            valkey._process.wait()
            valkey.keep_running()

    def is_back() -> bool:
        valkey.keep_running()
        return answers(path)

    wait_until(is_back)
    assert len(caplog.records) == 1


def test_one_that_is_frozen_is_killed_at_the_end(valkey: EmbeddedValkey, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_STOP_REQUESTS", ((signal.SIGTERM, 0.05), (signal.SIGKILL, None)))
    pid = pid_of(valkey.start())
    os.kill(pid, signal.SIGSTOP)

    valkey.stop()

    assert is_gone(pid)


def test_why_it_did_not_start_is_quoted_and_nothing_is_left(valkey: EmbeddedValkey, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_SETTINGS", (*module._SETTINGS, ("no-such-setting", "1")))

    with pytest.raises(EmbeddedValkeyError, match=r"^Valkey did not start: .*no-such-setting") as failure:
        valkey.start()

    assert "\n" not in str(failure.value)
    assert list(Path(tempfile.gettempdir()).iterdir()) == []


def test_a_file_in_the_way_is_one_clear_line(open_place: Path) -> None:
    (open_place / "file").touch()

    with pytest.raises(EmbeddedValkeyError, match=f"cannot start: {open_place}/file/data: Not a directory"):
        EmbeddedValkey(open_place / "file" / "data").start()


@pytest.mark.parametrize(("package", "said"), [("not_installed", "is not installed"), ("tilo_ws", "has no Valkey for this")])
def test_a_missing_program_is_a_clear_error(
    package: str, said: str, valkey: EmbeddedValkey, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_DISTRIBUTION", package)

    with pytest.raises(EmbeddedValkeyError, match=f"{said}.*set REDIS_URL"):
        valkey.start()
