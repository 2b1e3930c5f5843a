"""Where the newest messages came from."""

from uuid import UUID

import pytest

from tilo_ws.protocol import origins
from tilo_ws.protocol.origins import Origins


def test_a_message_that_is_sent_again_keeps_its_first_address() -> None:
    known = Origins()
    known.add(UUID(int=1), "192.0.2.1")
    known.add(UUID(int=1), "192.0.2.2")
    assert known.find(UUID(int=1)) == "192.0.2.1"
    assert known.find(UUID(int=2)) is None


def test_the_oldest_messages_give_way(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(origins, "CAPACITY", 2)
    known = Origins()
    for number in range(3):
        known.add(UUID(int=number), "192.0.2.1")
    assert [known.find(UUID(int=number)) for number in range(3)] == [None, "192.0.2.1", "192.0.2.1"]
