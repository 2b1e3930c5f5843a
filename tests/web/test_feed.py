"""The feed of the dashboard's open pages."""

from typing import Any

import pytest

from tests.conftest import StartServer
from tests.turns import turns_between
from tests.web.dashboard import closed_with, logged_in
from tilo_ws.protocol.codes import CloseCode
from tilo_ws.web import keys
from tilo_ws.web.admin.feed import Feed


async def test_who_plays_has_a_turn_between_the_frames_of_two_pages(
    start_server: StartServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = await start_server()
    assert client.app is not None
    feed: Feed = client.app[keys.FEED]
    make, made = feed.snapshot, []

    async def snapshot(*arguments: Any) -> dict[str, Any]:
        made.append(arguments)
        return await make(*arguments)

    async with logged_in(client) as admin:
        pages = [await admin.open_feed(section) for section in ("clients", "chat", "clients&q=zoe", "bans")]
        for page in pages:
            await page.receive_json()
        monkeypatch.setattr(feed, "snapshot", snapshot)
        async with turns_between(made) as turns:
            await feed.publish()
    assert len(made) >= 4
    assert max(turns.steps) == 1


async def test_at_the_end_of_the_server_open_pages_are_told_to_come_back(start_server: StartServer) -> None:
    client = await start_server()
    assert client.app is not None
    async with logged_in(client) as admin:
        page = await admin.open_feed()
        await client.app.shutdown()
        assert await closed_with(page) == CloseCode.SERVICE_RESTART
