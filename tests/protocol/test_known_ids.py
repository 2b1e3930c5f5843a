"""The ids of recent chat messages."""

from uuid import UUID, uuid4

import pytest

from tilo_ws.protocol import known_ids
from tilo_ws.protocol.known_ids import KnownIds


def test_an_id_is_known_for_ten_minutes() -> None:
    known = KnownIds()
    first, second, third = uuid4(), uuid4(), uuid4()
    known.add(first, 1, now=0.0)
    known.add(second, 2, now=1.0)
    known.add(third, 3, now=600.5)
    assert known.seq(first) is None
    assert known.seq(second) == 2


def test_the_oldest_ids_give_way_when_there_are_too_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(known_ids, "MEMORY_IDS", 2)
    known = KnownIds()
    for seq in (1, 2, 3):
        known.add(UUID(int=seq), seq, now=0.0)
    assert [known.seq(UUID(int=seq)) for seq in (1, 2, 3)] == [None, 2, 3]
