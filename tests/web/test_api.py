"""The HTTP API for game back ends."""

import io
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest

from tests.conftest import StartServer
from tests.eventually import PATIENCE

Headers = dict[str, str]
EVENT = {"type": "score_multiplier", "value": "2", "duration": 60}


async def test_without_a_key_in_the_settings_the_api_is_off(start_server: StartServer, api_headers: Headers) -> None:
    response = await (await start_server(api_key=None)).get("/api/v1/stats", headers=api_headers)
    assert response.status == 404
    assert (await response.json())["error"]["message"] == "this API is off: set TILO_API_KEY"


@pytest.mark.parametrize("authorization", ["", "Bearer", "Bearer wrong", "Basic key of the game's back end", "Bearer ké"])
async def test_only_the_key_opens_the_api(authorization: str, start_server: StartServer) -> None:
    client = await start_server()
    upgrade = {"Upgrade": "websocket", "Connection": "Upgrade"}
    for method, path in (("GET", "/api/v1/stats"), ("POST", "/api/v1/events"), ("GET", "/api/v1/nowhere")):
        for more in ({}, upgrade):
            response = await client.request(method, path, headers={"Authorization": authorization, **more})
            assert response.status == 401
            assert (await response.json())["error"]["code"] == "unauthorized"
            assert response.headers["WWW-Authenticate"] == "Bearer"


async def test_stats_tell_the_figures(start_server: StartServer, api_headers: Headers) -> None:
    client = await start_server(pool_min=2, pool_max=3)
    socket = await client.ws_connect("/ws")
    await socket.send_json({"type": "chat", "nickname": "Zoë", "message": "hi", "ref": 1})
    while (await socket.receive_json(timeout=PATIENCE))["type"] != "ack":
        pass
    stats = await (await client.get("/api/v1/stats", headers=api_headers)).json()
    assert (stats["online"], stats["connections"], stats["messages_in"], stats["pending_writes"]) == (1, 1, 1, 0)
    assert [server["connections"] for server in stats["servers"]] == [1]
    assert stats["deliveries"] >= 1
    assert stats["pool"]["min"] == 2
    assert stats["pool"]["max"] == 3
    assert stats["pool"]["free"] + stats["pool"]["used"] == stats["pool"]["size"]
    assert stats.keys() == {
        *(
            "online",
            "connections",
            "messages_in",
            "deliveries",
            "deliveries_per_second",
            "round_ms",
            "round_p50_ms",
            "round_p99_ms",
            "delay_p99_ms",
            "messages_per_second",
            "memory_bytes",
            "loop_lag_ms",
            "gc_pause_ms",
            "pending_writes",
        ),
        *("oldest_pending_s", "slow_consumers", "refused_scores", "uptime_s", "version", "pool", "servers"),
    }


async def test_an_event_is_created_changed_and_ended(start_server: StartServer, api_headers: Headers) -> None:
    client = await start_server()
    response = await client.post("/api/v1/events", json=EVENT, headers=api_headers)
    assert response.status == 201
    event = await response.json()
    assert event["active"]

    response = await client.patch(f"/api/v1/events/{event['id']}", json={"value": 3}, headers=api_headers)
    assert (response.status, (await response.json())["value"]) == (200, "3")
    listed = await (await client.get("/api/v1/events", headers=api_headers)).json()
    assert [(entry["id"], entry["value"], entry["expires_at"]) for entry in listed] == [(event["id"], "3", event["expires_at"])]

    assert (await client.delete(f"/api/v1/events/{event['id']}", headers=api_headers)).status == 204
    assert await (await client.get("/api/v1/events", headers=api_headers)).json() == []
    assert (await client.delete(f"/api/v1/events/{event['id']}", headers=api_headers)).status == 404


async def test_times_are_utc_unless_they_say_otherwise(start_server: StartServer, api_headers: Headers) -> None:
    client = await start_server()
    for given in ("2999-01-02T03:04:05", "2999-01-02T03:04:05Z", "2999-01-02T04:04:05+01:00"):
        event = {"type": "m", "value": "2", "starts_at": "2998-01-01T00:00:00", "expires_at": given}
        response = await client.post("/api/v1/events", json=event, headers=api_headers)
        created = await response.json()
        assert (response.status, created["expires_at"], created["active"]) == (201, "2999-01-02T03:04:05", False)


@pytest.mark.parametrize(
    ("body", "named"),
    [
        ("no JSON", "JSON"),
        ("[]", "object"),
        ("{}", "type"),
        ('{"type":"m","value":"2"}', "duration"),
        ('{"type":"m","value":"2","duration":1,"expires_at":"2999-01-01T00:00:00"}', "duration"),
        ('{"type":"m","value":"2","duration":0}', "duration"),
        ('{"type":"m","value":"2","duration":-5}', "duration"),
        ('{"type":"m","value":"2","duration":1e300}', "expires_at"),
        ('{"type":"m","value":"2","duration":"60"}', "duration"),
        ('{"type":"m","value":true,"duration":60}', "value"),
        ('{"type":"","value":"2","duration":60}', "type"),
        ('{"type":"m","value":"2","duration":60,"colour":"red"}', "colour"),
        ('{"type":"m","value":"2","expires_at":"tomorrow"}', "expires_at"),
    ],
)
async def test_a_faulty_event_is_explained(body: str, named: str, start_server: StartServer, api_headers: Headers) -> None:
    client = await start_server()
    response = await client.post("/api/v1/events", data=body, headers=api_headers)
    error = (await response.json())["error"]
    assert response.status == 400
    assert named in error["message"]


@pytest.mark.parametrize("id", [str(uuid4()), "7", "'; --"], ids=["unknown", "no id", "an attack"])
async def test_an_unknown_event_is_not_found(id: str, start_server: StartServer, api_headers: Headers) -> None:
    client = await start_server()
    for response in (
        await client.delete(f"/api/v1/events/{id}", headers=api_headers),
        await client.patch(f"/api/v1/events/{id}", json={"value": "3"}, headers=api_headers),
    ):
        assert (response.status, (await response.json())["error"]["code"]) == (404, "not_found")


async def test_the_leaderboard_has_addresses(start_server: StartServer, api_headers: Headers, sql: Callable[..., Any]) -> None:
    sql(
        "INSERT INTO players (email, nickname, score, survival_time)"
        " SELECT 'p' || n || '@x.y', 'P' || n, n, 1 FROM generate_series(1, 150) n"
    )
    client = await start_server()
    entries = (await (await client.get("/api/v1/leaderboard?limit=2", headers=api_headers)).json())["entries"]
    assert entries == [
        {"rank": 1, "nickname": "P150", "score": 150, "survival_time": 1, "email": "p150@x.y"},
        {"rank": 2, "nickname": "P149", "score": 149, "survival_time": 1, "email": "p149@x.y"},
    ]
    assert len((await (await client.get("/api/v1/leaderboard?limit=100", headers=api_headers)).json())["entries"]) == 100


@pytest.mark.parametrize("limit", ["0", "101", "-1", "x", "", "1e1", "٣", "9" * 5000])
async def test_a_wrong_limit_is_named(limit: str, start_server: StartServer, api_headers: Headers) -> None:
    response = await (await start_server()).get("/api/v1/leaderboard", params={"limit": limit}, headers=api_headers)
    assert response.status == 400
    assert "limit" in (await response.json())["error"]["message"]


async def test_what_does_not_exist_is_told_in_json(start_server: StartServer, api_headers: Headers) -> None:
    client = await start_server()
    response = await client.get("/api/v1/nonsense", headers=api_headers)
    assert (response.status, (await response.json())["error"]["code"]) == (404, "not_found")
    response = await client.put("/api/v1/stats", headers=api_headers)
    assert (response.status, (await response.json())["error"]["code"]) == (405, "method_not_allowed")
    assert "GET" in response.headers["Allow"]
    response = await client.post("/api/v1/events", data=io.BytesIO(b"x" * (5 * 1024 * 1024)), headers=api_headers)
    assert (response.status, (await response.json())["error"]["code"]) == (413, "too_large")
