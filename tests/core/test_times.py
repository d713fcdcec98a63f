"""Points in time and durations, as Graph, manifests and snapshots spell them."""

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.core.times import (
    iso_duration,
    parse_duration,
    parse_iso_duration,
    parse_time,
    spell_duration,
    spell_time,
)


def at(*numbers: int) -> dt.datetime:
    return dt.datetime(*numbers, tzinfo=dt.UTC)  # type: ignore[arg-type,misc]  # three numbers or more


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("2022-08-05T17:42:12.725Z", at(2022, 8, 5, 17, 42, 12, 725_000), id="facts-1.2"),
        pytest.param("2021-02-02T10:30:34.9097561-08:00", at(2021, 2, 2, 18, 30, 34, 909_756), id="seed-tc-7-digits"),
        pytest.param("2024-05-19T12:16:55.8224757+00:00", at(2024, 5, 19, 12, 16, 55, 822_475), id="facts-3.5"),
        pytest.param("2026-01-31T12:00:00+05:30", at(2026, 1, 31, 6, 30), id="facts-2.3"),
        pytest.param("2026-01-31T12:00:00+0530", at(2026, 1, 31, 6, 30), id="no-colon"),
        pytest.param("2026-01-31t12:00:00z", at(2026, 1, 31, 12), id="lower-case"),
        *(
            pytest.param(
                f"2026-01-31T12:00:00.{'1' * n}Z",
                at(2026, 1, 31, 12, 0, 0, int(("1" * n).ljust(6, "0")[:6])),
                id=f"{n}-digits",
            )
            for n in range(1, 8)
        ),
    ],
)
def test_parse_time(text, expected):
    assert parse_time(text) == expected
    assert parse_time(text).tzinfo is dt.UTC


@pytest.mark.parametrize(
    "text",
    [
        "",
        "now",
        "2026-01-31",
        "2026-01-31T12:00:00",
        "2026-13-01T12:00:00Z",
        "2026-02-30T12:00:00Z",
        "2026-01-31T24:00:00Z",
        "2026-01-31T12:00:60Z",
        "2026-01-31T12:00:00+99:99",
        "2026-01-31T12:00:00+24:00",
        "0001-01-01T00:00:00+01:00",
        "9999-12-31T23:59:59-01:00",
        "0000-01-01T00:00:00Z",
        "2026-01-31 12:00:00Z",
        "٢٠٢٦-01-31T12:00:00Z",
    ],
)
def test_what_is_no_time(text):
    with pytest.raises(ValueError, match=r"."):
        parse_time(text)


@given(st.datetimes(timezones=st.just(dt.UTC)))
def test_times_survive_a_round_trip(moment):
    assert parse_time(spell_time(moment)) == moment


@pytest.mark.parametrize(
    ("moment", "expected"),
    [
        (at(2026, 1, 31, 12), "2026-01-31T12:00:00Z"),
        (at(2026, 1, 31, 12, 0, 0, 725_000), "2026-01-31T12:00:00.725000Z"),
        (dt.datetime(2026, 1, 31, 12, tzinfo=dt.timezone(dt.timedelta(hours=2))), "2026-01-31T10:00:00Z"),
    ],
)
def test_spell_time(moment, expected):
    assert spell_time(moment) == expected


@pytest.mark.parametrize(
    ("text", "seconds"), [("90s", 90), ("45m", 2700), ("12h", 43_200), ("3d", 259_200), ("1d12h", 129_600), ("0s", 0)]
)
def test_parse_duration(text, seconds):
    assert parse_duration(text) == dt.timedelta(seconds=seconds)


@pytest.mark.parametrize(
    "text", ["", "3", "d", "3D", "-1h", "1.5h", "1 h", "3w", "9" * 30 + "d", "9" * 5000 + "s", "٣d"]
)
def test_what_is_no_duration(text):
    with pytest.raises(ValueError, match=r"."):
        parse_duration(text)


@pytest.mark.parametrize(
    ("seconds", "people", "machines"),
    [
        (0, "0s", "PT0S"),
        (59, "59s", "PT59S"),
        (3600, "1h", "PT1H"),
        (258_900, "2d 23h 55m", "PT71H55M"),
        (259_200, "3d", "PT72H"),
        (86_401, "1d 1s", "PT24H1S"),
    ],
)
def test_spell_durations(seconds, people, machines):
    duration = dt.timedelta(seconds=seconds)
    assert (spell_duration(duration), iso_duration(duration)) == (people, machines)
    assert parse_duration(people.replace(" ", "")) == duration


def test_what_lies_in_the_past():
    assert spell_duration(dt.timedelta(minutes=-5)) == "-5m"


@given(st.integers(0, 10**9))
def test_durations_survive_a_round_trip(seconds):
    duration = dt.timedelta(seconds=seconds)
    assert parse_iso_duration(iso_duration(duration)) == duration


@pytest.mark.parametrize(("text", "hours"), [("PT72H", 72), ("P3D", 72), ("P1DT1H30M", 25.5), ("PT1H0.9S", 1)])
def test_parse_iso_duration(text, hours):
    assert parse_iso_duration(text) == dt.timedelta(hours=hours)


@pytest.mark.parametrize(
    "text", ["", "P", "PT", "P1Y", "P1M", "PT1.5H", "72h", "-PT1H", f"PT{'9' * 30}H", f"P{'9' * 5000}D"]
)
def test_what_is_no_iso_duration(text):
    with pytest.raises(ValueError, match=r"."):
        parse_iso_duration(text)


@given(st.from_regex(r"[0-9]{4}-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-6][0-9]:[0-6][0-9](\.[0-9]{1,9})?", fullmatch=True))
def test_z_is_the_offset_of_nothing(text):
    def read(spelled):
        try:
            return parse_time(spelled)
        except ValueError:
            return None

    assert read(f"{text}Z") == read(f"{text}+00:00") == read(f"{text}z")


@given(st.text() | st.from_regex(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d*)?[+-]\d\d:\d\d", fullmatch=True))
def test_garbage_raises_value_errors_only(text):
    for parse in (parse_time, parse_duration, parse_iso_duration):
        try:
            parse(text)
        except ValueError:
            continue
