"""Bans and mutes by form: put in force, lifted, put back, and shown."""

import re

import pytest

from tests.conftest import Outage, Sql, StartServer
from tests.web.conversation import CHAT, ask, join
from tests.web.dashboard import logged_in, undo

MUTE = {"kind": "mute", "nickname": "Troll", "duration": "3600", "reason": "Be kind"}
AS_TROLL = CHAT | {"nickname": "Troll"}


async def test_a_mute_by_form_holds_and_is_written_down(start_server: StartServer, sql: Sql) -> None:
    client = await start_server()
    player = await join(client)
    async with logged_in(client) as admin:
        _, text = await admin.post("/admin/bans", **MUTE)
    assert "Troll is muted for 1 hour." in text
    assert (await ask(player, **AS_TROLL))["code"] == "muted"
    [(id, by, seconds)] = sql("SELECT id, created_by, extract(epoch FROM expires_at - created_at)::int FROM bans")
    assert by == "admin"
    assert 3599 <= seconds <= 3600
    [(target, details)] = sql("SELECT target, details FROM admin_actions WHERE action = 'mute'")
    assert (target, details["id"], details["reason"]) == ("Troll", str(id), "Be kind")


async def test_undo_lifts_and_undo_of_that_puts_it_back_for_the_rest(start_server: StartServer, sql: Sql) -> None:
    client = await start_server()
    player = await join(client)
    async with logged_in(client) as admin:
        _, text = await admin.post("/admin/bans", **MUTE)
        text = await undo(admin, text)
        assert "Troll is no longer muted." in text
        assert (await ask(player, **AS_TROLL))["type"] == "ack"
        await undo(admin, text)
    assert (await ask(player, **AS_TROLL))["code"] == "muted"
    [(reason, seconds)] = sql("SELECT reason, extract(epoch FROM expires_at - now())::int FROM bans")
    assert reason == "Be kind"
    assert 3500 < seconds <= 3600
    actions = [action for (action,) in sql("SELECT action FROM admin_actions ORDER BY created_at")]
    assert actions == ["login", "mute", "lift_ban", "mute"]


@pytest.mark.parametrize(
    ("back", "leads_to"),
    [
        ("/admin/chat?player=Zo%C3%AB", "/admin/chat?player=Zo%C3%AB"),
        ("/admin", "/admin"),
        ("https://evil.example/admin", "/admin/bans"),
        ("//evil.example", "/admin/bans"),
        ("/admin.evil.example", "/admin/bans"),
        ("/admin\\@evil.example", "/admin/bans"),
        ("/admin/\r\nSet-Cookie: x=y", "/admin/bans"),
    ],
)
async def test_a_form_leads_back_within_the_dashboard_only(back: str, leads_to: str, start_server: StartServer) -> None:
    client = await start_server()
    async with logged_in(client) as admin:
        form = MUTE | {"csrf_token": await admin.token(), "back": back}
        async with admin.session.post(admin.url + "/admin/bans", data=form, allow_redirects=False) as response:
            assert (response.status, response.headers["Location"]) == (303, leads_to)
            assert "Set-Cookie" not in response.headers


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        ({"nickname": ""}, "one of them says who is meant"),
        ({"kind": "curse"}, "kind: must be one of ban, mute, shadow_mute"),
        ({"duration": "0"}, "duration: must be a whole number"),
        ({"duration": "-5"}, "duration: must be a whole number"),
        ({"duration": "x"}, "duration: must be a whole number"),
        ({"ip": "300.1.1.1"}, "ip: must be an address"),
        ({"network": "10.0.0.0/33"}, "network: must be an address"),
        ({"email": "no address"}, "email: "),
        ({"reason": "y" * 501}, "reason: at most 500"),
        ({"nickname": "x\0"}, "nickname: "),
    ],
)
async def test_a_faulty_ban_is_explained_and_the_form_keeps_what_was_typed(
    fields: dict[str, str], text: str, start_server: StartServer, sql: Sql
) -> None:
    client = await start_server()
    async with logged_in(client) as admin:
        _, page = await admin.post("/admin/bans", **MUTE | {"reason": "typed <b>"} | fields)
    assert f"Nothing was done. {text}" in page or (text in page and "Nothing was done." in page)
    assert "reason" in fields or 'name="reason" value="typed &lt;b&gt;"' in page
    assert sql("SELECT count(*) FROM bans") == [(0,)]


async def test_an_address_fills_in_the_form_and_nothing_holds_for_good_by_accident(start_server: StartServer) -> None:
    client = await start_server()
    async with logged_in(client) as admin:
        _, text = await admin.get("/admin/bans?kind=ban&email=zoe%40example.com&nickname=Zo%C3%AB&ip=192.0.2.1")
        assert '<option value="ban" selected>' in text
        assert 'name="email" value="zoe@example.com"' in text
        assert 'name="nickname" value="Zoë"' in text
        assert 'name="ip" value="192.0.2.1"' in text
        assert '<option value="3600" selected>1 hour' in text
        assert '<option value="" selected>for ever' in (await admin.get("/admin/bans?duration="))[1]
        assert '<option value="90" selected>90 seconds' in (await admin.get("/admin/bans?duration=90"))[1]


async def test_bans_are_searched_and_shown_a_page_at_a_time(start_server: StartServer, sql: Sql) -> None:
    sql(
        "INSERT INTO bans (id, kind, nickname, reason, created_by, created_at)"
        " SELECT gen_random_uuid(), 'mute', 'name-' || n, 'reason ' || n, 'zoe', now() - n * interval '1 minute'"
        " FROM generate_series(1, 250) AS n"
    )
    client = await start_server()
    async with logged_in(client) as admin:
        for query, place, first in (
            ("", (1, 3, 250), "name-1"),
            ("page=3", (3, 3, 250), "name-201"),
            ("page=99", (3, 3, 250), "name-201"),
            ("page=x", (1, 3, 250), "name-1"),
            ("q=REASON+24", (1, 1, 11), "name-24"),
            ("q=zoe&page=2", (2, 3, 250), "name-101"),
        ):
            async with admin.session.ws_connect(
                f"{admin.url}/admin/feed?section=bans&{query}", headers={"Origin": admin.url}
            ) as feed:
                frame = await feed.receive_json()
            assert tuple(frame["place"].values()) == place, query
            assert frame["bans"][0]["nickname"] == first
            assert frame["bans_total"] == 250


async def test_what_has_run_out_stays_on_the_page_and_what_was_lifted_does_not(start_server: StartServer, sql: Sql) -> None:
    sql(
        "INSERT INTO bans (id, kind, nickname, created_by, created_at, expires_at) VALUES"
        " (gen_random_uuid(), 'ban', 'Was-here', 'zoe', now() - interval '2 days', now() - interval '1 day')"
    )
    client = await start_server()
    async with logged_in(client) as admin:
        _, text = await admin.post("/admin/bans", **MUTE)
        text = await undo(admin, text)
    over = text.partition('id="ban-past-title"')[2].partition("</section>")[0]
    assert "Was-here" in over
    assert "1 d 0 h ago" in over
    assert "Troll" not in over


async def test_what_is_over_cannot_be_lifted_twice(start_server: StartServer) -> None:
    client = await start_server()
    async with logged_in(client) as admin:
        for id in ("nonsense", "00000000-0000-4000-8000-000000000000"):
            assert "This was over already." in (await admin.post(f"/admin/bans/{id}/lift"))[1]


async def test_while_the_database_is_away_the_page_shows_what_holds_and_says_that_nothing_was_done(
    start_server: StartServer, outage: Outage
) -> None:
    client = await start_server(database_url=outage.dsn)
    async with logged_in(client) as admin:
        await admin.post("/admin/bans", **MUTE)
        outage.begin()
        _, text = await admin.post("/admin/bans", **MUTE | {"nickname": "Other"})
        assert "The database is away" in text
        assert "Troll" in text
        id = re.search(r'action="/admin/bans/([^"]+)/lift"', text)
        assert id
        assert "Not lifted: the database is away." in (await admin.post(f"/admin/bans/{id[1]}/lift"))[1]
        outage.end()
