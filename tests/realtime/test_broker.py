"""What every broker does: number, know ids again, deliver in order."""

from uuid import UUID

from tests.fakes import FakeClock, open_connection, takers
from tilo_ws.protocol.chat_message import ChatDraft
from tilo_ws.realtime.broker import MemoryBroker
from tilo_ws.realtime.receipt import Receipt


class Node:
    """A broker with what it delivered and answered."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.broker = MemoryBroker(self.clock)
        self.delivered: list[bytes] = []
        self.answered: list[int] = []
        self.broker.start(
            **takers(
                deliver=lambda frame, seq: self.delivered.append(frame),
                answer=lambda message, receipt: self.answered.append(message.seq),
            )
        )
        self.broker.reserve(1_000_001, 1_000_003)

    def publish(self, id: int) -> None:
        draft = ChatDraft(UUID(int=id), "Zoë", None, "hi", 0.0)
        self.broker.publish(draft, Receipt(open_connection()[0], None))


def test_messages_are_numbered_one_by_one_over_blocks() -> None:
    node = Node()
    node.broker.reserve(2_000_001, 2_000_002)
    for id in range(5):
        node.publish(id)
    assert node.answered == [1_000_001, 1_000_002, 1_000_003, 2_000_001, 2_000_002]
    assert node.broker.numbers_left == 0


def test_an_id_that_comes_again_is_answered_with_its_first_number_and_not_shown() -> None:
    node = Node()
    for id in (7, 8, 7):
        node.publish(id)
    assert node.answered == [1_000_001, 1_000_002, 1_000_001]
    assert len(node.delivered) == 2
    assert node.broker.numbers_left == 1


def test_ids_of_the_last_server_are_known() -> None:
    node = Node()
    node.broker.remember([(UUID(int=5), 5, 60.0), (UUID(int=6), 6, 0.0)])
    node.publish(5)
    node.publish(6)
    assert node.answered == [5, 6]
    assert node.delivered == []
