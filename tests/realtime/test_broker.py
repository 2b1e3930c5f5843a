"""What every broker does: number, know ids again, deliver in order. Those that join servers do it for all of them."""

from uuid import UUID

from tests.eventually import eventually
from tests.realtime.nodes import BLOCK, Nodes
from tilo_ws.protocol.chat_message import ChatMessage


async def test_messages_are_numbered_one_by_one_and_delivered_in_this_order(nodes: Nodes) -> None:
    node = await nodes.start()
    for id in range(5):
        node.say(id, str(id))
    await eventually(lambda: len(node.answered) == 5)
    assert node.answered == [(1 + id, str(id), True) for id in range(5)]
    assert node.delivered == [1, 2, 3, 4, 5]
    assert node.history == [(1 + id, str(id)) for id in range(5)]
    assert node.broker.last_seq == 5
    assert node.broker.numbers_left == BLOCK - 5


async def test_numbers_go_on_in_the_next_block(nodes: Nodes) -> None:
    node = await nodes.start()
    nodes.database.reserve(node.broker)
    assert node.broker.numbers_left == 2 * BLOCK
    for id in range(BLOCK + 2):
        node.say(id)
    await eventually(lambda: len(node.answered) == BLOCK + 2)
    assert node.delivered == list(range(1, BLOCK + 3))


async def test_without_a_number_a_message_is_not_taken(nodes: Nodes) -> None:
    node = await nodes.start()
    for id in range(BLOCK):
        node.say(id)
    await eventually(lambda: not node.broker.ready)
    await eventually(lambda: len(node.answered) == BLOCK)
    nodes.database.reserve(node.broker)
    await node.ready()
    node.say(BLOCK)
    await eventually(lambda: node.delivered[-1] == BLOCK + 1)


async def test_an_id_that_comes_again_is_answered_with_its_first_number_and_not_shown(nodes: Nodes) -> None:
    node = await nodes.start()
    for id in (7, 8, 7):
        node.say(id)
    await eventually(lambda: node.acknowledged == [1, 1, 2])
    node.say(8)
    await eventually(lambda: node.acknowledged == [1, 1, 2, 2])
    assert node.delivered == [1, 2]
    assert node.refused == []


async def test_ids_that_the_database_kept_are_known(nodes: Nodes) -> None:
    node = await nodes.start()
    node.broker.remember([(UUID(int=5), 905, 60.0), (UUID(int=6), 906, 0.0)])
    assert node.broker.knows(UUID(int=5))
    node.say(5)
    node.say(6)
    await eventually(lambda: node.acknowledged == [905, 906])
    assert node.delivered == []


async def test_what_was_stored_is_history(nodes: Nodes) -> None:
    # A server that starts numbers from its own block on, so what is stored has lower numbers.
    nodes.database.reserved = 100
    nodes.database.store(ChatMessage(100, UUID(int=1), "Zoë", None, "before", 0.0))
    node = await nodes.start()
    assert node.history == [(100, "before")]
    assert node.delivered == []
    assert node.broker.highest_seq >= node.broker.last_seq == 100


async def test_a_message_is_taken_back_and_everybody_is_told(nodes: Nodes) -> None:
    node = await nodes.start()
    node.say(1, "rude")
    node.say(2, "kind")
    await eventually(lambda: len(node.delivered) == 2)
    node.broker.retract(1, UUID(int=1))
    await eventually(lambda: node.retracted == [1])
    assert node.history == [(2, "kind")]
    assert node.delivered == [1, 2, None]
    assert b"chat_deleted" in node.frames[-1]


async def test_notices_are_not_for_who_tells_them(nodes: Nodes) -> None:
    node = await nodes.start()
    node.broker.tell("topic", b"content")
    node.say(1)
    await eventually(lambda: len(node.answered) == 1)
    assert node.notices == []
