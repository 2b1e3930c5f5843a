"""Holds the documents, the deploy files and the code together."""

import argparse
import dataclasses
import fnmatch
import json
import re
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest
from aiohttp import web

from docs.asyncapi import command_structs, push_structs
from tilo_ws import background, cli, running, server, supervisor
from tilo_ws.load import command as load_command
from tilo_ws.load.run import Percentiles, Report
from tilo_ws.protocol import commands
from tilo_ws.protocol.codes import CloseCode, ErrorCode
from tilo_ws.realtime import departure
from tilo_ws.settings import SettingError, Settings, read_settings, setting_names, unknown_settings
from tilo_ws.storage import database
from tilo_ws.web.api.server import Stats
from tilo_ws.web.routes import add_routes

ROOT = Path(__file__).resolve().parent.parent
DOCUMENTS = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("benchmarks/*.md"), *ROOT.glob("static/*.md")])


def read(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def section(text: str, heading: str) -> str:
    """What stands under a heading, up to the next of its level or above."""
    level = heading.partition(" ")[0]
    found = re.search(rf"^{re.escape(heading)}$(.*?)(?=^#{{1,{len(level)}}} |\Z)", text, re.MULTILINE | re.DOTALL)
    assert found, f"no section {heading!r}"
    return found[1]


def first_cells(text: str) -> list[str]:
    """The code in the first cell of each table row; several in one cell count each."""
    rows = re.findall(r"^\| (`.*?) \|", text, re.MULTILINE)
    return [code for row in rows for code in re.findall(r"`([^`]+)`", row)]


def message_headings(part: str) -> list[str]:
    return re.findall(r"^### `(\w+)`$", section(read("docs/protocol.md"), part), re.MULTILINE)


def json_examples(part: str) -> list[str]:
    return re.findall(r"```json\n(.*?)```", section(read("docs/protocol.md"), part), re.DOTALL)


def options_of(parser: argparse.ArgumentParser) -> dict[str, str]:
    """The long options of a command with their defaults; of a switch the default is empty."""
    options = [action for action in parser._actions if action.dest != "help"]
    return {action.option_strings[-1]: "" if action.nargs == 0 else str(action.default) for action in options}


def shape(text: str) -> list[str]:
    """The lines of a text without its numbers."""
    return re.sub(r"[\d.,]*\d", "#", text).split("\n")


def documented_defaults() -> dict[str, str]:
    return {field.metadata["name"]: field.metadata["default"] or "" for field in dataclasses.fields(Settings)}


def test_the_example_file_names_every_setting_with_its_default_in_order() -> None:
    named = re.findall(r"^#(\w+)=(.*)$", read(".env.example"), re.MULTILINE)
    assert [name for name, _ in named] == setting_names()
    assert dict(named) == documented_defaults()


def test_every_setting_of_the_example_file_stands_below_a_comment() -> None:
    lines = read(".env.example").splitlines()
    for line, above in zip(lines[1:], lines, strict=False):
        if re.match(r"#\w+=", line):
            assert re.match(r"# \S|#\w+=", above), f"{line} is not explained"


def test_the_page_of_settings_names_each_with_its_default_in_order() -> None:
    rows = re.findall(r"^\| `(\w+)` \| (unset|`[^`]+`) \| (\S.*) \|$", read("docs/settings.md"), re.MULTILINE)
    named = {name: "" if default == "unset" else default.strip("`") for name, default, _ in rows}
    assert list(named) == setting_names()
    assert named == documented_defaults()


def test_documents_name_no_setting_that_does_not_exist() -> None:
    for document in DOCUMENTS:
        named = set(re.findall(r"\bTILO_[A-Z_]+\b", document.read_text(encoding="utf-8")))
        assert named <= set(setting_names()), document


def test_the_readme_quotes_what_the_server_says_of_a_wrong_setting() -> None:
    table = section(read("README.md"), "## Troubleshooting")
    with pytest.raises(SettingError) as refused:
        read_settings({"PORT": "abc"})
    [misspelt] = unknown_settings({"TILO_CHAT_RAT": "1"})
    assert f"`{refused.value}`" in table
    assert misspelt.replace("TILO_CHAT_RAT is", "`… is") + "`" in table


def test_the_readme_names_exactly_the_words_of_the_command_line() -> None:
    rows = first_cells(section(read("README.md"), "## Commands").partition("###")[0])
    parser = cli._parser()
    [words] = [action.choices for action in parser._actions if isinstance(action, argparse._SubParsersAction)]
    assert {row.split()[1] for row in rows} == set(words)


def test_the_readme_names_every_option_of_the_load_player_with_its_default_in_order() -> None:
    parser = argparse.ArgumentParser()
    load_command.add_arguments(parser)
    rows = re.findall(r"^\| `(--[\w-]+)` \| (?:`([^`]+)`)? ?\| (?:\S.*) \|$", read("README.md"), re.MULTILINE)
    assert rows == list(options_of(parser).items())


def test_the_report_of_the_load_player_looks_as_in_the_readme() -> None:
    shown = re.search(r"```text\n(.*?)\n```", section(read("README.md"), "### The load player"), re.DOTALL)
    delay = Percentiles(1.0, 2.0, 3.0, 4.0)
    counts = dict.fromkeys(Report.__struct_fields__, 0) | {"delay": delay, "ack_delay": None}
    assert shown
    assert shape(shown[1]) == shape(load_command.as_text(msgspec.convert(counts, Report)))


def test_the_protocol_has_a_paragraph_for_exactly_the_commands_that_exist() -> None:
    assert sorted(message_headings("## Client to server")) == sorted(command_structs())


def test_the_protocol_has_a_paragraph_for_exactly_the_messages_that_the_server_sends() -> None:
    assert sorted(message_headings("## Server to client")) == sorted(push_structs())


def test_the_table_of_each_command_names_its_fields() -> None:
    text = section(read("docs/protocol.md"), "## Client to server")
    for type, struct in command_structs().items():
        described = set(first_cells(section(text, f"### `{type}`"))) | {"ref"}  # any command may carry a ref
        assert described == set(struct.__struct_fields__), type


@pytest.mark.parametrize("example", json_examples("## Client to server"))
def test_the_examples_of_commands_can_be_sent(example: str) -> None:
    parsed = commands.parse(example)
    assert parsed.error is None
    assert set(json.loads(example)) <= {*type(parsed.command).__struct_fields__, "type"}  # type: ignore[union-attr]


@pytest.mark.parametrize("example", json_examples("## Server to client"))
def test_the_examples_of_the_servers_messages_have_its_fields(example: str) -> None:
    message = json.loads(example)
    struct = push_structs()[message.pop("type")]
    required = {field.name for field in msgspec.structs.fields(struct) if field.required}
    assert required <= set(message) <= set(struct.__struct_fields__)


def test_the_protocol_explains_exactly_the_error_codes_that_exist() -> None:
    assert sorted(first_cells(section(read("docs/protocol.md"), "## Error codes"))) == sorted(ErrorCode)


def test_the_protocol_explains_exactly_the_close_codes_that_exist() -> None:
    named = [int(code) for code in first_cells(section(read("docs/protocol.md"), "## Close codes"))]
    assert sorted(named) == sorted(CloseCode)


def test_the_page_of_the_api_lists_exactly_the_public_paths() -> None:
    app = web.Application()
    add_routes(app)
    served = {
        f"{route.method} {route.resource.canonical}"
        for route in app.router.routes()
        if route.resource and route.method != "HEAD" and not route.resource.canonical.startswith(("/admin/", "/static"))
    }
    listed = set(re.findall(r"^\| `([A-Z]+ /[^`]*)` \|", section(read("docs/api.md"), "## Paths"), re.MULTILINE))
    assert listed == served | {"GET /static/websocket-client.js"}


def test_the_page_of_the_api_explains_exactly_its_figures() -> None:
    table = section(read("docs/api.md"), "## Figures")
    fields = [code for cell in re.findall(r"^\| (`.*?) \|", table, re.MULTILINE) for code in re.findall(r"`(\w+)`", cell)]
    assert sorted(fields) == sorted(Stats.__struct_fields__)


def test_the_map_names_every_module_itself_or_by_its_folder() -> None:
    named = set(re.findall(r"`(tilo_ws/[\w./]+)`", read("docs/architecture.md")))
    for file in (ROOT / "tilo_ws").rglob("*.py"):
        path = file.relative_to(ROOT)
        folders = {f"{folder}/" for folder in path.parents}
        assert path.name == "__init__.py" or {str(path)} & named or folders & named, f"{path} is not on the map"


def test_the_map_names_every_page_script_and_style() -> None:
    patterns = re.findall(r"`((?:static|templates)/[^`]+)`", section(read("docs/architecture.md"), "## Pages"))
    files = [str(file.relative_to(ROOT)) for folder in ("static", "templates") for file in (ROOT / folder).rglob("*.*")]
    for file in files:
        assert any(fnmatch.fnmatch(file, pattern) for pattern in patterns), f"{file} is not on the map"
    for pattern in patterns:
        assert fnmatch.filter(files, pattern), f"no file is {pattern}"


def test_the_end_takes_as_long_as_documented_and_fits_what_pm2_allows() -> None:
    rows = re.findall(r"^\| (\d+) \|", section(read("docs/operations.md"), "## The end of a server"), re.MULTILINE)
    assert [float(seconds) for seconds in rows] == [
        Settings().drain_seconds + departure._LAST_STORE_TIMEOUT,
        server._HANDLERS_TIMEOUT,
        background.STOP_TIMEOUT,
        running.LAST_FLUSH_TIMEOUT,
        running.RELEASE_TIMEOUT,
        database._CLOSE_TIMEOUT,
    ]
    [milliseconds] = re.findall(r"kill_timeout: (\d+)", read("deploy/pm2.config.cjs"))
    assert sum(map(float, rows)) < Settings().drain_seconds + supervisor._END_LIMIT < int(milliseconds) / 1000


def test_the_benchmarks_table_has_the_rows_and_columns_that_the_script_prints() -> None:
    script, table = read("benchmarks/fan_out.py"), section(read("benchmarks/README.md"), "## Fan-out")
    found = re.search(r"^ROWS = (\[.*\])$", script, re.MULTILINE)
    assert found
    servers = re.findall(r'^            \("([\w ]+)", ', script, re.MULTILINE)
    expected = [(row, name) for row in json.loads(found[1]) for name in servers]
    assert re.findall(r"^\| (\d+[xw]\d+) \| ([\w ]+?) \|", table, re.MULTILINE) == expected
    [header] = re.findall(r'print\("(\| clients .*\|)"\)', script)
    assert f"\n{header}\n" in table


def test_the_benchmarks_explain_every_figure_of_the_server() -> None:
    [known] = re.findall(r"or (\[.*\])$", read("benchmarks/server_figures.py"), re.MULTILINE)
    explained, measured = section(read("benchmarks/README.md"), "## The server alone").split("<!-- figures")
    assert first_cells(explained) == first_cells(measured) == json.loads(known)


def test_links_between_documents_lead_somewhere() -> None:
    for document in DOCUMENTS:
        for target in re.findall(r"\]\(([^)\s]+)\)", document.read_text(encoding="utf-8")):
            path, _, anchor = target.partition("#")
            if path.startswith(("http://", "https://")):
                continue
            file = document.parent / path if path else document
            assert file.exists(), f"{document.name} links to {target}"
            if anchor:
                assert anchor in anchors(file), f"{document.name} links to {target}"


def anchors(document: Path) -> set[str]:
    """The names that GitHub gives to headings: lower case, without punctuation, hyphens for spaces."""
    headings = re.findall(r"^#+ (.*)$", document.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_files_that_documents_name_exist() -> None:
    for document in DOCUMENTS:
        named = re.findall(
            r"`((?:tilo_ws|static|templates|sql|tests|docs|deploy|benchmarks)/[\w./-]+)`", document.read_text(encoding="utf-8")
        )
        for name in named:
            assert (ROOT / name).exists(), f"{document.name} names {name}"


@pytest.mark.parametrize(
    ("file", "line"),
    [
        # Otherwise the embedded PostgreSQL is told to end before the server's last flush.
        ("deploy/tilo-ws.service", r"^KillMode=mixed$"),
        ("deploy/pm2.config.cjs", r"^ +treekill: false,$"),
        ("deploy/pm2.config.cjs", r"^ +kill_timeout: 15000,$"),
        # Otherwise a WebSocket does not get through, or everybody has the proxy's address.
        ("deploy/nginx/tilo-ws.conf", r"^    location = /ws {$"),
        ("deploy/nginx/tilo-ws.conf", r"^    proxy_set_header Upgrade +\$http_upgrade;$"),
        ("deploy/nginx/tilo-ws.conf", r"^    proxy_set_header Host +\$http_host;$"),
        ("deploy/nginx/tilo-ws.conf", r"^    proxy_set_header X-Forwarded-For +\$proxy_add_x_forwarded_for;$"),
        ("deploy/nginx/tilo-ws.conf", r"^    proxy_set_header X-Forwarded-Proto +\$scheme;$"),
    ],
)
def test_deploy_files_keep_what_the_server_relies_on(file: str, line: str) -> None:
    assert re.search(line, read(file), re.MULTILINE)


def test_nginx_waits_longer_than_the_server_for_a_silent_connection() -> None:
    [seconds] = re.findall(r"^    proxy_read_timeout (\d+)s;$", read("deploy/nginx/tilo-ws.conf"), re.MULTILINE)
    assert int(seconds) > Settings().connection_timeout


def test_nginx_forwards_only_what_it_names() -> None:
    config = read("deploy/nginx/tilo-ws.conf")
    forwarded = re.findall(r"location ([^{]+) {[^}]*proxy_pass", config)
    assert forwarded == ["= /ws", "= /", "/static/", "= /admin", "/admin/", "/api/"]


def test_the_benchmarks_can_be_imported_as_they_are_started() -> None:
    modules = set(re.findall(r"^\.venv/bin/python -m (benchmarks\.\w+)", read("benchmarks/README.md"), re.MULTILINE))
    assert len(modules) == 7
    for module in modules:
        subprocess.run([sys.executable, "-c", f"import {module}"], cwd=ROOT, check=True)
