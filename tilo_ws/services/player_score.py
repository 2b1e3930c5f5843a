"""A player's result as PostgreSQL has it."""

from typing import NamedTuple


class PlayerScore(NamedTuple):
    """A player's stored best. `survival_time` is in seconds, `updated_at`, when it last changed, in seconds since 1970."""

    email: str
    nickname: str | None
    score: int
    survival_time: int
    updated_at: float = 0.0
