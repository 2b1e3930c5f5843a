"""The same again, and too soon."""

import pytest

from tilo_ws.protocol import repeats
from tilo_ws.protocol.repeats import Repeats


def test_the_same_text_waits_until_its_window_is_over() -> None:
    said = Repeats(repeat_window=10, slow_mode=0)
    said.add("zoe", "Hello  World", now=0.0)
    assert said.repeat_left("zoe", "hello world ", now=4.0) == 6
    assert said.repeat_left("zoe", "hello world", now=10.0) == 0
    assert said.repeat_left("zoe", "hello you", now=4.0) == 0
    assert said.repeat_left("max", "hello world", now=4.0) == 0


def test_in_slow_mode_a_player_pauses_between_two_messages() -> None:
    said = Repeats(repeat_window=0, slow_mode=5)
    said.add("zoe", "a", now=0.0)
    assert said.pause_left("zoe", now=2.0) == 3
    assert said.pause_left("zoe", now=5.0) == 0
    assert said.pause_left("max", now=2.0) == 0


def test_slow_mode_that_changes_holds_for_what_was_said_before() -> None:
    said = Repeats(repeat_window=0, slow_mode=5)
    said.add("zoe", "a", now=0.0)
    said.slow_mode = 60
    assert said.pause_left("zoe", now=2.0) == 58
    said.slow_mode = 0
    assert said.pause_left("zoe", now=2.0) == 0
    said.add("zoe", "b", now=3.0)
    assert not said._spoke._times


def test_without_limits_nobody_waits_and_nothing_is_kept() -> None:
    said = Repeats(repeat_window=0, slow_mode=0)
    said.add("zoe", "a", now=0.0)
    assert said.pause_left("zoe", now=0.0) == said.repeat_left("zoe", "a", now=0.0) == 0
    assert not said._said._times


def test_what_is_over_is_forgotten() -> None:
    said = Repeats(repeat_window=10, slow_mode=5)
    for second in range(100):
        said.add(f"player {second}", "a", now=float(second))
    assert (len(said._said._times), len(said._spoke._times)) == (10, 5)


def test_the_oldest_texts_give_way_when_there_are_too_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(repeats, "MEMORY_TEXTS", 2)
    said = Repeats(repeat_window=10, slow_mode=0)
    for text in "abac":
        said.add("zoe", text, now=0.0)
    assert [said.repeat_left("zoe", text, now=1.0) for text in "abc"] == [9, 0, 9]
