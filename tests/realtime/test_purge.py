"""What the log has of a player is removed from it, and the log goes on for everybody."""

from uuid import UUID

from tests.eventually import eventually
from tests.fakes import open_connection
from tests.realtime.nodes import Node, Nodes
from tilo_ws.protocol.chat_message import ChatDraft
from tilo_ws.realtime.receipt import Receipt

ADA, EVE = "ada@example.com", "eve.ada@example.com"


def say(node: Node, id: int, email: str) -> None:
    draft = ChatDraft(UUID(int=id), "Ada", email, f"message {id}", 0.0)
    node.broker.publish(draft, Receipt(open_connection()[0], None))


async def kept(node: Node) -> bytes:
    assert node.link is not None
    rows = await node.link.command("XRANGE", node.link.key("log"), "-", "+")
    return b"".join(fields[b"r"] for _, fields in rows)


async def test_what_a_player_said_and_what_names_him_is_gone_and_the_rest_is_not(joined: Nodes) -> None:
    first, second = await joined.start(), await joined.start()
    say(first, 1, ADA)
    say(second, 2, EVE)
    say(second, 3, ADA)
    first.broker.tell("corrections", b"\xaf" + ADA.encode())
    first.broker.tell("corrections", b"\xb3" + EVE.encode())
    await eventually(lambda: len(second.notices) == 2 and len(first.delivered) == 3)
    await first.broker.purge([ADA])
    log = await kept(first)
    assert b"message 1" not in log
    assert b"message 3" not in log
    assert b"\xaf" + ADA.encode() not in log
    assert b"message 2" in log
    assert log.count(EVE.encode()) == 2
    say(first, 4, EVE)
    await eventually(lambda: first.delivered == second.delivered == [1, 2, 3, 4])
    assert first.resyncs == second.resyncs == 0
    third = await joined.start()
    say(third, 5, EVE)
    await eventually(lambda: third.delivered == [5])


async def test_who_reads_on_from_before_is_given_it_by_the_database_as_it_is_by_now(joined: Nodes) -> None:
    first, deaf = await joined.start(), await joined.start()
    assert deaf.link is not None
    say(first, 1, EVE)
    await eventually(lambda: deaf.delivered == [1])
    deaf.link.follow("log", lambda data: None)
    for id in (2, 3, 4):
        say(first, id, ADA if id == 3 else EVE)
    await eventually(lambda: len(first.delivered) == 4)
    await first.broker.purge([ADA])
    joined.database.rows[3] = joined.database.rows[3].deleted(1.0)
    await deaf.tend()
    await deaf.tend()
    await eventually(lambda: deaf.delivered == [1, 2, 4])
    assert deaf.sent_away == []
    assert deaf.broker.history.deleted_through(4) == [3]
