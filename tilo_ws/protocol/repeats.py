"""What each player said lately: the same again, or too soon after the last, has to wait."""

from collections import OrderedDict

MEMORY_TEXTS = 200_000
MEMORY_PLAYERS = 100_000


class Repeats:
    """Keeps players from repeating themselves within `repeat_window` and from speaking more often than each `slow_mode`.

    Both are in seconds; 0 is no limit. Texts are alike whatever their case and spaces. The caller passes a monotonic time.
    """

    def __init__(self, repeat_window: float, slow_mode: float) -> None:
        self._said = _Times(repeat_window, MEMORY_TEXTS)
        self._spoke = _Times(slow_mode, MEMORY_PLAYERS)

    @property
    def slow_mode(self) -> float:
        """Seconds between two messages of a player."""
        return self._spoke.window

    @slow_mode.setter
    def slow_mode(self, seconds: float) -> None:
        """Holds from now on."""
        self._spoke.window = seconds

    def pause_left(self, player: str, now: float) -> float:
        """Seconds until this player may speak again."""
        return self._spoke.left(hash(player), now)

    def repeat_left(self, player: str, text: str, now: float) -> float:
        """Seconds until this player may say this again."""
        return self._said.left(_mark(player, text), now) if self._said.window else 0.0

    def add(self, player: str, text: str, now: float) -> None:
        """Remembers what was said."""
        self._spoke.add(hash(player), now)
        if self._said.window:
            self._said.add(_mark(player, text), now)

    def remove(self, player: str, text: str) -> None:
        """Forgets what was not said after all."""
        self._spoke.remove(hash(player))
        self._said.remove(_mark(player, text))


def _mark(player: str, text: str) -> int:
    """A number of 64 bits in the place of both: that two are equal by chance is unlikely enough."""
    return hash((player, "".join(text.casefold().split())))


class _Times:
    """Mark → time of those of the last `window` seconds, oldest first, at most `capacity`."""

    def __init__(self, window: float, capacity: int) -> None:
        self.window = window
        self._capacity = capacity
        self._times: OrderedDict[int, float] = OrderedDict()

    def left(self, mark: int, now: float) -> float:
        """Seconds until the mark's window is over."""
        at = self._times.get(mark)
        return 0.0 if at is None else max(0.0, at + self.window - now)

    def add(self, mark: int, now: float) -> None:
        if not self.window:
            self._times.clear()
            return
        self._times[mark] = now
        self._times.move_to_end(mark)
        while len(self._times) > self._capacity or next(iter(self._times.values())) <= now - self.window:
            self._times.popitem(last=False)

    def remove(self, mark: int) -> None:
        self._times.pop(mark, None)
