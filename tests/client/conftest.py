"""Tools of Node's registry that the client library is checked with."""

from pathlib import Path

import pytest

from tests import npm


@pytest.fixture(scope="session")
def npm_packages() -> Path:
    """The folder of the packages that package.json names."""
    return npm.installed()
