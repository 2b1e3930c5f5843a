"""The house: imports only go down, never in a circle, and no file outgrows its noun."""

import ast
from collections.abc import Iterator
from pathlib import Path

PACKAGE = Path(__file__).parent.parent / "tilo_ws"

Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef

# What each floor may import, beside itself. storage and realtime do not know each other.
FLOORS: dict[str, set[str]] = {
    "protocol": set(),
    "storage": {"histogram"},
    "realtime": {"protocol", "histogram"},
    "services": {"protocol", "storage", "realtime"},
    "web": {"protocol", "storage", "realtime", "services", "resources", "histogram"},
}

# Modules beside the floors, which know nothing of them.
TOOLS: dict[str, set[str]] = {
    "background": set(),
    "garbage": {"histogram"},
    "histogram": set(),
    "log": set(),
    "process_limits": set(),
    "resources": set(),
    "settings": set(),
    "sockets": set(),
    "service_manager": {"background"},
    "workers": set(),
    "load": {"process_limits"},
}

# Where everything is joined, from the lowest up.
TOP = [
    "from_settings",
    "shown_settings",
    "running",
    "presence",
    "administration",
    "dashboard",
    "entrance",
    "notice_table",
    "monitoring",
    "app",
    "tracing",
    "server",
    "supervisor",
    "admin_command",
    "settings_database",
    "check_command",
    "data_command",
    "cli",
    "worker",
    "__main__",
]

PURE = {"asyncio", "socket", "time", "threading", "aiohttp", "aiopg", "psycopg2"}
"""What the protocol floor does without: I/O and clocks."""


def modules() -> dict[str, Path]:
    """Module name without the package's, and its file."""
    named = {}
    for file in PACKAGE.rglob("*.py"):
        parts = file.relative_to(PACKAGE).with_suffix("").parts
        named[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = file
    return named


def imported(file: Path) -> set[str]:
    """Full names of the modules that a file imports."""
    names = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file}: a relative import"
            assert node.module is not None
            names |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return names


def own_imports(file: Path) -> set[str]:
    known = modules()
    return {
        name.removeprefix("tilo_ws.") for name in imported(file) if name.removeprefix("tilo_ws.") in known and name != "tilo_ws"
    }


def allowed(part: str) -> set[str]:
    """The parts that this one may import."""
    if part in TOP:
        return {*FLOORS, *TOOLS, *TOP[: TOP.index(part)]}
    return {part} | (FLOORS | TOOLS)[part]


def test_imports_only_go_down() -> None:
    for name, file in modules().items():
        if name:
            wrong = {other for other in own_imports(file) if other.split(".")[0] not in allowed(name.split(".")[0])}
            assert not wrong, f"{name} imports {wrong}"


def test_the_protocol_is_pure() -> None:
    for name, file in modules().items():
        if name.split(".")[0] == "protocol":
            assert not {other.split(".")[0] for other in imported(file)} & PURE, name


def test_only_the_web_floor_knows_the_web() -> None:
    for name, file in modules().items():
        if name.split(".")[0] in ("protocol", "storage", "realtime", "services"):
            assert not any(other.startswith("aiohttp") for other in imported(file)), name


def test_settings_stop_at_the_top() -> None:
    """Below app.py, parts get plain values."""
    for name, file in modules().items():
        if name.split(".")[0] not in TOP:
            assert "tilo_ws.settings" not in imported(file), name


def test_there_is_no_circle() -> None:
    graph = {name: own_imports(file) for name, file in modules().items()}
    done: set[str] = set()

    def visit(name: str, path: tuple[str, ...]) -> None:
        assert name not in path, " -> ".join([*path, name])
        if name not in done:
            for other in sorted(graph[name]):
                visit(other, (*path, name))
            done.add(name)

    for name in sorted(graph):
        visit(name, ())


def test_a_file_is_one_noun() -> None:
    for name, file in modules().items():
        lines = len(file.read_text(encoding="utf-8").splitlines())
        assert lines <= 250, f"{name} has {lines} lines: is there a seam?"


def test_every_module_and_public_name_says_what_it_is_for() -> None:
    for name, file in modules().items():
        tree = ast.parse(file.read_text(encoding="utf-8"))
        assert ast.get_docstring(tree), name
        silent = [node.name for node in public_names(tree) if not ast.get_docstring(node)]
        assert not silent, f"{name}: {silent}"


def public_names(place: ast.Module | ast.ClassDef) -> Iterator[Definition]:
    """The functions, classes and methods that others may use."""
    for node in place.body:
        if isinstance(node, Definition) and not node.name.startswith("_"):
            yield node
            if isinstance(node, ast.ClassDef):
                yield from public_names(node)
