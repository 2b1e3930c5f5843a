"""The log: lines for people or JSON for machines, and no more of a kind than somebody can read."""

import json
import logging
import time
from collections.abc import Callable, Mapping
from typing import Any, TextIO

MOST_OF_A_KIND = 20
PERIOD = 60.0
"""Of warnings and errors of one kind so many are told in so many seconds; the rest is told as a number."""


class JsonFormatter(logging.Formatter):
    """One object a line: time (UTC), level, logger, message, event, and what the event has in fields of its own.

    `event` is the message before its values are put in: the same for all of a kind.
    """

    def __init__(self, process: str = "") -> None:
        super().__init__()
        self._process = process.strip()

    def format(self, record: logging.LogRecord) -> str:
        """See logging.Formatter."""
        seconds = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created))
        line: dict[str, Any] = {
            "time": f"{seconds}.{int(record.msecs):03}Z",
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
            "event": str(record.msg),
        }
        if self._process:
            line["process"] = self._process
        if isinstance(record.args, Mapping):
            line |= {name: value for name, value in record.args.items() if name not in line}
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False, default=str)


class LimitedHandler(logging.StreamHandler[TextIO]):
    """Tells at most `MOST_OF_A_KIND` warnings and errors of one event in a period, and how many more there were."""

    def __init__(self, stream: TextIO | None = None, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__(stream)
        self._clock = clock
        self._period_ends = clock() + PERIOD
        self._counts: dict[tuple[str, str], int] = {}

    def emit(self, record: logging.LogRecord) -> None:
        """See logging.Handler."""
        if self._clock() >= self._period_ends:
            self._sum_up()
        if not logging.WARNING <= record.levelno < logging.CRITICAL and not getattr(record, "is_limited", False):
            super().emit(record)
            return
        kind = (record.name, str(record.msg))
        self._counts[kind] = self._counts.get(kind, 0) + 1
        if self._counts[kind] <= MOST_OF_A_KIND:
            super().emit(record)

    def _sum_up(self) -> None:
        counts, self._counts = self._counts, {}
        self._period_ends = self._clock() + PERIOD
        for (name, event), count in counts.items():
            if count > MOST_OF_A_KIND:
                fields = {"count": count - MOST_OF_A_KIND, "of": event}
                text = "%(count)d more of these in the last minute: %(of)s"
                super().emit(logging.LogRecord(name, logging.WARNING, __file__, 0, text, (fields,), None))


def set_up_log(level: str, form: str, process: str, stream: TextIO) -> None:
    """Sends the log of everything to the stream, as `text` or `json`. `process` names this one among several, else empty."""
    handler = LimitedHandler(stream)
    text = logging.Formatter(f"%(asctime)s %(levelname)s {process}%(name)s: %(message)s")
    handler.setFormatter(JsonFormatter(process) if form == "json" else text)
    logging.basicConfig(level=level.upper(), handlers=[handler])
