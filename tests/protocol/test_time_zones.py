"""Times of day in a zone: one moment for each, and a clear answer where there is none."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tilo_ws.protocol.codes import CommandError
from tilo_ws.protocol.time_zones import in_words, moment, time_zone, time_zone_names, wall_time

BERLIN = time_zone("zone", "Europe/Berlin")


@given(st.integers(0, 250_000_000_000), st.sampled_from(time_zone_names()))
def test_what_a_clock_shows_leads_back_to_the_moment(seconds: int, name: str) -> None:
    zone = time_zone("zone", name)
    shown = wall_time(seconds, zone)
    found = moment("at", shown, zone)
    assert found <= seconds
    assert wall_time(found, zone) == shown


def test_a_time_is_read_in_its_zone() -> None:
    assert moment("at", "2026-07-01T20:00", BERLIN) == moment("at", "2026-07-01T18:00:00", time_zone("zone", "UTC"))
    assert in_words(moment("at", "2026-07-01T20:00", BERLIN), BERLIN) == "Wed 1 Jul 2026, 20:00 CEST"


def test_a_time_that_clocks_pass_over_is_refused() -> None:
    with pytest.raises(CommandError, match=r"^at: 02:30 on 29 March 2026 does not exist in Europe/Berlin"):
        moment("at", "2026-03-29T02:30", BERLIN)


def test_of_a_time_that_comes_twice_it_is_the_first() -> None:
    assert in_words(moment("at", "2026-10-25T02:30", BERLIN), BERLIN) == "Sun 25 Oct 2026, 02:30 CEST"


@pytest.mark.parametrize(
    "text", ["", "tomorrow", "2026-02-30T10:00", "2026-01-01T10:00Z", "0001-01-01T00:00", "99999-01-01T00:00"]
)
def test_what_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(CommandError, match=r"^at: must be a date and time"):
        moment("at", text, BERLIN)
