"""The frames that the fuzzer starts from and those that it has found, each taken once: also where there is no fuzzer."""

from pathlib import Path

import pytest

from tests.fuzz.rules import check

CORPUS = sorted((Path(__file__).parent / "corpus").iterdir())


@pytest.mark.parametrize("frame", CORPUS, ids=lambda frame: frame.name)
def test_the_rules_hold_for_each_frame_of_the_corpus(frame: Path) -> None:
    check(frame.read_bytes())
