"""The chat page of the dashboard without a browser: what its feed says, what a search finds, what its forms do."""

import re
from html import unescape
from itertools import pairwise
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from aiohttp.test_utils import TestClient

from tests.conftest import Outage, Sql, StartServer, Transaction
from tests.eventually import PATIENCE
from tests.web.conversation import CHAT, ask, hear, join
from tests.web.dashboard import Visitor, logged_in, make_account
from tests.web.test_tokens import SECRET, token
from tilo_ws.services import chat_search
from tilo_ws.services.roles import Role

INSERT = """
    INSERT INTO chat_messages
    SELECT number, gen_random_uuid(), %s, %s, replace(%s, '#', number::text), to_timestamp(1772000000 + number)
    FROM generate_series(%s::int, %s::int) AS number
"""


def keep(
    sql: Sql, first: int, last: int, *, nickname: str = "Zoë", email: str | None = None, message: str = "message #"
) -> None:
    """Messages of long ago: number n was said n seconds after 2026-02-25T06:13:20."""
    sql(INSERT, nickname, email, message, first, last)


def shown(text: str) -> list[str]:
    """What the rows of a page say, from the top."""
    return [unescape(said) for said in re.findall(r'data-field="message">(.*?)</p>', text, re.DOTALL)][:-1]


def older(text: str) -> str:
    """Where the page's link to older messages leads; empty when there are none."""
    found = re.search(r'id="chat-older" href="([^"]+)"( hidden)?', text)
    assert found
    return "" if found[2] else unescape(found[1])


async def search(admin: Visitor, **query: str) -> list[str]:
    status, text = await admin.get(f"/admin/chat?{urlencode(query)}")
    assert status == 200
    return shown(text)


async def first_rows(client: TestClient[Any, Any], count: int = 0) -> list[dict[str, Any]]:
    """What the feed says first, and then until there are so many."""
    async with logged_in(client) as admin:
        feed = await admin.open_feed("chat")
        rows: list[dict[str, Any]] = (await feed.receive_json(timeout=PATIENCE))["chat"]
        while len(rows) < count:
            rows += (await feed.receive_json(timeout=PATIENCE))["chat"]
        return rows


async def test_a_search_finds_text_and_players_whatever_their_case_and_takes_no_character_for_a_pattern(
    start_server: StartServer, sql: Sql
) -> None:
    keep(sql, 1, 1, nickname="ZOË", message="100% Wünsche_1")
    keep(sql, 2, 2, nickname="Max", email="max@example.com", message="hello")
    async with logged_in(await start_server(chat_retention=0)) as admin:
        assert await search(admin, text="wünsche_") == await search(admin, text="0%") == ["100% Wünsche_1"]
        assert await search(admin, text="1%w") == await search(admin, text="hell_") == []
        assert await search(admin, player="zoë") == ["100% Wünsche_1"]
        assert await search(admin, player="MAX@EX") == await search(admin, player="max", text="HELL") == ["hello"]
        assert await search(admin, player="max", text="wünsche") == []


async def test_a_search_by_time_has_its_first_moment_and_not_its_last(start_server: StartServer, sql: Sql) -> None:
    keep(sql, 0, 120)
    async with logged_in(await start_server(chat_retention=0)) as admin:
        found = await search(admin, **{"from": "2026-02-25T06:14:00", "until": "2026-02-25T06:14:02"})
        assert found == ["message 41", "message 40"]
        assert await search(admin, **{"from": "2026-02-25T06:15:20"}) == ["message 120"]


async def test_pages_lead_back_to_the_oldest_message_without_loss_or_repetition(start_server: StartServer, sql: Sql) -> None:
    keep(sql, 1, 120)
    sql("UPDATE chat_messages SET created_at = to_timestamp(1772000050) WHERE seq BETWEEN 40 AND 80")
    sql(
        "INSERT INTO shadow_messages SELECT gen_random_uuid(), 1, 'Zoë', NULL, 'shadow ' || n, to_timestamp(1772000050)"
        " FROM generate_series(1, 20) AS n"
    )
    said: list[str] = []
    async with logged_in(await start_server(chat_retention=0)) as admin:
        _, text = await admin.get("/admin/chat?player=zo%C3%AB")
        while path := older(text):
            assert len(shown(text)) == 50
            said += shown(text)
            _, text = await admin.get(path)
        said += shown(text)
    assert len(said) == 140
    assert set(said) == {f"message {n}" for n in range(1, 121)} | {f"shadow {n}" for n in range(1, 21)}


async def test_the_live_page_leads_to_what_is_no_longer_in_memory(start_server: StartServer, sql: Sql) -> None:
    keep(sql, 0, 0, message="needle")
    keep(sql, 1, 1_100)
    async with logged_in(await start_server(chat_retention=0)) as admin:
        _, live = await admin.get("/admin/chat")
        assert shown(live) == [f"message {n}" for n in range(1_100, 1_050, -1)]
        _, text = await admin.get(older(live))
        assert shown(text)[0] == "message 1050"
        assert await search(admin, text="needle") == ["needle"]


@pytest.mark.parametrize(
    ("query", "reason"),
    [
        ({"from": "yesterday"}, "from: must be a time in UTC"),
        ({"until": "2026-02-30T00:00"}, "until: must be a time in UTC"),
        ({"before": "x"}, "before: this is no place in the chat"),
        ({"before": "9" * 18 + "-" + "0" * 32}, "before: this is no place in the chat"),
        ({"text": "x" * 501}, "text: at most 500 characters"),
        ({"player": "a\0b"}, "player: at most 500 characters, none of them NUL"),
    ],
)
async def test_a_faulty_search_is_explained_and_has_a_feed_without_chat(
    query: dict[str, str], reason: str, start_server: StartServer
) -> None:
    client = await start_server()
    async with logged_in(client) as admin:
        status, text = await admin.get(f"/admin/chat?{urlencode(query)}")
        assert status == 200
        assert reason in text
        feed = await admin.session.ws_connect(
            f"{admin.url}/admin/feed?{urlencode({'section': 'chat'} | query)}", headers={"Origin": admin.url}
        )
        assert (await feed.receive_json(timeout=PATIENCE))["chat"] == []


async def test_a_search_that_takes_long_is_given_up(
    start_server: StartServer, transaction: Transaction, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chat_search, "TIME_LIMIT", 0.1)
    client = await start_server()
    async with logged_in(client) as admin:
        transaction.begin("LOCK TABLE chat_messages IN ACCESS EXCLUSIVE MODE")
        status, text = await admin.get("/admin/chat?text=x")
        transaction.end()
        assert status == 200
        assert "Given up after 2 seconds, so that players do not feel it." in text


async def test_without_the_database_a_search_says_so_and_the_live_chat_goes_on(
    start_server: StartServer, outage: Outage
) -> None:
    client = await start_server(database_url=outage.dsn)
    player = await join(client)
    async with logged_in(client) as admin:
        assert (await ask(player, **CHAT))["type"] == "ack"
        outage.begin()
        _, text = await admin.get("/admin/chat?text=x")
        assert "The database is away, so nothing can be searched now." in text
        assert shown((await admin.get("/admin/chat"))[1]) == ["hi"]
        outage.end()


async def test_a_much_talking_chat_is_sampled_evenly_and_the_feed_says_of_how_many(start_server: StartServer) -> None:
    client = await start_server(chat_rate=0, command_rate=0)
    player = await join(client)
    async with logged_in(client) as admin:
        feed = await admin.open_feed("chat")
        for number in range(400):
            await player.send_json(CHAT | {"message": str(number)})
        frames: list[dict[str, Any]] = []
        while not frames or not frames[-1]["chat"] or frames[-1]["chat"][-1]["message"] != "399":
            frames.append(await feed.receive_json(timeout=PATIENCE))
    assert sum(frame["chat_total"] for frame in frames) == 400
    fullest = max(frames, key=lambda frame: frame["chat_total"])
    said = [int(row["message"]) for row in fullest["chat"]]
    assert len(said) == 40 < fullest["chat_total"]
    gaps = [later - earlier for earlier, later in pairwise(said)]
    assert max(gaps) - min(gaps) <= 1


async def test_the_feed_of_a_filtered_page_has_what_its_player_says_alone(start_server: StartServer) -> None:
    client = await start_server()
    player = await join(client)
    async with logged_in(client) as admin:
        feed = await admin.open_feed("chat&player=ma")
        await ask(player, **CHAT)
        await ask(player, **CHAT | {"nickname": "Max"})
        rows: list[dict[str, Any]] = []
        while not rows:
            rows = (await feed.receive_json(timeout=PATIENCE))["chat"]
    assert [row["nickname"] for row in rows] == ["Max"]


async def test_what_shadow_muted_players_say_is_marked_live_found_and_gone_with_the_player(
    start_server: StartServer, api_headers: dict[str, str]
) -> None:
    client = await start_server(auth_secret=SECRET)
    ban = {"email": "zoe@example.com", "kind": "shadow_mute"}
    assert (await client.post("/api/v1/bans", json=ban, headers=api_headers)).status == 201
    player = await join(client)
    await ask(player, type="hello", token=token())
    await ask(player, **CHAT | {"message": "unheard"})
    [row] = await first_rows(client)
    assert (row["message"], row["email"], row["shadow"]) == ("unheard", "zoe@example.com", True)
    async with logged_in(client) as admin:
        assert await search(admin, player="zoe@example.com") == ["unheard"]
        assert (await client.delete("/api/v1/players/zoe@example.com", headers=api_headers)).status == 204
        assert await search(admin, player="zoe@example.com") == []
    assert await first_rows(client) == []


async def test_what_shadow_muted_players_said_before_a_restart_is_still_shown(start_server: StartServer, sql: Sql) -> None:
    sql("INSERT INTO shadow_messages VALUES (gen_random_uuid(), 1, 'Zoë', NULL, 'unheard', now())")
    assert [(row["message"], row["shadow"]) for row in await first_rows(await start_server())] == [("unheard", True)]


async def test_who_wrote_a_message_is_the_tokens_address_or_else_the_name_and_where_it_came_from(
    start_server: StartServer,
) -> None:
    client = await start_server(auth_secret=SECRET)
    known, unknown = await join(client), await client.ws_connect("/ws", headers={"X-Forwarded-For": "203.0.113.7"})
    await ask(known, type="hello", token=token())
    await ask(known, **CHAT)
    await ask(unknown, **CHAT | {"nickname": "Max & Co"})
    first, second = [parse_qs(urlsplit(row["mute"]).query) for row in await first_rows(client, 2)]
    assert first == {"kind": ["mute"], "email": ["zoe@example.com"], "back": ["/admin/chat"]}
    assert second == {"kind": ["mute"], "nickname": ["Max & Co"], "ip": ["203.0.113.7"], "back": ["/admin/chat"]}


async def test_to_mute_one_player_the_form_never_means_a_whole_proxy(start_server: StartServer) -> None:
    client = await start_server()
    await ask(await join(client), **CHAT)
    [row] = await first_rows(client, 1)
    assert row["ip"] == "127.0.0.1"
    assert parse_qs(urlsplit(row["mute"]).query) == {"kind": ["mute"], "nickname": ["Zoë"], "back": ["/admin/chat"]}


async def test_a_deleted_message_is_gone_for_players_marked_for_admins_and_written_down(
    start_server: StartServer, sql: Sql
) -> None:
    client = await start_server()
    player = await join(client)
    seq = (await ask(player, **CHAT))["seq"]
    async with logged_in(client) as admin:
        feed = await admin.open_feed("chat")
        status, text = await admin.post(f"/admin/chat/{seq}/delete", back="/admin/chat?player=zo")
        assert status == 200
        assert "Deleted. It is gone from all players" in text
        assert (await hear(player, "chat_deleted"))["seq"] == seq
        while seq not in (frame := await feed.receive_json(timeout=PATIENCE))["chat_deleted"]:
            assert frame["chat_deleted"] == []
        assert shown((await admin.get("/admin/chat"))[1]) == await search(admin, player="zoë") == ["deleted"]
    assert sql("SELECT admin, target, details FROM admin_actions WHERE action = 'delete_chat'") == [("admin", str(seq), {})]


@pytest.mark.parametrize("seq", ["1", "x", "9" * 19, "-1", "%C2%B2"])
async def test_deleting_what_does_not_exist_is_explained(seq: str, start_server: StartServer, sql: Sql) -> None:
    async with logged_in(await start_server()) as admin:
        assert "There is no such message any more." in (await admin.post(f"/admin/chat/{seq}/delete"))[1]
    assert sql("SELECT * FROM admin_actions WHERE action = 'delete_chat'") == []


@pytest.mark.parametrize(
    "back", ["https://evil.example", "//evil.example", "/administration", "/admin\\..\\..", "", "/admin/chat\r\nX: y"]
)
async def test_a_deletion_leads_back_within_the_dashboard_only(back: str, start_server: StartServer) -> None:
    async with logged_in(await start_server()) as admin:
        form = {"csrf_token": await admin.token(), "back": back}
        async with admin.session.post(f"{admin.url}/admin/chat/1/delete", data=form, allow_redirects=False) as response:
            assert (response.status, response.headers["Location"]) == (303, "/admin/chat")


async def test_without_the_database_a_deletion_of_a_stored_message_is_not_promised(
    start_server: StartServer, outage: Outage
) -> None:
    client = await start_server(database_url=outage.dsn)
    seq = (await ask(await join(client), **CHAT))["seq"]
    async with logged_in(client) as admin:
        outage.begin()
        _, text = await admin.post(f"/admin/chat/{seq}/delete")
        outage.end()
        assert "The database is away" in text
        assert "Deleted." not in text


async def test_an_announcement_reaches_everybody_and_is_written_down(start_server: StartServer, sql: Sql) -> None:
    client = await start_server()
    player = await join(client)
    async with logged_in(client) as admin:
        _, text = await admin.post("/admin/chat/announcements", message=" A new map\r\ntonight! ")
        assert "Announced to 1 player." in text
        assert (await hear(player, "announcement"))["message"] == "A new map tonight!"
        for message, reason in (("", "must not be blank"), ("x" * 2_001, "2001 characters, at most 2000 are allowed")):
            assert reason in (await admin.post("/admin/chat/announcements", message=message))[1]
    assert sql("SELECT details FROM admin_actions WHERE action = 'announce'") == [
        ({"message": "A new map tonight!", "connections": 1},)
    ]


async def test_slow_mode_is_in_force_at_once_told_to_clients_and_kept_over_restarts(
    start_server: StartServer, sql: Sql
) -> None:
    client = await start_server()
    player = await join(client)
    async with logged_in(client) as admin:
        assert "Slow mode: one message every 30 s." in (await admin.post("/admin/chat/slow-mode", seconds="30"))[1]
        assert (await hear(player, "limits"))["limits"]["chat_burst"] == 1
    assert (await ask(player, **CHAT))["type"] == "ack"
    refusal = await ask(player, **CHAT)
    assert refusal["code"] == "rate_limited"
    assert 0 < refusal["retry_after"] <= 30
    await client.close()

    restarted = await start_server(slow_mode=5)
    player = await join(restarted)
    assert (await ask(player, type="hello"))["limits"]["chat_rate"] == pytest.approx(1 / 30)
    async with logged_in(restarted) as admin:
        assert "Slow mode is off." in (await admin.post("/admin/chat/slow-mode", seconds="0"))[1]
    assert (await hear(player, "limits"))["limits"]["chat_rate"] == 2
    assert [(await ask(player, **CHAT))["type"] for _ in range(2)] == ["ack", "ack"]
    assert sql("SELECT details FROM admin_actions WHERE action = 'slow_mode' ORDER BY created_at") == [
        ({"seconds": 30, "before": 0},),
        ({"seconds": 0, "before": 30},),
    ]


@pytest.mark.parametrize("seconds", ["", "x", "-1", "nan", "inf", "3601"])
async def test_a_faulty_slow_mode_changes_nothing(seconds: str, start_server: StartServer, sql: Sql) -> None:
    async with logged_in(await start_server(slow_mode=5)) as admin:
        _, text = await admin.post("/admin/chat/slow-mode", seconds=seconds)
        assert "Not changed. seconds: must be" in text
        assert 'data-on="true">5 s<' in text
    assert sql("SELECT slow_mode FROM server_identity") == [(None,)]


async def test_who_may_only_look_is_shown_no_actions(start_server: StartServer) -> None:
    client = await start_server()
    await ask(await join(client), **CHAT)
    await make_account(client, "vera", Role.VIEWER)
    async with logged_in(client, "vera") as viewer:
        _, text = await viewer.get("/admin/chat")
    assert shown(text) == ["hi"]
    assert "/admin/chat/" not in text
    assert "kind=mute" not in text
