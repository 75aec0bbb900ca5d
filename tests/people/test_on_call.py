"""Who is on call: hand-overs by the clock, those who stand in, and the calendar file."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import settings as trials
from hypothesis import strategies as st

from include.config.people import Override, Person, RotatingRole, Rotation
from include.config.settings import Settings
from include.people.on_call import ical, on_call, shifts
from tests.configured import configured

BERLIN = ZoneInfo("Europe/Berlin")
FILE = """
    people: {ann: {name: "Ann, Ito; Jr.", email: a@example.com}, bob: {name: Bob Lee, phone: "+491"}, eve: {name: Eve Kay, slack: U01}}
    roles:
      manager: [eve, bob]
      on_call:
        rotation:
          people: [ann, bob]
          every: 1w
          starts: 2026-01-05T09:00
          zone: Europe/Berlin
          overrides:
            - {person: eve, starts: 2026-12-24T18:00, ends: 2026-12-26T12:00}
            - {person: bob, starts: 2026-12-28T06:00, ends: 2026-12-28T12:00}
"""


@pytest.fixture(scope="module")
def settings() -> Settings:
    return configured(FILE)


def berlin(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=BERLIN)


@pytest.mark.parametrize(
    ("at", "who"),
    [
        ("2026-01-05T08:59", ()),
        ("2026-01-05T09:00", ("ann",)),
        ("2026-01-12T08:59", ("ann",)),
        ("2026-01-12T09:00", ("bob",)),
        ("2026-03-30T08:59", ("bob",)),
        ("2026-03-30T09:00", ("ann",)),
        ("2026-10-26T08:59", ("bob",)),
        ("2026-10-26T09:00", ("ann",)),
        ("2026-12-24T17:59", ("ann",)),
        ("2026-12-24T18:00", ("eve",)),
        ("2026-12-26T11:59", ("eve",)),
        ("2026-12-26T12:00", ("ann",)),
        ("2026-12-28T08:00", ("bob",)),
        ("2026-12-28T12:00", ("bob",)),
        ("2027-01-04T09:00", ("ann",)),
    ],
    ids=[
        "nobody before it starts",
        "week 0",
        "the last minute of week 0",
        "week 1",
        "week 11, after the clocks went forward, until nine by the clock",
        "week 12",
        "week 41, after the clocks went back",
        "week 42",
        "week 50",
        "eve stands in in the middle of it",
        "to her last minute",
        "ann goes on with week 50",
        "bob begins three hours before his week",
        "and stays for the rest of it",
        "week 52, over the year's end",
    ],
)
def test_who_is_on_call_at_a_moment(settings: Settings, at: str, who: tuple[str, ...]) -> None:
    assert on_call(settings, "on_call", berlin(at)) == who


def test_a_fixed_role_is_held_by_all_in_it_and_an_unassigned_one_by_nobody(settings: Settings) -> None:
    at = berlin("2026-01-05T09:00")
    assert (on_call(settings, "manager", at), on_call(settings, "team_lead", at)) == (("eve", "bob"), ())


def test_shifts_are_whole_and_an_override_cuts_the_one_that_it_interrupts(settings: Settings) -> None:
    found = shifts(settings, "on_call", berlin("2026-12-24T00:00"), berlin("2026-12-30T00:00"))
    assert [(one.person, one.starts.astimezone(BERLIN).strftime("%d %H:%M"), one.stands_in) for one in found] == [
        ("ann", "21 09:00", False),
        ("eve", "24 18:00", True),
        ("ann", "26 12:00", False),
        ("bob", "28 06:00", True),
        ("bob", "28 12:00", False),
    ]
    assert found[-1].ends == berlin("2027-01-04T09:00")


def test_a_week_in_which_the_clocks_change_has_an_hour_less_or_more(settings: Settings) -> None:
    spring = shifts(settings, "on_call", berlin("2026-03-25T00:00"), berlin("2026-03-26T00:00"))
    autumn = shifts(settings, "on_call", berlin("2026-10-21T00:00"), berlin("2026-10-22T00:00"))
    assert [one.ends - one.starts for one in (*spring, *autumn)] == [timedelta(hours=167), timedelta(hours=169)]


def test_a_rotation_without_a_zone_is_in_that_of_the_monitoring() -> None:
    text = FILE.replace("          zone: Europe/Berlin\n", "").replace("    people:", "    monitoring: {zone: Asia/Tokyo}\n    people:", 1)
    tokyo = datetime(2026, 1, 12, 9, tzinfo=ZoneInfo("Asia/Tokyo"))
    settings = configured(text)
    assert [on_call(settings, "on_call", at) for at in (tokyo - timedelta(seconds=1), tokyo)] == [("ann",), ("bob",)]


@st.composite
def rotations(draw: st.DrawFn) -> Rotation:
    """Any number of people and days in any zone, with overrides that do not overlap, to the hour."""
    starts = draw(st.datetimes(datetime.fromisoformat("2025-01-01"), datetime.fromisoformat("2027-01-01"))).replace(
        minute=0, second=0, microsecond=0
    )
    edges = sorted(draw(st.sets(st.integers(-100, 3000), max_size=8)))
    pairs = zip(edges[::2], edges[1::2], strict=False)
    hour = timedelta(hours=1)
    return Rotation(
        people=draw(st.lists(st.sampled_from("abc"), min_size=1, max_size=4)),
        every=timedelta(days=draw(st.integers(1, 15))),
        starts=starts,
        zone=draw(st.sampled_from(["UTC", "Europe/Berlin", "America/New_York", "Asia/Kathmandu"])),
        overrides=[
            Override(person=draw(st.sampled_from("abc")), starts=starts + hour * one, ends=starts + hour * two) for one, two in pairs
        ],
    )


@trials(deadline=None, database=None)
@given(rotations(), st.integers(0, 3000), st.integers(1, 900))
def test_shifts_tile_the_time_and_exactly_one_is_on_call_at_every_moment(rotation: Rotation, begin: int, length: int) -> None:
    people = {name: Person(name=name, email="a@example.com") for name in "abc"}
    settings = Settings(people=people, roles={"on_call": RotatingRole(rotation=rotation)})
    since = rotation.starts.replace(tzinfo=ZoneInfo(str(rotation.zone))).astimezone(UTC) + timedelta(hours=begin)
    until = since + timedelta(hours=length)
    found = shifts(settings, "on_call", since, until)
    assert found[0].starts <= since < found[0].ends
    assert found[-1].starts < until <= found[-1].ends
    assert [one.ends for one in found[:-1]] == [one.starts for one in found[1:]]
    for shift in found:
        for at in (shift.starts, shift.ends - timedelta(microseconds=1)):
            assert on_call(settings, "on_call", at) == (shift.person,)


def test_a_calendar_file_has_one_event_for_each_shift(settings: Settings) -> None:
    text = ical(settings, "on_call", berlin("2026-12-24T00:00"), berlin("2026-12-27T00:00"))
    assert text == (
        "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//SecureNet Monitoring//on call//EN\r\nX-WR-CALNAME:on_call\r\n"
        "BEGIN:VEVENT\r\nUID:on_call-20261221T080000Z@securenet-monitoring\r\nDTSTAMP:20261223T230000Z\r\n"
        "DTSTART:20261221T080000Z\r\nDTEND:20261224T170000Z\r\nSUMMARY:on_call: Ann\\, Ito\\; Jr.\r\nEND:VEVENT\r\n"
        "BEGIN:VEVENT\r\nUID:on_call-20261224T170000Z@securenet-monitoring\r\nDTSTAMP:20261223T230000Z\r\n"
        "DTSTART:20261224T170000Z\r\nDTEND:20261226T110000Z\r\nSUMMARY:on_call: Eve Kay (stands in)\r\nEND:VEVENT\r\n"
        "BEGIN:VEVENT\r\nUID:on_call-20261226T110000Z@securenet-monitoring\r\nDTSTAMP:20261223T230000Z\r\n"
        "DTSTART:20261226T110000Z\r\nDTEND:20261228T050000Z\r\nSUMMARY:on_call: Ann\\, Ito\\; Jr.\r\nEND:VEVENT\r\n"
        "END:VCALENDAR\r\n"
    )


def test_an_event_keeps_its_uid_from_file_to_file(settings: Settings) -> None:
    first, second = (
        set(re.findall(r"UID:\S+", ical(settings, "on_call", berlin(at), berlin("2026-12-30T00:00"))))
        for at in ("2026-12-01", "2026-12-25")
    )
    assert second < first


def test_a_name_cannot_write_lines_of_its_own_into_the_file_and_long_lines_are_folded() -> None:
    name = "Zoë\r\nEND:VCALENDAR " + "ü" * 60
    settings = Settings(
        people={"zoe": Person(name=name, email="a@example.com")},
        roles={"on_call": RotatingRole(rotation=Rotation(people=["zoe"], every="1w", starts="2026-01-05T09:00", zone="UTC"))},
    )
    text = ical(settings, "on_call", datetime(2026, 1, 6, tzinfo=UTC), datetime(2026, 1, 7, tzinfo=UTC))
    assert text.count("END:VCALENDAR\r\n") == 1
    assert max(len(line.encode()) for line in text.split("\r\n")) == 75
    assert f"SUMMARY:on_call: Zoë␍␊END:VCALENDAR {'ü' * 60}\r\n" in text.replace("\r\n ", "")


def test_a_role_that_does_not_rotate_has_no_shifts(settings: Settings) -> None:
    with pytest.raises(ValueError, match="role 'manager' has no rotation; those that have: on_call"):
        ical(settings, "manager", berlin("2026-01-05"), berlin("2026-01-06"))
