"""What the package writes into its log: each event has one text for all of its kind, and its values in fields."""

import ast
import re
from collections.abc import Iterator

import pytest

from tests.test_architecture import PACKAGE

LEVELS = {"debug", "info", "warning", "error", "exception", "critical", "log"}

OF_EACH_LINE = {"time", "level", "logger", "message", "event", "process", "exception"}
"""What a line has in any case: a field of this name would be lost."""

_DIRECTIVE = re.compile(r"%(?:\((\w+)\))?[#0 +-]*[\d.]*[a-zA-Z]")


def calls() -> Iterator[tuple[str, ast.Call]]:
    """Every call of a logger in the package, and where it is."""
    for file in sorted(PACKAGE.rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in LEVELS:
                owner = ast.unparse(node.func.value)
                if owner == "logger" or owner.startswith("logging."):
                    yield f"{file.relative_to(PACKAGE)}:{node.lineno}", node


def fault(call: ast.Call) -> str | None:
    """What keeps a machine from reading the event; None where nothing does."""
    if not call.args or not isinstance(call.args[0], ast.Constant) or not isinstance(call.args[0].value, str):
        return "the text is not written here, so it is not the same each time"
    names = _DIRECTIVE.findall(call.args[0].value.replace("%%", ""))
    if "" in names:
        return "a value has no name"
    if lost := OF_EACH_LINE & set(names):
        return f"{lost} is another field of the line"
    if len(call.args) != (2 if names else 1) or isinstance(call.args[-1], ast.Starred):
        return "the values are not one mapping"
    if not _DIRECTIVE.sub("", call.args[0].value).strip(" :,;()-"):
        return "the text says nothing but its values"
    return None


def test_every_value_of_an_event_has_a_name() -> None:
    found = list(calls())
    assert len(found) > 50
    assert {place: problem for place, call in found if (problem := fault(call))} == {}


@pytest.mark.parametrize(
    ("written", "problem"),
    [
        ('logger.info("ended")', None),
        ('logger.info("%(seconds).1f s, 100 %%", {"seconds": 1})', None),
        ('logger.info("%(seconds).1f s", fields, exc_info=error)', None),
        ('logger.info("%s failed", name)', "a value has no name"),
        ('logger.info("%(level)s of water", {"level": 1})', "{'level'} is another field of the line"),
        ('logger.info("%(name)s failed")', "the values are not one mapping"),
        ('logger.info("%(name)s failed", *both)', "the values are not one mapping"),
        ('logger.info("failed", fields)', "the values are not one mapping"),
        ('logger.info(f"{name} failed")', "the text is not written here, so it is not the same each time"),
        ('logger.info("%(reason)s", {"reason": 1})', "the text says nothing but its values"),
    ],
)
def test_events_that_no_machine_can_read_are_found(written: str, problem: str | None) -> None:
    call = ast.parse(written, mode="eval").body
    assert isinstance(call, ast.Call)
    assert fault(call) == problem
