"""What the server keeps in memory of the chat: the newest messages, the latest ids, and how fast somebody speaks."""

from uuid import UUID, uuid4

import pytest

from tilo_ws.protocol import known_ids
from tilo_ws.protocol.chat_message import ChatMessage
from tilo_ws.protocol.history import History
from tilo_ws.protocol.known_ids import KnownIds
from tilo_ws.protocol.token_bucket import TokenBucket


def message(seq: int) -> ChatMessage:
    return ChatMessage(seq, UUID(int=seq), "Zoë", None, "hi", 0.0)


def test_history_keeps_the_newest() -> None:
    history = History(capacity=3)
    for seq in range(1, 6):
        history.append(message(seq))
    assert [kept.seq for kept in history.newest(10)] == [3, 4, 5]
    assert [kept.seq for kept in history.newest(2)] == [4, 5]
    assert history.newest(0) == []


def test_history_tells_what_came_since() -> None:
    history = History()
    history.extend(message(seq) for seq in (5, 6, 1_000_001))
    assert [kept.seq for kept in history.since(5)] == [6, 1_000_001]
    assert history.since(1_000_001) == []
    assert len(history.since(0)) == 3


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


def test_a_bucket_allows_a_burst_and_then_the_rate() -> None:
    bucket = TokenBucket(rate=2, burst=3, now=0.0)
    assert [bucket.take(0.0) for _ in range(4)] == [0, 0, 0, 0.5]
    assert bucket.take(0.5) == 0
    assert bucket.take(0.5) == 0.5
    assert bucket.left(100.0) == 3


def test_a_rate_of_zero_limits_nothing() -> None:
    bucket = TokenBucket(rate=0, burst=1, now=0.0)
    assert not any(bucket.take(0.0) for _ in range(1000))
