"""The file with the keys of players' tokens: read at the start, and again whenever it has changed."""

import contextlib
import logging
import stat
from collections.abc import Callable
from pathlib import Path

from tilo_ws.protocol.token_keys import TokenKeys

logger = logging.getLogger(__name__)

MAX_FILE_BYTES = 1024 * 1024
"""Read at once on the event loop: no set of keys is near it."""


class KeyFile:
    """Keys from a file, which `parse` understands or refuses by a ValueError about its contents."""

    def __init__(self, path: Path, parse: Callable[[bytes], TokenKeys]) -> None:
        self._path = path
        self._parse = parse
        self._seen: tuple[int, ...] | None = None
        self._contents = b""
        self._broken = False

    def read(self) -> TokenKeys:
        """The keys in the file now. Raises ValueError, which names the file."""
        try:
            # Looked at before it is read: what is written meanwhile counts as a change afterwards.
            self._seen = _look(self._path)
            with self._path.open("rb") as file:
                contents = file.read(MAX_FILE_BYTES + 1)
        except OSError as error:
            self._seen = None
            raise ValueError(f"{self._path} cannot be read: {error.strerror}") from None
        if len(contents) > MAX_FILE_BYTES:
            raise ValueError(f"{self._path} is larger than {MAX_FILE_BYTES:,} bytes")
        try:
            keys = self._parse(contents)
        except ValueError as error:
            raise ValueError(f"{self._path} {error}") from None
        self._contents = contents
        return keys

    def changed(self) -> TokenKeys | None:
        """The keys, if the file holds others than when it was read; None too while it is gone or broken: call it once a second.

        The log has one line for each change, and one for the beginning of a fault.
        """
        with contextlib.suppress(OSError):
            if self._seen == _look(self._path):
                return None
        before = self._contents
        try:
            keys = self.read()
        except ValueError as error:
            if not self._broken:
                logger.error("%(reason)s; players' tokens are checked with the keys of before", {"reason": error})
            self._broken = True
            return None
        if self._broken or self._contents != before:
            logger.info("the keys of players' tokens are those of %(file)s as it is now", {"file": self._path})
        self._broken = False
        return keys if self._contents != before else None


def _look(path: Path) -> tuple[int, ...]:
    """What differs once a file was written or replaced; always the same for a pipe, which can be read once only."""
    looked = path.stat()
    if not stat.S_ISREG(looked.st_mode):
        return ()
    return looked.st_dev, looked.st_ino, looked.st_size, looked.st_mtime_ns, looked.st_ctime_ns
