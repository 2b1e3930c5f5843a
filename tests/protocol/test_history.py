"""The newest chat messages, in memory."""

from uuid import UUID

import msgspec

from tilo_ws.protocol.chat_message import ChatMessage
from tilo_ws.protocol.history import History


def message(seq: int) -> ChatMessage:
    return ChatMessage(seq, UUID(int=seq), "Zoë", None, "hi", 0.0)


def test_history_keeps_the_newest() -> None:
    history = History(capacity=3)
    for seq in range(1, 6):
        history.append(message(seq), msgspec.Raw(b"{}"))
    assert [kept.seq for kept in history.newest(10)] == [3, 4, 5]
    assert [kept.seq for kept in history.newest(2)] == [4, 5]
    assert history.newest(0) == []


def test_history_tells_what_came_since() -> None:
    history = History()
    history.load([message(seq) for seq in (5, 6, 1_000_001)], removed_through=0)
    assert [kept.seq for kept in history.since(5)] == [6, 1_000_001]
    assert history.since(1_000_001) == []
    assert len(history.since(0)) == 3


def test_history_gives_the_json_of_a_range() -> None:
    history = History()
    for seq in (5, 6, 1_000_001):
        history.append(message(seq), msgspec.Raw(str(seq).encode()))
    assert history.between(5, 1_000_001) == [msgspec.Raw(b"6"), msgspec.Raw(b"1000001")]
    assert history.between(0, 6) == [msgspec.Raw(b"5"), msgspec.Raw(b"6")]


def test_history_knows_from_where_on_it_is_complete() -> None:
    history = History(capacity=2)
    history.load([message(5)], removed_through=3)
    assert history.complete_after == 3
    for seq in (6, 7):
        history.append(message(seq), msgspec.Raw(b"{}"))
    assert history.complete_after == 5
    later = History(capacity=2)
    later.load([message(5), message(8)], removed_through=3)
    assert later.complete_after == 4
    later.remove_through(5)
    assert (later.complete_after, later.removed_through) == (5, 5)


def test_a_gap_in_history_stays_known_while_older_messages_give_way() -> None:
    history = History(capacity=2)
    history.load([message(5), message(6)], removed_through=0)
    history.complete_after = 10
    history.append(message(11), msgspec.Raw(b"{}"))
    assert history.complete_after == 10


def test_a_deleted_message_keeps_its_place_without_its_text() -> None:
    history = History()
    history.load([message(seq) for seq in (5, 6, 7)], removed_through=0)
    history.delete(6, now=9.0)
    history.delete(8, now=9.0)
    assert [kept.seq for kept in history.newest(10)] == [5, 7]
    assert [kept.seq for kept in history.since(5)] == [7]
    assert len(history.between(0, 9)) == 2
    deleted = history.find(6)
    assert deleted is not None
    assert (deleted.message, deleted.deleted_at) == ("", 9.0)
    assert (history.deleted_through(5), history.deleted_through(6)) == ([], [6])
    assert history.find(8) is None


def test_history_forgets_what_clean_up_removed() -> None:
    history = History()
    history.load([message(seq) for seq in (5, 6, 1_000_001)], removed_through=0)
    history.remove_through(6)
    assert [kept.seq for kept in history.newest(10)] == [1_000_001]
    history.remove_through(2_000_000)
    assert history.newest(10) == []
