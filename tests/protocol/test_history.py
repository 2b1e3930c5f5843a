"""The newest chat messages, in memory."""

from uuid import UUID

from tilo_ws.protocol.chat_message import ChatMessage
from tilo_ws.protocol.history import History


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


def test_history_forgets_what_clean_up_removed() -> None:
    history = History()
    history.extend(message(seq) for seq in (5, 6, 1_000_001))
    history.remove_through(6)
    assert [kept.seq for kept in history.newest(10)] == [1_000_001]
    history.remove_through(2_000_000)
    assert history.newest(10) == []
