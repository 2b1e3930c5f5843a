"""The log, for people and for machines."""

import io
import json
import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.command import run
from tests.conftest import StartServer
from tests.fakes import FakeClock
from tests.web.conversation import join
from tests.web.test_tokens import SECRET, token
from tilo_ws.log import MOST_OF_A_KIND, PERIOD, JsonFormatter, LimitedHandler


class Log:
    """A logger of its own, whose lines the test reads."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.stream = io.StringIO()
        self.handler = LimitedHandler(self.stream, self.clock)
        self.logger = logging.getLogger("tests.log")
        self.logger.propagate = False
        self.logger.setLevel(logging.DEBUG)
        self.logger.addHandler(self.handler)

    @property
    def lines(self) -> list[str]:
        return self.stream.getvalue().splitlines()


@pytest.fixture
def log() -> Iterator[Log]:
    made = Log()
    yield made
    made.logger.removeHandler(made.handler)
    made.logger.propagate = True


def test_json_is_one_object_a_line_with_the_values_in_fields(log: Log) -> None:
    log.handler.setFormatter(JsonFormatter("worker 2 "))
    log.logger.info("refused: %(ip)s, %(reason)s", {"ip": "203.0.113.7", "reason": "a\nb", "level": "no"})
    [line] = log.lines
    said = json.loads(line)
    assert said.pop("time").endswith("Z")
    assert said == {
        "level": "INFO",
        "logger": "tests.log",
        "message": "refused: 203.0.113.7, a\nb",
        "event": "refused: %(ip)s, %(reason)s",
        "process": "worker 2",
        "ip": "203.0.113.7",
        "reason": "a\nb",
    }


def test_a_traceback_is_a_field_of_its_line(log: Log) -> None:
    log.handler.setFormatter(JsonFormatter())
    try:
        raise ValueError("no")
    except ValueError:
        log.logger.exception("%s failed", "it")
    [line] = log.lines
    assert json.loads(line)["message"] == "it failed"
    assert "ValueError: no" in json.loads(line)["exception"]


def test_of_many_warnings_of_a_kind_some_are_told_and_then_their_number(log: Log) -> None:
    for number in range(MOST_OF_A_KIND + 5):
        log.logger.warning("odd: %d", number)
    log.logger.warning("another")
    assert len(log.lines) == MOST_OF_A_KIND + 1
    log.clock.now += PERIOD
    log.logger.info("a minute later")
    assert log.lines[-2:] == ["5 more of these in the last minute: odd: %d", "a minute later"]
    log.logger.warning("odd: %d", 0)
    assert log.lines[-1] == "odd: 0"


def test_what_is_no_warning_is_told_each_time_unless_it_says_so(log: Log) -> None:
    for _ in range(MOST_OF_A_KIND + 5):
        log.logger.info("connected")
        log.logger.critical("the end")
        log.logger.info("refused", extra={"is_limited": True})
    assert len(log.lines) == 3 * MOST_OF_A_KIND + 10


async def test_a_refused_upgrade_is_logged_with_the_address_behind_the_proxy(
    start_server: StartServer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    client = await start_server(allowed_origins=("https://tilo.life",))
    headers = {"Upgrade": "websocket", "Connection": "Upgrade", "Origin": "https://evil.example"}
    await client.get("/ws", headers=headers | {"X-Forwarded-For": "198.51.100.1, 203.0.113.7"})
    assert "refused: 203.0.113.7, origin, status 403" in caplog.messages


async def test_tokens_and_keys_are_in_no_line(
    start_server: StartServer, api_headers: dict[str, str], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    client = await start_server(auth_secret=SECRET, metrics_token="for Prometheus")
    shown = token()
    player = await join(client, f"/ws?token={shown}")
    await player.send_json({"type": "hello", "token": shown})
    await player.send_json({"type": "auth", "token": f"{shown}x"})
    await client.get("/api/v1/stats", headers=api_headers)
    await client.get("/metrics", headers={"Authorization": "Bearer for Prometheus"})
    await player.close()
    # The server runs without aiohttp's own access log, which the tests' client has.
    told = [record.getMessage() for record in caplog.records if record.name != "aiohttp.access"]
    for secret in (shown, SECRET, "for Prometheus", api_headers["Authorization"].removeprefix("Bearer ")):
        assert not [line for line in told if secret in line]


async def test_every_line_of_a_server_is_json_where_that_is_asked_for(dsn: str, tmp_path: Path) -> None:
    async with run(tmp_path, DATABASE_URL=dsn, TILO_LOG_FORMAT="json") as server:
        await server.listening()
        assert await server.end() == 0
    lines = [json.loads(line) for line in server.log.splitlines()]
    assert [line["message"] for line in lines][-2:] == ["ending", "ended"]
