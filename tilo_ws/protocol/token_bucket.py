"""A rate limit: so many a second, so many at once."""


class TokenBucket:
    """Holds up to `burst` tokens, refilled at `rate` a second; a rate of 0 limits nothing. The caller passes the time.

    The usual token bucket: https://en.wikipedia.org/wiki/Token_bucket.
    """

    __slots__ = ("_burst", "_filled_at", "_rate", "_tokens")

    def __init__(self, rate: float, burst: float, now: float) -> None:
        self._rate = rate
        self._burst = burst
        self._tokens = burst
        self._filled_at = now

    def take(self, now: float) -> float:
        """Takes a token and returns 0, or takes none and returns the seconds until there is one."""
        wait = self.wait(now)
        if self._rate and not wait:
            self._tokens -= 1
        return wait

    def wait(self, now: float) -> float:
        """Seconds until there is a token, 0 where there is one."""
        if not self._rate:
            return 0.0
        self._tokens = min(self._burst, self._tokens + (now - self._filled_at) * self._rate)
        self._filled_at = now
        return 0.0 if self._tokens >= 1 else (1 - self._tokens) / self._rate

    def left(self, now: float) -> int:
        """Whole tokens at this time."""
        return int(min(self._burst, self._tokens + (now - self._filled_at) * self._rate))
