"""Players in the dashboard: the top, the search over all of them, a player's page and the list of refused scores."""

import re

import pytest

from tests.conftest import Outage, Sql, StartServer
from tests.web.conversation import SCORE, ask, join
from tests.web.dashboard import logged_in
from tilo_ws.web.admin.links import player_path, query

SCRIPT = "<script>alert(1)</script>"

STRANGE_ADDRESSES = [
    "a/../b@x.y",
    "what?q=1@x.y",
    "half#whole@x.y",
    "100%25@x.y",
    "a+b c@x.y".replace(" ", "%20"),
    "{curly}@x.y",
    "back\\slash&amp;=;@x.y",
    "<script>alert(1)</script>@x.y",
    "\"quoted'@x.y",
    "זואי@דוגמה.example",
    "l" * 64 + "@" + "d" * 185 + ".com",
]


def links_to_players(text: str) -> list[str]:
    return re.findall(r'href="(/admin/players/[^"?#]*@[^"?#]*)"', text)


@pytest.mark.parametrize("email", STRANGE_ADDRESSES)
async def test_a_link_leads_to_the_player_whatever_the_address_is(email: str, start_server: StartServer, sql: Sql) -> None:
    assert len(email) <= 254
    sql("INSERT INTO players VALUES (%s, %s, 7, 8)", email, SCRIPT)
    client = await start_server()
    async with logged_in(client) as admin:
        _, board = await admin.get("/admin/players")
        [link] = links_to_players(board)
        status, page = await admin.get(link)
        assert status == 200
        assert 'id="player-score">7<' in page
        assert SCRIPT not in board + page
        [action] = re.findall(r'action="([^"]+)/score"', page)
        _, corrected = await admin.post(f"{action}/score", score="6", survival_time="5")
        assert 'id="player-score">6<' in corrected
    assert sql("SELECT email, score, survival_time FROM players") == [(email, 6, 5)]
    assert sql("SELECT target FROM admin_actions WHERE action = 'correct_score'") == [(email,)]


async def test_what_is_no_address_leads_back_to_the_list(start_server: StartServer) -> None:
    async with logged_in(await start_server()) as admin:
        for path in ("/admin/players/nonsense", "/admin/players/%00@x.y", "/admin/players/" + "a" * 254 + "@x.y"):
            status, text = await admin.get(path)
            assert (status, "There is no such player." in text) == (200, True), path


async def test_the_top_shows_rank_name_address_score_and_time(start_server: StartServer, sql: Sql) -> None:
    sql("INSERT INTO players VALUES ('b@x.y', 'Bo', 5000, 61), ('a@x.y', NULL, 5000, 5), ('c@x.y', 'Cy', 1, 5)")
    async with logged_in(await start_server()) as admin:
        _, text = await admin.get("/admin/players")
    rows = re.findall(r'<tr data-id="([^"]+)">\s*<td[^>]*>(\d+)</td>.*?data-field="score">([\d,]+)<', text, re.DOTALL)
    assert rows == [("a@x.y", "1", "5,000"), ("b@x.y", "1", "5,000"), ("c@x.y", "3", "1")]
    assert "The best 3 players" in text
    assert "no nickname" in text


async def test_pages_without_anybody_say_what_would_be_there(start_server: StartServer) -> None:
    async with logged_in(await start_server()) as admin:
        assert "Nobody has a score yet." in (await admin.get("/admin/players"))[1]
        assert "Nobody with a score has" in (await admin.get("/admin/players?q=zoe"))[1]
        assert "No score was refused since the server started." in (await admin.get("/admin/players/refused"))[1]
        _, text = await admin.get(player_path("nobody@x.y"))
        for empty in (
            "None yet",
            "Nothing said under this address",
            "Not connected now.",
            "Never banned",
            "None of this player",
        ):
            assert empty in text


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("zoe", ["zoe@x.y"]),
        ("ZOË", ["other@x.y", "zoe@x.y"]),
        ("zoe\u0308", ["other@x.y", "zoe@x.y"]),
        ("x.y", ["best@x.y", "other@x.y", "zoe@x.y"]),
        ("%", []),
        ("_", []),
        ("\\", []),
        ("' OR true --", []),
    ],
)
async def test_players_are_found_by_a_part_of_address_or_nickname(
    words: str, found: list[str], start_server: StartServer, sql: Sql
) -> None:
    sql("INSERT INTO players VALUES ('zoe@x.y', 'Zoë', 1), ('other@x.y', 'not zoë', 2), ('best@x.y', NULL, 3)")
    async with logged_in(await start_server()) as admin:
        _, text = await admin.get("/admin/players" + query(q=words))
    assert links_to_players(text) == [player_path(email) for email in found]


async def test_what_is_found_is_leafed_through_from_the_best_to_the_last(start_server: StartServer, sql: Sql) -> None:
    sql("INSERT INTO players SELECT 'p+' || n || '@x.y', NULL, n / 3 FROM generate_series(1, 120) AS n")
    async with logged_in(await start_server()) as admin:
        path, found, pages = "/admin/players?q=p%2B", [], 0
        while path:
            _, text = await admin.get(path)
            found += links_to_players(text)
            pages += 1
            step = re.search(r'href="([^"]+)" rel="next"', text)
            path = step[1].replace("&amp;", "&") if step else ""
    expected = sql('SELECT email FROM players ORDER BY score DESC, email COLLATE "C"')
    assert found == [player_path(email) for (email,) in expected]
    assert pages == 3


async def test_a_player_is_shown_with_rank_chat_bans_and_connections(start_server: StartServer, sql: Sql) -> None:
    client = await start_server()
    sql("INSERT INTO players VALUES ('best@x.y', NULL, 999, 1), ('zoe@example.com', 'Zoë', 100, 30)")
    sql(
        "INSERT INTO chat_messages SELECT n, gen_random_uuid(), 'Zoë', 'zoe@example.com', 'text ' || n, now()"
        " FROM generate_series(1, 60) AS n"
    )
    sql("UPDATE chat_messages SET message = '', deleted_at = now() WHERE seq = 60")
    sql(
        "INSERT INTO bans (id, kind, email, created_by, expires_at) VALUES"
        " (gen_random_uuid(), 'mute', 'zoe@example.com', 'Mo', now() - interval '1 hour')"
    )
    socket = await join(client)
    await ask(socket, **SCORE)
    async with logged_in(client) as admin:
        _, page = await admin.get(player_path("Zoe@example.com"))
        assert 'id="player-score">100<' in page
        assert '<dt>Rank</dt><dd class="number">2<' in page
        texts = re.findall(r'<p dir="auto">(text \d+)</p>', page)
        assert texts == [f"text {n}" for n in range(59, 9, -1)]
        older = re.search(r'href="([^"]+)" rel="next"', page)
        assert older
        _, second = await admin.get(older[1])
        assert re.findall(r'<p dir="auto">(text \d+)</p>', second) == [f"text {n}" for n in range(9, 0, -1)]
        assert "online" in page
        assert "claimed" in page
        assert re.search(r'<li class="is-past">.*?mute.*?over.*?Mo, ', page, re.DOTALL)


async def test_a_connection_that_is_being_closed_is_no_longer_open(
    start_server: StartServer, api_headers: dict[str, str]
) -> None:
    client = await start_server()
    await ask(await join(client), **SCORE)
    async with logged_in(client) as admin:
        assert "claimed" in (await admin.get(player_path("zoe@example.com")))[1]
        [connection] = await (await client.get("/api/v1/connections", headers=api_headers)).json()
        await client.delete(f"/api/v1/connections/{connection['id']}", headers=api_headers)
        assert "Not connected now." in (await admin.get(player_path("zoe@example.com")))[1]


async def test_a_ban_in_force_by_nickname_is_on_the_players_page(start_server: StartServer, sql: Sql) -> None:
    sql("INSERT INTO players VALUES ('zoe@x.y', 'Zoe', 1, 1), ('bo@x.y', 'Bo', 1, 1)")
    sql("INSERT INTO bans (id, kind, nickname, created_by) VALUES (gen_random_uuid(), 'shadow_mute', 'ZOE', 'Mo')")
    async with logged_in(await start_server()) as admin:
        assert 'data-kind="shadow_mute">shadow mute<' in (await admin.get(player_path("zoe@x.y")))[1]
        assert "data-kind" not in (await admin.get(player_path("bo@x.y")))[1]


async def test_refused_scores_are_listed_filtered_and_on_the_players_page(start_server: StartServer) -> None:
    client = await start_server(max_score=1000)
    socket = await join(client)
    for email, score in (("zoe+1@x.y", 5001), ("bo@x.y", 5002)):
        assert (await ask(socket, **SCORE | {"email": email, "score": score, "nickname": SCRIPT}))[
            "code"
        ] == "implausible_score"
    async with logged_in(client) as admin:
        _, both = await admin.get("/admin/players/refused")
        assert links_to_players(both) == [player_path("bo@x.y"), player_path("zoe+1@x.y")]
        assert "score: 5002 is more than 1000" in both
        assert SCRIPT not in both
        _, one = await admin.get("/admin/players/refused?q=ZOE%2B")
        assert links_to_players(one) == [player_path("zoe+1@x.y")]
        _, none = await admin.get("/admin/players/refused?q=nobody")
        assert "None of the newest 2 refused scores" in none
        _, page = await admin.get(player_path("bo@x.y"))
        assert "5,002" in page
        assert "5,001" not in page


async def test_without_the_database_the_pages_show_what_the_server_knows(start_server: StartServer, outage: Outage) -> None:
    client = await start_server(database_url=outage.dsn, max_score=1000)
    socket = await join(client)
    await ask(socket, **SCORE)
    await ask(socket, **SCORE | {"score": 5001})
    async with logged_in(client) as admin:
        outage.begin()
        assert links_to_players((await admin.get("/admin/players"))[1]) == [player_path("zoe@example.com")]
        assert "The database is away or too slow" in (await admin.get("/admin/players?q=zoe"))[1]
        status, page = await admin.get(player_path("zoe@example.com"))
        assert (status, "The database is away" in page, "5,001" in page) == (200, True, True)
        outage.end()
