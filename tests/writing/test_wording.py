"""Words, moments and hostile text."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from include.writing.wording import counted, listed, long_moment, measured, moment, shown, span, visible

MOMENT = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("zone", "written"),
    [("UTC", "2026-11-24 08:00 UTC"), ("Europe/Berlin", "2026-11-24 09:00 CET"), ("America/Sao_Paulo", "2026-11-24 05:00 UTC-03")],
)
def test_a_moment_is_written_in_the_readers_zone_and_names_it(zone: str, written: str) -> None:
    assert moment(MOMENT, ZoneInfo(zone)) == written


def test_a_moment_that_never_was_is_called_never() -> None:
    assert moment(None, ZoneInfo("UTC")) == "never"


def test_owners_get_the_weekday_too() -> None:
    assert long_moment(MOMENT, ZoneInfo("Europe/Berlin")) == "Tuesday, 24 November 2026 at 09:00 CET"


@pytest.mark.parametrize(
    ("length", "words"),
    [
        (timedelta(days=12, hours=23), "12 days"),
        (timedelta(days=2, hours=5, minutes=59), "2 days 5 hours"),
        (timedelta(days=1), "1 day"),
        (timedelta(hours=23, minutes=59), "23 hours"),
        (timedelta(minutes=1), "1 minute"),
        (timedelta(seconds=59), "less than a minute"),
        (-timedelta(days=3), "3 days"),
    ],
)
def test_a_span_is_rounded_down_so_that_nobody_is_promised_too_much(length: timedelta, words: str) -> None:
    assert span(length) == words


def test_numbers_carry_their_noun() -> None:
    assert [counted(1, "alert"), counted(4812, "account"), counted(2, "entry", "entries")] == ["1 alert", "4,812 accounts", "2 entries"]
    assert [listed([]), listed(["a"]), listed(["a", "b", "c"])] == ["", "a", "a, b and c"]


@pytest.mark.parametrize(
    ("hostile", "seen"),
    [
        ("Eve\r\nBcc: x", "Eve␍␊Bcc: x"),
        ("gpj\u202eexe", "gpj\ufffdexe"),
        ("ad\u200bmin\u200f", "admin"),
        ("a\ud800b\x7f\x85", "a\ufffdb␡\ufffd"),
        ("Zoë 🚀", "Zoë 🚀"),
        ("👩🏽\u200d🚀 ❤️\u200d🔥", "👩🏽\u200d🚀 ❤️\u200d🔥"),
        ("ad\u200dmin 🚀\u200dx", "admin 🚀x"),
        ("نور", "نور"),
    ],
    ids=["line break", "reversed", "invisible", "half a character", "emoji", "emoji of two", "joined", "Arabic"],
)
def test_what_acts_instead_of_being_seen_is_made_visible_or_dropped(hostile: str, seen: str) -> None:
    assert visible(hostile) == seen


def test_long_text_is_cut_and_says_so() -> None:
    assert shown("x" * 10_000) == "x" * 79 + "…"
    assert shown("x" * 80) == "x" * 80


@pytest.mark.parametrize(
    ("value", "unit", "words"),
    [
        (93.4, "percent", "93.4 %"),
        (100, "percent", "100 %"),
        (0.0000028, "percent", "less than 0.001 %"),
        (0.12, "s", "120 ms"),
        (90, "s", "90 s"),
        (7200, "s", "2 hours"),
        (-86400, "s", "-1 day"),
        (1536, "bytes", "1.5 KiB"),
        (3 * 1024**2, "bytes/s", "3 MiB/s"),
        (14.4, "ratio", "14.4"),
        (4812, "users", "4,812 users"),
    ],
)
def test_a_value_is_said_as_people_say_it(value: float, unit: str, words: str) -> None:
    assert measured(value, unit) == words
