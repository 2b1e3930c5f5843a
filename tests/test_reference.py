"""Reference held to what it is about: the client library, the API's connections, tables, guarantees, questions, decisions."""

import re

import psycopg2

from tests.command import PROJECT
from tilo_ws.web.api.connections import ConnectionEntry

TYPES = (PROJECT / "static/websocket-client.d.ts").read_text(encoding="utf-8")


def page(name: str) -> str:
    return (PROJECT / "docs" / name).read_text(encoding="utf-8")


def rows(name: str, heading: str) -> dict[str, str]:
    """The rows of the table below a heading, by their first cell without its code marks."""
    part = re.split(r"^## ", page(name).partition(f"\n## {heading}\n")[2], maxsplit=1, flags=re.MULTILINE)[0]
    return {first.strip("`"): row for row, first in re.findall(r"^(\| (`.*?`) \|.*)$", part, re.MULTILINE)}


def members(name: str, kind: str = "interface") -> dict[str, str]:
    """The members of a type with what stands behind the colon; of a call the names of its parameters."""
    body = re.split(r"^ *}$", TYPES.partition(f"{kind} {name} {{\n")[2], maxsplit=1, flags=re.MULTILINE)[0]
    return dict(re.findall(r"^ +(?:readonly )?(\w+)\??(?:<.*?>)?[:(] ?(.*)$", body, re.MULTILINE))


def test_the_page_of_the_client_library_has_every_option() -> None:
    assert list(rows("client.md", "Options")) == list(members("Options"))


def test_the_page_of_the_client_library_has_every_call_with_its_parameters() -> None:
    described = {call.partition("(")[0]: call.partition("(")[2] for call in rows("client.md", "Calls")}
    calls = members("TiloWebSocket", "declare class")
    assert set(described) == set(calls) - {"constructor"}
    for name, parameters in described.items():
        typed = re.sub(r"\(.*?\) => void", "", calls[name]).replace("options?: ", "")
        assert re.findall(r"\w+", parameters) == re.findall(r"(\w+)\??: ", typed.partition("):")[0]), name


def test_the_page_of_the_client_library_has_every_event_with_its_fields() -> None:
    described, events = rows("client.md", "Events"), members("Events")
    assert sorted(described) == sorted(events)
    for name, row in described.items():
        kind = events[name].rstrip("[];")
        fields = re.findall(r"(\w+)\??: ", kind) if kind.startswith("{") else list(members(kind))
        if name not in ("welcome", "limits"):  # which have theirs in the protocol
            assert set(fields) - {"type"} <= set(re.findall(r"\w+", row)), name


def test_the_page_of_the_client_library_has_its_own_error_codes() -> None:
    library = (PROJECT / "static/websocket-client.js").read_text(encoding="utf-8")
    [listed] = re.findall(r"or from the library \((`[^)]*)\)", library.replace("\n   *", ""))
    assert sorted(rows("client.md", "Errors")) == sorted(re.findall(r"`(\w+)`", listed))


def test_the_page_of_the_api_has_every_field_of_a_connection() -> None:
    described = [name for cell in rows("api.md", "Connections") for name in cell.split("`, `")]
    assert sorted(described) == sorted(ConnectionEntry.__struct_fields__)


def test_the_page_of_tables_has_every_table_and_of_those_for_others_every_column(dsn: str) -> None:
    connection = psycopg2.connect(dsn)
    with connection, connection.cursor() as cursor:
        cursor.execute(
            "SELECT table_name, array_agg(column_name::text) FROM information_schema.columns"
            " WHERE table_schema = 'public' GROUP BY table_name"
        )
        columns = dict(cursor.fetchall())
    connection.close()
    own = set(re.findall(r"`(\w+)`", page("tables.md").partition("## The server's own")[2]))
    described = set(re.findall(r"^## `(\w+)`$", page("tables.md"), re.MULTILINE))
    assert described | own == set(columns)
    for table in described:
        named = [name for cell in rows("tables.md", f"`{table}`") for name in cell.split("`, `")]
        assert sorted(named) == sorted(columns[table]), table


def test_every_test_that_a_guarantee_names_is_there() -> None:
    named = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", page("guarantees.md"))
    assert len(named) > 40
    for file, test in named:
        assert re.search(rf"def {test}\(", (PROJECT / file).read_text(encoding="utf-8")), f"{file} has no {test}"


def test_everything_that_can_fail_is_shown_by_a_test() -> None:
    _, _, *failures = re.findall(r"^\|.*\|$", page("guarantees.md"), re.MULTILINE)
    assert len(failures) > 10
    assert [row for row in failures if not re.match(r"\| [^|]+\[\^\d+\] \|", row)] == []


def test_twenty_questions_have_an_answer_and_a_link_to_all_of_it() -> None:
    _, *questions = re.split(r"^### ", page("questions.md"), flags=re.MULTILINE)
    assert len(questions) == 20
    for question in questions:
        assert question.partition("\n")[0].endswith("?")
        assert re.search(r"\]\((\.\./)?[\w/]+\.(md|json)", question), question


def test_every_decision_is_in_the_list() -> None:
    files = {file.name for file in (PROJECT / "docs/decisions").glob("*.md")} - {"index.md"}
    assert set(re.findall(r"\]\(([\w-]+\.md)\)", page("decisions/index.md"))) == files
