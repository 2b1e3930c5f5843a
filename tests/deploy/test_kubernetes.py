"""deploy/kubernetes.yaml: by the schemas of Kubernetes, and of one mind with the server and its container."""

import re
from typing import Any

import kubernetes_validate
import pytest
import yaml

from tests.command import PROJECT
from tilo_ws.settings import setting_names

FILE = PROJECT / "deploy" / "kubernetes.yaml"
OLDEST = "1.30"
"""The first Kubernetes in which preStop can sleep without being asked to by a switch."""


@pytest.fixture
def resources() -> dict[tuple[str, str], Any]:
    """By kind and name."""
    return {(one["kind"], one["metadata"]["name"]): one for one in yaml.safe_load_all(FILE.read_text())}


@pytest.mark.parametrize("version", [OLDEST, kubernetes_validate.latest_version()])
def test_every_resource_is_as_kubernetes_knows_it(version: str, resources: dict[tuple[str, str], Any]) -> None:
    for resource in resources.values():
        kubernetes_validate.validate(resource, version, strict=True)


def test_a_server_is_given_players_when_ready_and_time_to_end(resources: dict[tuple[str, str], Any]) -> None:
    pod = resources["Deployment", "tilo-ws"]["spec"]["template"]["spec"]
    [server] = pod["containers"]
    assert server["readinessProbe"]["httpGet"]["path"] == "/readyz"
    assert server["livenessProbe"]["httpGet"]["path"] == "/healthz"
    # 14 s, see docs/operations.md.
    assert pod["terminationGracePeriodSeconds"] > server["lifecycle"]["preStop"]["sleep"]["seconds"] + 14


def test_one_server_at_a_time_is_taken_away(resources: dict[tuple[str, str], Any]) -> None:
    servers = resources["Deployment", "tilo-ws"]["spec"]
    budget = resources["PodDisruptionBudget", "tilo-ws"]["spec"]
    assert servers["replicas"] == 3
    assert servers["strategy"]["rollingUpdate"]["maxUnavailable"] == 0
    assert budget == {"maxUnavailable": 1, "selector": servers["selector"]}


@pytest.mark.parametrize("name", ["tilo-ws", "tilo-valkey"])
def test_nothing_runs_as_root_or_writes_its_image(name: str, resources: dict[tuple[str, str], Any]) -> None:
    pod = resources["Deployment", name]["spec"]["template"]["spec"]
    [container] = pod["containers"]
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }


def test_the_server_runs_as_the_user_of_its_container(resources: dict[tuple[str, str], Any]) -> None:
    [user] = re.findall(r"^USER (\d+)$", (PROJECT / "deploy" / "Containerfile").read_text(), re.MULTILINE)
    pod = resources["Deployment", "tilo-ws"]["spec"]["template"]["spec"]
    assert pod["securityContext"]["runAsUser"] == int(user)


def test_its_variables_are_settings_and_secrets_are_elsewhere(resources: dict[tuple[str, str], Any]) -> None:
    [server] = resources["Deployment", "tilo-ws"]["spec"]["template"]["spec"]["containers"]
    assert {variable["name"] for variable in server["env"]} <= set(setting_names())
    assert server["envFrom"] == [{"secretRef": {"name": "tilo-ws"}}]
    assert not any(kind == "Secret" for kind, _ in resources)


def test_what_is_for_those_who_watch_the_server_is_not_forwarded(resources: dict[tuple[str, str], Any]) -> None:
    [rule] = resources["Ingress", "tilo-ws"]["spec"]["rules"]
    assert [(path["path"], path["pathType"]) for path in rule["http"]["paths"]] == [
        ("/ws", "Exact"),
        ("/", "Exact"),
        ("/static", "Prefix"),
        ("/admin", "Prefix"),
        ("/api", "Prefix"),
    ]
