"""deploy/grafana and deploy/prometheus: of metrics that exist, in PromQL that can be read, and alerts that go off."""

import asyncio
import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

from tests.command import PROJECT
from tests.test_documentation import first_cells, read, section
from tests.web.joined import Joined, joined, valkey

__all__ = ["joined", "valkey"]

RULES = PROJECT / "deploy/prometheus/tilo-ws.rules.yml"
PROMTOOL = shutil.which("promtool")
with_promtool = pytest.mark.skipif(PROMTOOL is None, reason="promtool is not installed (Debian: prometheus)")

SERVER = 'job="tilo-ws", instance="a"'

# What makes each alert go off, as series of one value a minute for 30 minutes.
TROUBLE: dict[str, dict[str, str]] = {
    "TiloDown": {f"up{{{SERVER}}}": "0x30"},
    "TiloDatabaseAway": {f"tilo_database_up{{{SERVER}}}": "0x30"},
    "TiloRedisAway": {f"tilo_redis_up{{{SERVER}}}": "0x30"},
    "TiloServerMissing": {f"tilo_servers{{{SERVER}}}": "3x10 2x20"},
    "TiloWritesWait": {f'tilo_commit_oldest_seconds{{{SERVER}, commit="chat"}}': "11x30"},
    "TiloRowsRefused": {f'tilo_commit_refused_rows_total{{{SERVER}, commit="chat"}}': "0x25 1x5"},
    "TiloStatementsFail": {f'tilo_database_statement_failures_total{{{SERVER}, statement="store_chat"}}': "0+1x30"},
    "TiloPoolExhausted": {f"tilo_database_pool_waiting_statements{{{SERVER}}}": "2x30"},
    "TiloEventLoopLate": {
        f'tilo_event_loop_lag_seconds_bucket{{{SERVER}, le="0.1"}}': "0+97x30",
        f'tilo_event_loop_lag_seconds_bucket{{{SERVER}, le="0.25"}}': "0+100x30",
        f'tilo_event_loop_lag_seconds_bucket{{{SERVER}, le="+Inf"}}': "0+100x30",
    },
    "TiloDeliveryLate": {
        f'tilo_delivery_delay_seconds_bucket{{{SERVER}, le="0.5"}}': "0+97x30",
        f'tilo_delivery_delay_seconds_bucket{{{SERVER}, le="1.0"}}': "0+100x30",
        f'tilo_delivery_delay_seconds_bucket{{{SERVER}, le="+Inf"}}': "0+100x30",
    },
    "TiloAcknowledgementsLate": {
        f'tilo_ack_delay_seconds_bucket{{{SERVER}, commit="chat", le="1.0"}}': "0+90x30",
        f'tilo_ack_delay_seconds_bucket{{{SERVER}, commit="chat", le="2.5"}}': "0+100x30",
        f'tilo_ack_delay_seconds_bucket{{{SERVER}, commit="chat", le="+Inf"}}': "0+100x30",
    },
    "TiloBusy": {f'tilo_errors_total{{{SERVER}, code="busy"}}': "0+120x30"},
    "TiloFull": {f'tilo_connections_refused_total{{{SERVER}, reason="full"}}': "0+60x30"},
    "TiloManyFromOneAddress": {f'tilo_connections_refused_total{{{SERVER}, reason="address"}}': "0+120x30"},
    "TiloSlowConsumers": {
        f"tilo_slow_consumers_total{{{SERVER}}}": "0+10x30",
        f"tilo_connections{{{SERVER}}}": "100x30",
    },
    "TiloRecoveriesPartial": {
        f'tilo_recoveries_total{{{SERVER}, outcome="partial"}}': "0+2x30",
        f'tilo_recoveries_total{{{SERVER}, outcome="whole"}}': "0+1x30",
    },
    "TiloFilesRunOut": {f"process_open_fds{{{SERVER}}}": "950x30", f"process_max_fds{{{SERVER}}}": "1000x30"},
    "TiloVersionsDiffer": {
        f'tilo_build_info{{{SERVER}, version="1"}}': "1x30",
        'tilo_build_info{job="tilo-ws", instance="b", version="2"}': "1x30",
    },
}


def rules() -> list[dict[str, Any]]:
    [group] = yaml.safe_load(RULES.read_text(encoding="utf-8"))["groups"]
    found: list[dict[str, Any]] = group["rules"]
    return found


def dashboard() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(read("deploy/grafana/tilo-ws.json"))
    return found


def expressions_of_the_dashboard() -> list[str]:
    """With Grafana's own variables replaced by what they may stand for."""
    found = [target["expr"] for panel in dashboard()["panels"] for target in panel.get("targets", [])]
    queries = [one["query"]["query"] for one in dashboard()["templating"]["list"] if one["type"] == "query"]
    found += [re.sub(r"label_values\((.*), \w+\)", r"\1", query) for query in queries]
    values = {"$__rate_interval": "1m", "$job": "tilo-ws", "$instance": ".*"}
    for variable, value in values.items():
        found = [expression.replace(variable, value) for expression in found]
    return found


def metrics_in(expression: str) -> dict[str, set[str]]:
    """The metrics that an expression names, with the labels that it selects by."""
    found: dict[str, set[str]] = {}
    selectors = r"\b((?:tilo|process|python|up)(?:_\w+)?)(?:\{([^}]*)\})?"
    for name, matchers in re.findall(selectors, expression.replace('"tilo-ws"', '""')):
        found.setdefault(name, set()).update(re.findall(r"(\w+)\s*=~?", matchers))
    return found


async def served(joined: Joined) -> dict[str, set[str]]:
    """The name of every sample, with its labels and those that Prometheus adds."""
    text = await (await joined.one.get("/metrics")).text()
    found: dict[str, set[str]] = {"up": {"job", "instance"}}
    for metric in text_string_to_metric_families(text):
        for sample in metric.samples:
            found.setdefault(sample.name, {"job", "instance", "worker"}).update(sample.labels)
        if metric.name == "tilo_connections_closed":
            found["tilo_connections_closed_total"] = {"job", "instance", "worker", "code"}
    return found


async def test_every_metric_and_label_that_is_asked_for_exists(joined: Joined) -> None:
    known = await served(joined)
    expressions = [*expressions_of_the_dashboard(), *(rule["expr"] for rule in rules())]
    assert len(expressions) > 60
    for expression in expressions:
        named = metrics_in(expression)
        assert named, expression
        for name, labels in named.items():
            assert name in known, f"{name} is no metric: {expression}"
            assert labels <= known[name], f"{name} has no label {labels - known[name]}: {expression}"


async def test_every_metric_is_shown_or_watched(joined: Joined) -> None:
    own = {re.sub(r"_(bucket|count|sum|total)$", "", name) for name in await served(joined) if name.startswith("tilo_")}
    asked = {
        re.sub(r"_(bucket|count|sum|total)$", "", name)
        for expression in [*expressions_of_the_dashboard(), *(rule["expr"] for rule in rules())]
        for name in metrics_in(expression)
    }
    assert own - asked == set()


def test_panels_have_titles_places_and_a_source_that_can_be_chosen() -> None:
    panels = dashboard()["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    taken: set[tuple[int, int]] = set()
    for panel in panels:
        place = panel["gridPos"]
        cells = {(place["x"] + x, place["y"] + y) for x in range(place["w"]) for y in range(place["h"])}
        assert panel["title"]
        assert not cells & taken, f"{panel['title']} lies over another"
        assert place["x"] + place["w"] <= 24
        taken |= cells
        assert panel["type"] == "row" or panel["datasource"]["uid"] == "${datasource}"


def test_the_documents_list_exactly_the_alerts_that_there_are() -> None:
    assert first_cells(section(read("docs/operations.md"), "## Alerts")) == [rule["alert"] for rule in rules()]


def test_every_alert_says_how_bad_it_is_and_what_to_do() -> None:
    for rule in rules():
        assert rule["labels"]["severity"] in ("critical", "warning"), rule["alert"]
        assert re.fullmatch(r"[A-Z`].{40,}\.", rule["annotations"]["description"]), rule["alert"]
        assert rule["annotations"]["summary"], rule["alert"]


@with_promtool
async def test_promtool_reads_every_expression(tmp_path: Path) -> None:
    shown = tmp_path / "shown.yml"
    records = [{"record": f"shown:{number}", "expr": one} for number, one in enumerate(expressions_of_the_dashboard())]
    shown.write_text(yaml.safe_dump({"groups": [{"name": "shown", "rules": records}]}))
    await promtool("check", "rules", str(RULES), str(shown))


@with_promtool
async def test_each_alert_goes_off_for_its_trouble_and_no_other_does(tmp_path: Path) -> None:
    assert list(TROUBLE) == [rule["alert"] for rule in rules()]
    tests = [
        {
            "interval": "1m",
            "input_series": [{"series": name, "values": values} for name, values in series.items()],
            "promql_expr_test": [
                {
                    "expr": 'count by (alertname) (ALERTS{alertstate="firing"})',
                    "eval_time": "29m",
                    "exp_samples": [{"labels": f'{{alertname="{alert}"}}', "value": 1}],
                }
            ],
        }
        for alert, series in TROUBLE.items()
    ]
    for test in tests:
        if "tilo_build_info" in str(test):  # which has to last for half an hour
            test["promql_expr_test"][0]["eval_time"] = "30m"  # type: ignore[index]
    file = tmp_path / "alerts.yml"
    file.write_text(yaml.safe_dump({"rule_files": [str(RULES)], "evaluation_interval": "1m", "tests": tests}))
    await promtool("test", "rules", str(file))


async def promtool(*words: str) -> None:
    assert PROMTOOL is not None
    done = await asyncio.to_thread(subprocess.run, [PROMTOOL, *words], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
