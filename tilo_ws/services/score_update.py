"""A player's result on its way into the database, and how two of one player become one."""

import msgspec


class ScoreUpdate(msgspec.Struct, frozen=True):
    """The best of old and new is kept, or exactly this if it `corrects`; or the player's row goes if it `removes`.

    The nickname is set where there is none, or always if it `renames`.
    """

    email: str
    nickname: str | None
    score: int
    survival_time: int
    renames: bool = False
    corrects: bool = False
    removes: bool = False


def removal(email: str) -> ScoreUpdate:
    """Takes the player off the leaderboard, as if they had never played."""
    return ScoreUpdate(email, None, 0, 0, removes=True)


def merged(old: ScoreUpdate, new: ScoreUpdate) -> ScoreUpdate:
    """One update that does what `old` and after it `new` would do."""
    if new.removes:
        return new
    if old.removes:
        return msgspec.structs.replace(new, renames=True, corrects=True)
    if new.renames or old.nickname is None:
        nickname, renames = new.nickname, old.renames or new.renames
    else:
        nickname, renames = old.nickname, old.renames
    if new.corrects:
        return ScoreUpdate(old.email, nickname, new.score, new.survival_time, renames, corrects=True)
    score, survival_time = max(old.score, new.score), max(old.survival_time, new.survival_time)
    return ScoreUpdate(old.email, nickname, score, survival_time, renames, old.corrects)
