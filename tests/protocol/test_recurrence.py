"""Recurrence: starts rise and match the expression, and the clocks' changes are dealt with as cron does."""

import itertools
import string
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tilo_ws.protocol.codes import CommandError
from tilo_ws.protocol.recurrence import Recurrence
from tilo_ws.protocol.time_zones import in_words

BERLIN = "Europe/Berlin"
WINTER = datetime(2026, 1, 15, tzinfo=UTC).timestamp()
SPRING = datetime(2026, 3, 28, 12, tzinfo=UTC).timestamp()
AUTUMN = datetime(2026, 10, 24, 12, tzinfo=UTC).timestamp()
ZONES = ["UTC", BERLIN, "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata", "Africa/Cairo", "America/Havana"]

Field = tuple[str, set[int]]


@st.composite
def fields(draw: st.DrawFn, least: int, most: int) -> Field:
    """A field of an expression, and the numbers that it stands for."""
    low = draw(st.integers(least, most - 1))
    high = draw(st.integers(low + 1, most))  # the library reads 6-6/2 as 6/2, from 6 to the end
    step = draw(st.integers(1, most))
    several = draw(st.sets(st.integers(least, most), min_size=1, max_size=4))
    return draw(
        st.sampled_from(
            [
                ("*", set(range(least, most + 1))),
                (str(low), {low}),
                (f"{low}-{high}", set(range(low, high + 1))),
                (f"{low}-{high}/{step}", set(range(low, high + 1, step))),
                (f"*/{step}", set(range(least, most + 1, step))),
                (",".join(map(str, sorted(several))), several),
            ]
        )
    )


def starts(recurrence: Recurrence, after: float, count: int) -> list[float]:
    return list(itertools.islice(recurrence.after(after), count))


def shown(recurrence: Recurrence, after: float, count: int) -> list[str]:
    return [in_words(start, recurrence.zone).split(", ")[1] for start in starts(recurrence, after, count)]


@given(
    minute=fields(0, 59),
    hour=fields(0, 23),
    weekday=fields(0, 6),
    zone=st.sampled_from(ZONES),
    after=st.floats(0, 4e9),
)
def test_starts_rise_and_match_the_expression(minute: Field, hour: Field, weekday: Field, zone: str, after: float) -> None:
    recurrence = Recurrence(f"{minute[0]} {hour[0]} * * {weekday[0]}", zone, after)
    found = starts(recurrence, after, 20)
    assert len(found) == 20
    for before, start in itertools.pairwise([after, *found]):
        assert before < start
    for start in found:
        at = datetime.fromtimestamp(start, ZoneInfo(zone))
        if was_passed_over(at):
            continue  # what the clocks passed over begins right after the change
        assert at.minute in minute[1]
        assert at.hour in hour[1]
        assert at.isoweekday() % 7 in weekday[1]
        assert at.second == 0


def was_passed_over(at: datetime) -> bool:
    """Whether clocks were put forward to this time: as if an hour ago had another distance to UTC."""
    before = (at.astimezone(UTC) - timedelta(minutes=90)).astimezone(at.tzinfo)
    return before.utcoffset() != at.utcoffset()


@given(minute=fields(0, 59), hour=fields(0, 23), day=fields(1, 31), after=st.integers(0, 4_000_000_000))
def test_no_start_is_left_out(minute: Field, hour: Field, day: Field, after: int) -> None:
    recurrence = Recurrence(f"{minute[0]} {hour[0]} {day[0]} * *", "UTC", after)
    first = after // 60 * 60 + 60
    clock = [datetime.fromtimestamp(second, UTC) for second in range(first, first + 2 * 86_400, 60)]
    wanted = [at.timestamp() for at in clock if at.minute in minute[1] and at.hour in hour[1] and at.day in day[1]]
    assert list(itertools.takewhile(lambda start: start <= clock[-1].timestamp(), recurrence.after(after))) == wanted


@given(
    st.text(string.digits + "*/-,#LWMONTUE ?@\0²é", max_size=30)
    | st.lists(st.text(string.digits + "*/-,#LW", min_size=1, max_size=4), min_size=5, max_size=5).map(" ".join),
    st.sampled_from(ZONES),
)
def test_any_text_is_an_expression_or_a_clear_mistake(text: str, zone: str) -> None:
    mistake = ""
    try:
        recurrence = Recurrence(text, zone, WINTER)
    except CommandError as error:
        mistake = error.message
    assert mistake.startswith("cron: ") or (recurrence.explanation and starts(recurrence, WINTER, 1))


@pytest.mark.parametrize(
    ("cron", "why"),
    [
        ("", "five fields"),
        ("* * * *", "five fields"),
        ("0 * * * * *", "five fields"),
        ("@daily", "five fields"),
        ("60 * * * *", "bad minute"),
        ("0 24 * * *", "bad hour"),
        ("0 0 31 2 *", "bad day-of-month"),
        ("0 0 * * FRY", "bad day-of-week"),
        ("0 0 1 13 *", "bad month"),
        ("0 0 * 2 MON#5,", "bad day-of-week"),
        ("0 0 * * " + "1," * 200 + "1", "at most 200"),
    ],
)
def test_what_is_wrong_with_an_expression_is_told(cron: str, why: str) -> None:
    with pytest.raises(CommandError, match=rf"^cron: .*{why}"):
        Recurrence(cron, "UTC", WINTER)


@pytest.mark.parametrize("zone", ["", "Mars/Olympus", "../../etc/passwd", "europe/berlin"])
def test_an_unknown_time_zone_is_told(zone: str) -> None:
    with pytest.raises(CommandError, match=r"^timezone: "):
        Recurrence("* * * * *", zone, WINTER)


def test_a_time_that_clocks_pass_over_begins_right_after_the_change() -> None:
    assert shown(Recurrence("30 2 * * *", BERLIN, SPRING), SPRING, 2) == ["03:00 CEST", "02:30 CEST"]


def test_a_time_that_comes_twice_counts_once() -> None:
    recurrence = Recurrence("30 2 * * *", BERLIN, AUTUMN)
    assert shown(recurrence, AUTUMN, 2) == ["02:30 CEST", "02:30 CET"]
    [first, second] = starts(recurrence, AUTUMN, 2)
    assert second - first == 25 * 3600, "the next day's"
    assert starts(recurrence, first + 1800, 1) == [second], "asked in the hour that comes twice"


def test_a_pace_goes_on_over_the_change() -> None:
    for day in (SPRING, AUTUMN):
        found = starts(Recurrence("*/30 * * * *", BERLIN, day), day, 96)
        assert {following - start for start, following in itertools.pairwise(found)} == {1800}


def test_changes_of_the_clocks_are_told_where_they_matter() -> None:
    assert Recurrence("30 2 * * *", BERLIN, SPRING).around_clock_changes(SPRING) == [
        "On Sun 29 Mar 2026 clocks go from 02:00 to 03:00 CEST; it starts at 03:00 CEST.",
        "On Sun 25 Oct 2026 clocks go from 03:00 to 02:00 CET; it starts at 02:30 CEST.",
        "On Sun 28 Mar 2027 clocks go from 02:00 to 03:00 CEST; it starts at 03:00 CEST.",
    ]
    assert Recurrence("0 20 * * *", BERLIN, SPRING).around_clock_changes(SPRING) == []
    assert Recurrence("30 2 * * *", "UTC", SPRING).around_clock_changes(SPRING) == []


def test_what_would_last_into_the_next_one_is_refused_and_both_are_named() -> None:
    recurrence = Recurrence("0 20 * * *", BERLIN, WINTER)
    recurrence.check_length(86_400, WINTER)
    recurrence.check_length(86_400, SPRING)
    with pytest.raises(CommandError, match=r"^duration: the one of Thu 15 Jan.* Fri 16 Jan 2026, 20:00 CET: at most 86400 s"):
        recurrence.check_length(86_401, WINTER)


def test_on_a_short_day_an_occurrence_ends_when_the_next_begins() -> None:
    recurrence = Recurrence("0 20 * * *", BERLIN, SPRING)
    [first, second] = itertools.islice(recurrence.occurrences(86_400, SPRING), 2)
    assert first.expires_at == second.starts_at == first.starts_at + 23 * 3600


def test_the_end_of_time_ends_it() -> None:
    late = datetime(9999, 12, 30, 12, tzinfo=UTC).timestamp()
    assert len(list(Recurrence("0 0 * * *", "UTC", WINTER).after(late))) == 1
