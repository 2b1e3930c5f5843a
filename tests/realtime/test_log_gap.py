"""A server cut off for so long that the log has lost what it missed: nobody is left with a gap that he does not know of."""

import pytest

from tests.eventually import eventually
from tests.realtime.nodes import Node, Nodes


async def cut_off(nodes: Nodes, *said: int) -> tuple[Node, Node]:
    """A speaker, and a server that has heard message 1 and none of these; the log has lost all of them but the last."""
    speaker, deaf = await nodes.start(), await nodes.start()
    assert speaker.link is not None
    assert deaf.link is not None
    deaf.broker.history.capacity = 3
    speaker.say(1)
    await eventually(lambda: deaf.delivered == [1])
    deaf.link.follow("log", lambda data: None)
    for id in said:
        speaker.say(id)
    await eventually(lambda: len(speaker.delivered) == 1 + len(said))
    await speaker.link.command("XTRIM", speaker.link.key("log"), "MAXLEN", 1)
    return speaker, deaf


async def found_out(deaf: Node, last: int) -> None:
    await deaf.tend()
    await deaf.tend()
    await eventually(lambda: deaf.broker.last_seq == last)


async def test_what_the_database_has_is_delivered_in_its_place(joined: Nodes) -> None:
    _, deaf = await cut_off(joined, 2, 3, 4, 5)
    await found_out(deaf, 5)
    assert (deaf.delivered, deaf.sent_away, deaf.resyncs) == ([1, 2, 3, 4, 5], [], 1)


async def test_more_than_the_memory_holds_is_fetched_by_players_who_are_sent_away(joined: Nodes) -> None:
    _, deaf = await cut_off(joined, 2, 3, 4, 5, 6)
    await found_out(deaf, 6)
    assert (deaf.delivered, deaf.sent_away) == ([1, 6], [5])
    assert [seq for seq, _ in deaf.history] == [4, 5, 6]
    assert deaf.broker.history.complete_after == 5


async def test_where_a_message_is_missing_in_the_database_too_players_are_sent_away(joined: Nodes) -> None:
    _, deaf = await cut_off(joined, 2, 3, 4)
    del joined.database.rows[2]
    await found_out(deaf, 4)
    assert (deaf.delivered, deaf.sent_away) == ([1, 4], [3])


async def test_where_the_database_cannot_be_asked_players_are_sent_away(
    joined: Nodes, caplog: pytest.LogCaptureFixture
) -> None:
    _, deaf = await cut_off(joined, 2, 3)
    joined.database.away = True
    await found_out(deaf, 3)
    assert (deaf.delivered, deaf.sent_away) == ([1, 3], [2])
    assert "players are sent away" in caplog.text


async def test_notices_that_are_missing_send_nobody_away(joined: Nodes) -> None:
    speaker, deaf = await cut_off(joined)
    other = await joined.start()
    assert speaker.link is not None
    for _ in range(2):
        speaker.broker.tell("bans", b"")
    await eventually(lambda: len(other.notices) == 2)
    await speaker.link.command("XTRIM", speaker.link.key("log"), "MAXLEN", 1)
    await deaf.tend()
    await deaf.tend()
    await eventually(lambda: deaf.resyncs == 1)
    assert (deaf.delivered, deaf.sent_away) == ([1], [])
