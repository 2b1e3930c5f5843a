"""What the proofs share."""

import resource
import secrets
from collections.abc import Iterator
from random import Random

import pytest

from tilo_ws import process_limits


@pytest.fixture
def chance() -> Random:
    """Another one each time; a failed test shows the seed."""
    seed = secrets.randbits(32)
    print(f"Random({seed})")
    return Random(seed)


@pytest.fixture
def many_files() -> Iterator[None]:
    """Room for a player on each open file."""
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    process_limits.raise_open_files()
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, before)
