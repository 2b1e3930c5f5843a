"""Requests whose head cannot be read: their sender's mistake, told in one line."""

import logging

from aiohttp.http_exceptions import HttpProcessingError

logger = logging.getLogger(__name__)


class UnreadableRequests(logging.Filter):
    """For aiohttp's logger, which takes them for errors of the server and prints a traceback with what was sent."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Lets everything else through."""
        error = record.exc_info[1] if record.exc_info else None
        if not isinstance(error, HttpProcessingError):
            return True
        fields = {"error": type(error).__name__, "status": error.code}
        logger.info("unreadable request: %(error)s, %(status)s", fields, extra={"is_limited": True})
        return False
