"""`/metrics`: what Prometheus is told, in names that it and people understand."""

import asyncio
import json
import re
import shutil
import subprocess
from collections.abc import Iterable

import pytest
from prometheus_client import Metric
from prometheus_client.openmetrics.parser import text_string_to_metric_families as openmetrics
from prometheus_client.parser import text_string_to_metric_families as parsed

from tests.conftest import Outage, StartServer
from tests.eventually import eventually
from tests.test_documentation import first_cells, read, section
from tests.web.conversation import CHAT, SCORE, Client, ask, close_code, join
from tests.web.joined import Joined, joined, valkey
from tilo_ws.protocol.codes import ErrorCode
from tilo_ws.web import keys

__all__ = ["joined", "valkey"]

PROMTOOL = shutil.which("promtool")

Samples = dict[tuple[str, frozenset[tuple[str, str]]], float]


async def scrape(client: Client) -> str:
    response = await client.get("/metrics")
    assert (response.status, response.content_type) == (200, "text/plain")
    return await response.text()


def samples_of(text: str) -> Samples:
    """Each sample's value by its name and labels. None may come twice."""
    found: Samples = {}
    for metric in parsed(text):
        for sample in metric.samples:
            key = (sample.name, frozenset(sample.labels.items()))
            assert key not in found, f"{key} comes twice"
            found[key] = sample.value
    return found


async def figures(client: Client) -> Samples:
    return samples_of(await scrape(client))


def value(samples: Samples, name: str, **labels: str) -> float:
    return samples[name, frozenset(labels.items())]


def values_by(samples: Samples, name: str, label: str) -> dict[str, float]:
    """The values of a metric by one of its labels."""
    return {dict(labels)[label]: value for (other, labels), value in samples.items() if other == name}


def faults_of_names(metrics: Iterable[Metric]) -> list[str]:
    """What breaks Prometheus' conventions for names, beyond what promtool looks at."""
    faults = []
    for metric in metrics:
        names = {sample.name for sample in metric.samples} or {metric.name}
        if not re.fullmatch(r"tilo_[a-z][a-z_]*[a-z]", metric.name):
            faults.append(f"{metric.name}: not of this server, or no snake_case")
        if not metric.documentation.endswith("."):
            faults.append(f"{metric.name}: no sentence says what it is")
        if metric.type != "counter" and any(name.endswith("_total") for name in names):
            faults.append(f"{metric.name}: _total is for counters")
        if re.search(r"_(ms|millis\w*|minutes|hours|kb|mb|kib|percent)(_|$)", metric.name):
            faults.append(f"{metric.name}: not in base units")
        if re.search(r"_(count|sum|bucket|total|gauge|counter|histogram)$", metric.name):
            faults.append(f"{metric.name}: ends in what is added to names")
        labels = {label for sample in metric.samples for label in sample.labels}
        if labels & {"job", "instance"}:
            faults.append(f"{metric.name}: a label that Prometheus gives")
    return faults


async def test_names_and_texts_keep_to_prometheus_conventions(joined: Joined) -> None:
    metrics = list(parsed(await scrape(joined.one)))
    assert faults_of_names(metric for metric in metrics if metric.name.startswith("tilo_")) == []
    assert {metric.name for metric in metrics if metric.name.startswith("process_")} >= {"process_cpu_seconds"}


@pytest.mark.skipif(PROMTOOL is None, reason="promtool is not installed (Debian: prometheus)")
async def test_promtool_has_nothing_to_say(joined: Joined) -> None:
    assert PROMTOOL is not None
    text = await scrape(joined.one)
    checked = await asyncio.to_thread(
        subprocess.run, [PROMTOOL, "check", "metrics"], input=text, capture_output=True, text=True, check=False
    )
    assert (checked.returncode, checked.stdout + checked.stderr) == (0, "")


async def test_the_documents_explain_exactly_the_metrics_that_exist(joined: Joined) -> None:
    own = {metric.name + "_total" * (metric.type == "counter"): metric for metric in parsed(await scrape(joined.one))}
    served = {name for name in own if name.startswith("tilo_")}
    assert set(first_cells(section(read("docs/operations.md"), "## Metrics"))) == served


async def test_they_are_told_in_the_openmetrics_format_too(start_server: StartServer) -> None:
    client = await start_server()
    response = await client.get("/metrics", headers={"Accept": "application/openmetrics-text;version=1.0.0"})
    assert response.content_type == "application/openmetrics-text"
    metrics = {metric.name: metric for metric in openmetrics(await response.text())}  # type: ignore[no-untyped-call]
    assert metrics["tilo_connections"].type == "gauge"


async def test_with_a_token_set_they_are_for_its_bearer_only(start_server: StartServer) -> None:
    client = await start_server(metrics_token="for Prometheus")
    for headers in ({}, {"Authorization": "Bearer wrong"}, {"Authorization": "Basic for Prometheus"}):
        response = await client.get("/metrics", headers=headers)
        assert (response.status, response.headers["WWW-Authenticate"]) == (401, "Bearer")
    assert (await client.get("/metrics", headers={"Authorization": "Bearer for Prometheus"})).status == 200


async def test_connections_and_messages_are_counted(start_server: StartServer) -> None:
    client = await start_server(max_connections=1)
    player = await join(client)
    await ask(player, **CHAT)
    await ask(player, **SCORE)
    await player.send_str("no json")
    refused = await client.get("/ws", headers={"Upgrade": "websocket", "Connection": "Upgrade"})
    assert refused.status == 503
    await ask(player, type="hello", after=0)
    samples = await figures(client)
    assert value(samples, "tilo_connections") == value(samples, "tilo_online_connections") == 1
    assert value(samples, "tilo_connections_accepted_total") == 1
    assert value(samples, "tilo_connections_refused_total", reason="full") == 1
    assert value(samples, "tilo_connections_refused_total", reason="banned") == 0
    for kind, count in {"chat": 1, "score_update": 1, "hello": 1, "ping": 0, "unreadable": 1}.items():
        assert value(samples, "tilo_messages_received_total", type=kind) == count
    assert value(samples, "tilo_errors_total", code="bad_json") == 1
    assert value(samples, "tilo_errors_total", code="muted") == 0
    assert value(samples, "tilo_recoveries_total", outcome="whole") == 1
    assert value(samples, "tilo_deliveries_total") >= 1
    received = value(samples, "tilo_received_bytes_total")
    assert received > sum(len(json.dumps(command)) for command in (CHAT, SCORE))
    assert value(samples, "tilo_sent_bytes_total", kind="broadcast") > 50
    assert value(samples, "tilo_sent_bytes_total", kind="reply") > 50
    assert value(samples, "tilo_ack_delay_seconds_count", commit="chat") == 1
    assert value(samples, "tilo_ack_delay_seconds_count", commit="scores") == 1
    assert value(samples, "tilo_commit_batch_rows_sum", commit="chat") == 1
    assert value(samples, "tilo_commit_batch_seconds_count", commit="chat") == 1
    assert value(samples, "tilo_database_statement_seconds_count", statement="store_chat") == 1
    assert value(samples, "tilo_database_statement_seconds_sum", statement="store_chat") > 0
    assert value(samples, "tilo_database_pool_wait_seconds_count") > 0
    assert value(samples, "tilo_database_up") == 1
    assert value(samples, "tilo_draining") == 0
    assert not [name for name, _ in samples if "redis" in name]


async def test_the_end_of_a_connection_is_counted_by_its_code(start_server: StartServer) -> None:
    client = await start_server()
    assert client.app is not None
    hub = client.app[keys.HUB]
    for code in (1000, 3777, 4999):
        await (await join(client)).close(code=code)
    lost = await join(client)
    lost._response.connection.transport.abort()  # type: ignore[union-attr]
    await eventually(lambda: not len(hub))
    samples = await figures(client)
    closed = {
        dict(labels)["code"]: count for (name, labels), count in samples.items() if name == "tilo_connections_closed_total"
    }
    assert closed == {"1000": 1, "1006": 1, "other": 2}
    assert value(samples, "tilo_received_bytes_total") == 3 * 8, "close frames, also of those that are gone"


async def test_write_rounds_and_lag_are_in_it_once_the_second_is_over(start_server: StartServer) -> None:
    client = await start_server()
    assert client.app is not None
    await ask(await join(client), **CHAT)
    statistics = client.app[keys.STATISTICS]
    await eventually(lambda: sum(statistics.lags.counts))
    statistics.sample()
    samples = await figures(client)
    assert value(samples, "tilo_write_round_seconds_count") >= 1
    assert value(samples, "tilo_delivery_delay_seconds_count") == value(samples, "tilo_write_round_seconds_count")
    assert value(samples, "tilo_event_loop_lag_seconds_bucket", le="+Inf") >= 1
    assert value(samples, "tilo_gc_pause_seconds_count") >= 0


async def test_a_joined_server_tells_of_redis_and_of_all(joined: Joined) -> None:
    await join(joined.other)
    assert joined.one.app is not None
    servers = joined.one.app[keys.SERVERS]
    await eventually(lambda: servers.online == 1)
    samples = await figures(joined.one)
    assert value(samples, "tilo_connections") == 0
    assert value(samples, "tilo_online_connections") == 1
    assert value(samples, "tilo_servers") == 2
    assert value(samples, "tilo_redis_up") == 1
    assert value(samples, "tilo_redis_round_trip_seconds_count") > 0
    assert not [labels for _, labels in samples if "worker" in dict(labels)], "each is asked by its own address"


async def test_every_code_of_an_error_is_there_from_the_start(start_server: StartServer) -> None:
    samples = await figures(await start_server())
    assert set(values_by(samples, "tilo_errors_total", "code")) == set(ErrorCode)


async def test_a_failed_statement_is_counted(start_server: StartServer, outage: Outage) -> None:
    client = await start_server(database_url=outage.dsn)
    assert client.app is not None
    outage.begin()
    player = await join(client)
    await player.send_json(CHAT | {"ref": 1})
    commit = client.app[keys.CHAT].commit
    await eventually(lambda: commit.failures)
    samples = await figures(client)
    assert value(samples, "tilo_database_up") == 0
    assert value(samples, "tilo_database_statement_failures_total", statement="store_chat") >= 1
    assert value(samples, "tilo_commit_failures_total", commit="chat") >= 1
    assert value(samples, "tilo_commit_pending_rows", commit="chat") == 1
    assert value(samples, "tilo_commit_oldest_seconds", commit="chat") > 0
    outage.end()


async def test_a_kicked_connection_counts_as_kicked(start_server: StartServer, api_headers: dict[str, str]) -> None:
    client = await start_server()
    assert client.app is not None
    hub = client.app[keys.HUB]
    player = await join(client)
    [connection] = hub
    await client.delete(f"/api/v1/connections/{connection.id}", headers=api_headers)
    assert await close_code(player) == 4502
    await eventually(lambda: not len(hub))
    assert value(await figures(client), "tilo_connections_closed_total", code="4502") == 1
