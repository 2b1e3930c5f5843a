"""What may be said in the chat, and under which names."""

import time
from collections.abc import Callable
from functools import lru_cache

from tilo_ws.protocol.codes import CommandError, ErrorCode
from tilo_ws.protocol.links import holds_link
from tilo_ws.protocol.lookalikes import ReservedNames
from tilo_ws.protocol.repeats import Repeats
from tilo_ws.protocol.words import WordFilter
from tilo_ws.realtime.broker import Limit
from tilo_ws.realtime.connection import Connection
from tilo_ws.realtime.session import rate_limited

_KEPT_NAMES = 10_000
"""Names whose look-alikes are not sought again: a player has the same one for each message."""


class TextRules:
    """The operator's rules for texts. Filtered words are masked, or refused where `refuse_words`."""

    def __init__(
        self,
        *,
        words: WordFilter | None,
        refuse_words: bool,
        refuse_links: bool,
        reserved_names: ReservedNames,
        repeats: Repeats,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._words = words
        self._refuse_words = refuse_words
        self._refuse_links = refuse_links
        self._reserved_names = reserved_names
        self._repeats = repeats
        self._clock = clock
        self.nickname = lru_cache(maxsize=_KEPT_NAMES)(self._nickname)
        """A name that a player has chosen, as others may see it. Raises CommandError."""

    @property
    def slow_mode(self) -> float:
        """Seconds between two messages of a player; 0 is no limit."""
        return self._repeats.slow_mode

    @slow_mode.setter
    def slow_mode(self, seconds: float) -> None:
        """Holds from now on."""
        self._repeats.slow_mode = seconds

    def _nickname(self, nickname: str) -> str:
        if self._reserved_names.takes(nickname):
            raise CommandError(ErrorCode.INVALID_FIELD, "nickname: this one is reserved, choose another")
        return self._filtered("nickname", nickname)

    def message(self, player: str, message: str) -> str:
        """A message as others may see it. Raises CommandError."""
        now = self._clock()
        if self._refuse_links and holds_link(message):
            raise CommandError(ErrorCode.FILTERED, "message: links are not allowed here")
        shown = self._filtered("message", message)
        if self._repeats.repeat_left(player, shown, now):
            raise CommandError(ErrorCode.FILTERED, "message: you have just said that")
        if pause := self._repeats.pause_left(player, now):
            raise rate_limited(pause)
        return shown

    def said(self, player: str, message: str) -> None:
        """Remembers a message that was taken, as others see it."""
        self._repeats.add(player, message, self._clock())

    def shared(self, connection: Connection) -> list[Limit]:
        """Slow mode for a player by token, who may be on several servers at once.

        A tenth shorter than here, since messages do not come to the log as evenly as they were sent.
        """
        if not self.slow_mode or connection.player is None:
            return []
        return [Limit(f"slow:{connection.player.email}", 1 / (0.9 * self.slow_mode), 1)]

    def unsaid(self, player: str, message: str) -> None:
        """Forgets a message that nobody was shown."""
        self._repeats.remove(player, message)

    def _filtered(self, field: str, text: str) -> str:
        if self._words is None:
            return text
        if not self._refuse_words:
            return self._words.mask(text)
        if self._words.finds(text):
            raise CommandError(ErrorCode.FILTERED, f"{field}: it holds a word that is not allowed here")
        return text
