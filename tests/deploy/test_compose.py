"""deploy/compose.yaml: by the compose specification, without a secret, and of one mind with nginx's files."""

import re
from typing import Any

import pytest
from compose_spec import PyOptions

from tests.command import PROJECT
from tilo_ws.settings import read_settings, setting_names

DEPLOY = PROJECT / "deploy"


@pytest.fixture
def services() -> dict[str, Any]:
    """By name, with what they have in common filled in. Reading refuses what the specification does not know."""
    options = PyOptions()
    options.apply_merge = True
    project = options.from_yaml((DEPLOY / "compose.yaml").read_text())
    project.validate()
    found: dict[str, Any] = project.to_dict()["services"]
    return found


def test_three_servers_a_valkey_a_database_and_nginx(services: dict[str, Any]) -> None:
    assert sorted(services) == ["database", "nginx", "server-1", "server-2", "server-3", "valkey"]


def test_nginx_knows_the_address_of_every_server_and_the_servers_that_of_nginx(services: dict[str, Any]) -> None:
    servers = [service for name, service in services.items() if name.startswith("server-")]
    named = re.findall(r"^server ([\d.]+):8765 max_fails=0;$", (DEPLOY / "compose.servers").read_text(), re.MULTILINE)
    assert named == [address(server) for server in servers]
    assert {server["environment"]["TILO_TRUSTED_PROXIES"] for server in servers} == {address(services["nginx"])}


def test_only_nginx_is_reached_from_outside(services: dict[str, Any]) -> None:
    assert [name for name, service in services.items() if "ports" in service] == ["nginx"]


def test_no_secret_stands_in_it(services: dict[str, Any]) -> None:
    """Each is taken from a file that is not kept, without which nothing starts."""
    kept = re.sub(r"\$\{[A-Z_]+:\?[^}]+\}", "", (DEPLOY / "compose.yaml").read_text())
    assert re.findall(r"(?:PASSWORD|KEY|SECRET)\w*: *(\S+)", kept) == []
    assert "postgresql://tilo:@database/tilo" in kept


def test_every_variable_of_a_server_is_a_setting(services: dict[str, Any]) -> None:
    variables = services["server-1"]["environment"]
    assert variables.keys() <= set(setting_names())
    read_settings({name: re.sub(r"\$\{[^}]+\}", "x", value) for name, value in variables.items()})


def test_a_server_has_the_time_that_its_end_takes(services: dict[str, Any]) -> None:
    """14 s, see docs/operations.md."""
    assert services["server-1"]["stop_grace_period"] == "20s"


def address(service: dict[str, Any]) -> str:
    return str(service["networks"]["inside"]["ipv4_address"])
