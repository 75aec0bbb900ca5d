"""Who is told of an alert: by routes, by the short form, by the escalation matrix; and who never is."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import settings as trials
from hypothesis import strategies as st

from include.config.settings import Settings
from include.model import Severity
from include.people.routing import Recipient, Subject, escalation, recipients
from tests.configured import configured

BERLIN = ZoneInfo("Europe/Berlin")
ADMIN = "admin@example.com"
NOON = datetime(2026, 11, 19, 12, tzinfo=BERLIN)
FILE = """
    monitoring: {zone: Europe/Berlin, system_health: {alert_channels: [email, slack, pagerduty, sms, webhook]}}
    people:
      ann: {name: Ann, email: ann@example.com, phone: "+491", zone: America/New_York}
      bob: {name: Bob, email: bob@example.com, slack: U02, quiet_hours: "22:00-07:00"}
      eve: {name: Eve, phone: "+493"}
    roles:
      administrator: [ann]
      on_call: {rotation: {people: [ann, eve], every: 1d, starts: 2026-11-01T09:00, zone: Europe/Berlin}}
      manager: [bob]
      development_team: [ann, bob, eve]
"""
SCOPED = """
    people:
      all: {name: All, email: all@example.com}
      ann: {name: Ann, email: ann@example.com, phone: "+491", slack: U01, organizations: [acme]}
      bob: {name: Bob, email: bob@example.com, phone: "+492", slack: U02, organizations: [globex]}
    roles: {administrator: [ann, bob], on_call: [ann, bob], manager: [ann, bob], development_team: [ann, bob],
            on_call_engineer: [bob, ann], team_lead: [ann, bob]}
    routes:
      - {match: {rule: by_role}, to: [{channel: email, role: on_call}, {channel: sms, role: manager}, {channel: slack, role: manager}]}
      - {match: {rule: by_name}, to: [{channel: email, person: ann}, {channel: sms, person: bob}]}
"""


def subject(duty: str = "system_health", severity: str = "warning", priority: str = "medium", rule: str = "", **labels: str) -> Subject:
    return Subject(duty, rule, Severity(severity), priority, labels)


def addresses(found: list[Recipient] | tuple[Recipient, ...]) -> list[tuple[str, str]]:
    return [(one.channel, one.receiver) for one in found]


def with_routes(routes: str) -> Settings:
    return configured(f"{FILE}    routes: {routes}\n")


def test_without_a_route_the_channels_of_the_duty_reach_administrators_those_on_call_and_the_channels_own_receivers() -> None:
    found = recipients(configured(FILE), subject(), ADMIN, NOON)
    assert found == [
        Recipient("email", "ann@example.com", "ann", "administrator", "alert_channels of system_health", "America/New_York"),
        Recipient("slack", "#alerts", None, None, "alert_channels of system_health", "Europe/Berlin"),
        Recipient("pagerduty", "pagerduty", None, None, "alert_channels of system_health", "Europe/Berlin"),
        Recipient("sms", "+491", "ann", "on_call", "alert_channels of system_health", "America/New_York"),
        Recipient("webhook", "webhook", None, None, "alert_channels of system_health", "Europe/Berlin"),
    ]


def test_the_receiver_in_slack_can_be_named_once_for_all() -> None:
    text = "monitoring: {system_health: {alert_channels: [slack]}}\nchannels: {slack: {receiver: '#ops'}}"
    assert addresses(recipients(configured(text), subject(), ADMIN, NOON)) == [("slack", "#ops")]


def test_a_duty_without_a_section_has_mail() -> None:
    found = recipients(configured(FILE), subject("database_health"), ADMIN, NOON)
    assert addresses(found) == [("email", "ann@example.com")]


def test_what_nobody_is_assigned_to_goes_to_the_default_receiver_by_mail() -> None:
    found = recipients(Settings(), subject(), ADMIN, NOON)
    reason = "alert_channels of system_health; nobody is administrator"
    assert found[0] == Recipient("email", ADMIN, None, "administrator", reason, "UTC")
    assert addresses(recipients(Settings(), subject(), None, NOON)) == [("email", "")], "no_receiver, on record"


@pytest.mark.parametrize(
    ("match", "alert", "hit"),
    [
        ("{}", subject(), True),
        ("{duty: system_health}", subject(), True),
        ("{duty: [capacity, trends]}", subject(), False),
        ("{duty: security}", subject("security_watch"), True),
        ("{duty: security_watch}", subject("security"), True),
        ("{rule: source_up}", subject(rule="source_up"), True),
        ("{rule: source_up}", subject(rule="cpu"), False),
        ("{severity: [critical, warning]}", subject(severity="warning"), True),
        ("{severity: critical}", subject(severity="warning"), False),
        ("{priority: high}", subject(priority="high"), True),
        ("{environment: prod}", subject(environment="prod"), True),
        ("{environment: prod}", subject(), False),
        ("{labels: {host: [a, b]}}", subject(host="b"), True),
        ("{labels: {host: a, disk: b}}", subject(host="a", disk="c"), False),
        ("{severity: warning, labels: {host: a}}", subject(host="a"), True),
        ("{calendar: office}", subject(), True),
        ("{outside: office}", subject(), False),
    ],
)
def test_a_route_matches_when_all_that_it_names_holds(match: str, alert: Subject, hit: bool) -> None:
    settings = with_routes(f"[{{match: {match}, to: [{{channel: slack, receiver: '#here'}}]}}]")
    assert (("slack", "#here") in addresses(recipients(settings, alert, ADMIN, NOON))) is hit


def test_a_route_outside_of_office_hours_counts_at_night_and_on_holidays() -> None:
    text = f"{FILE}    calendars: {{office: {{holidays: DE}}}}\n    routes: [{{match: {{outside: office}}, to: [{{channel: slack}}]}}]\n"
    moments = [datetime(2026, 12, *when, tzinfo=BERLIN) for when in ((23, 12), (23, 20), (25, 12))]
    told = [recipients(configured(text), subject(), ADMIN, at)[0].reason for at in moments]
    assert told == ["alert_channels of system_health", "route 1: outside office", "route 1: outside office"]


def test_the_first_route_that_matches_counts_and_further_ones_while_they_continue() -> None:
    routes = """
      - {match: {duty: capacity}, to: [{channel: slack, receiver: '#1'}]}
      - {match: {severity: warning, duty: [system_health, trends]}, to: [{channel: slack, receiver: '#2'}], continue: true}
      - {to: [{channel: slack, receiver: '#3'}, {channel: slack, receiver: '#2'}]}
      - {to: [{channel: slack, receiver: '#4'}]}
    """
    found = recipients(with_routes(routes), subject(), ADMIN, NOON)
    assert [(one.receiver, one.reason) for one in found] == [
        ("#2", "route 2: duty system_health or trends, severity warning"),
        ("#3", "route 3: every alert"),
    ], "a receiver that is named twice is told once, for the first reason"


def test_a_person_without_an_address_for_a_channel_is_reached_in_another_way() -> None:
    routes = "[{to: [{channel: sms, role: manager}, {channel: slack, role: development_team}]}]"
    found = recipients(with_routes(routes), subject(), ADMIN, NOON)
    assert [(one.channel, one.receiver, one.person) for one in found] == [
        ("email", "bob@example.com", "bob"),
        ("email", "ann@example.com", "ann"),
        ("slack", "U02", "bob"),
        ("sms", "+493", "eve"),
    ]


@pytest.mark.parametrize(
    ("at", "severity", "priority", "held"),
    [
        (datetime(2026, 11, 19, 23, tzinfo=BERLIN), "warning", "medium", datetime(2026, 11, 20, 6, tzinfo=UTC)),
        (datetime(2026, 11, 19, 5, tzinfo=UTC), "info", "low", datetime(2026, 11, 19, 6, tzinfo=UTC)),
        (datetime(2026, 11, 19, 6, tzinfo=UTC), "info", "low", None),
        (datetime(2026, 11, 19, 23, tzinfo=BERLIN), "critical", "critical", None),
        (datetime(2026, 11, 19, 23, tzinfo=BERLIN), "critical", "low", None),
        (datetime(2026, 11, 19, 23, tzinfo=BERLIN), "warning", "critical", None),
    ],
    ids=["23:00 to 07:00 = 06:00 UTC", "06:00 in Berlin", "07:00 in Berlin", "critical", "of severity alone", "of priority alone"],
)
def test_quiet_hours_hold_what_is_not_critical_until_they_end(at: datetime, severity: str, priority: str, held: datetime | None) -> None:
    settings = with_routes("[{to: [{channel: email, person: bob}, {channel: email, person: ann}]}]")
    found = recipients(settings, subject(severity=severity, priority=priority), ADMIN, at)
    assert [(one.person, one.held_until) for one in found[:2]] == [("bob", held), ("ann", None)]


def matrix(settings: Settings, alert: Subject, since: datetime = NOON) -> list[tuple[timedelta, list[tuple[str, str]]]]:
    return [(step.after, addresses(step.recipients)) for step in escalation(settings, alert, since, ADMIN)]


@pytest.mark.parametrize(
    ("priority", "after", "roles"),
    [
        ("critical", timedelta(0), ["on_call", "manager"]),
        ("high", timedelta(minutes=15), ["on_call_engineer"]),
        ("medium", timedelta(hours=1), ["development_team"]),
        ("low", timedelta(hours=23), ["team_lead"]),
    ],
)
def test_the_matrix_as_shipped(priority: str, after: timedelta, roles: list[str]) -> None:
    people = "people: {a: {name: A, email: a@x}, b: {name: B, email: b@x}}\nroles: {on_call: [a], manager: [b]}"
    (step,) = escalation(configured(people), subject(priority=priority), datetime(2026, 11, 19, 10, tzinfo=UTC), ADMIN)
    assert (step.at, step.after) == (datetime(2026, 11, 19, 10, tzinfo=UTC) + after, after), "thursday ten o'clock + 23 h = friday nine"
    assert [one.role for one in step.recipients] == roles


def test_critical_is_mailed_and_texted_to_whoever_is_on_call_and_to_the_manager() -> None:
    found = matrix(configured(FILE), subject(severity="critical", priority="critical"))
    assert found == [(timedelta(0), [("email", "ann@example.com"), ("sms", "+491"), ("email", "bob@example.com")])]


def test_who_is_on_call_is_asked_for_the_time_of_the_step_and_not_of_the_alert() -> None:
    text = f"{FILE}    escalation: {{high: [{{after: 1h, roles: [on_call]}}, {{after: 15m, roles: [on_call]}}]}}\n"
    found = escalation(configured(text), subject(priority="high"), datetime(2026, 11, 19, 8, 30, tzinfo=BERLIN), ADMIN)
    assert [(step.after, step.recipients[0].person, step.recipients[0].reason) for step in found] == [
        (timedelta(minutes=15), "eve", "escalation high, step 2: on_call after 15m"),
        (timedelta(hours=1), "ann", "escalation high, step 1: on_call after 1h"),
    ], "steps by time: 08:45 is before the hand-over at nine, 09:30 after it"


@pytest.mark.parametrize(
    ("since", "calendar", "hours"),
    [
        (datetime(2026, 11, 20, 18, tzinfo=BERLIN), "", 63),
        (datetime(2026, 3, 27, 18, tzinfo=BERLIN), "", 62),
        (datetime(2026, 5, 22, 18, tzinfo=BERLIN), "calendar: german, ", 87),
        (datetime(2026, 12, 31, 17, tzinfo=BERLIN), "calendar: german, ", 88),
    ],
    ids=["friday evening to monday", "over the change of the clocks", "a holiday on monday", "over the year's end"],
)
def test_low_waits_for_the_next_business_day(since: datetime, calendar: str, hours: int) -> None:
    text = f"""
    monitoring: {{zone: Europe/Berlin}}
    calendars: {{german: {{holidays: DE}}}}
    escalation: {{low: [{{after: next_business_day, {calendar}roles: team_lead}}]}}
    """
    (step,) = escalation(configured(text), subject(priority="low"), since, ADMIN)
    assert (step.after, step.recipients[0].reason) == (
        timedelta(hours=hours),
        "escalation low, step 1: team_lead on the next business day; nobody is team_lead",
    )


def test_an_hour_is_an_hour_also_when_the_clocks_change() -> None:
    (step,) = escalation(configured(FILE), subject(), datetime(2026, 3, 29, 1, 30, tzinfo=BERLIN), ADMIN)
    assert step.at == datetime(2026, 3, 29, 3, 30, tzinfo=BERLIN), "01:30 and an hour, for 02:00 is 03:00"


def test_a_step_can_name_channels_of_people_and_of_its_own() -> None:
    text = f"{FILE}    escalation: {{high: [{{after: 5m, roles: manager, channels: [slack, pagerduty]}}]}}\n"
    assert matrix(configured(text), subject(priority="high")) == [(timedelta(minutes=5), [("pagerduty", "pagerduty"), ("slack", "U02")])]


def test_two_unassigned_roles_are_one_mail_to_the_default_receiver() -> None:
    (step,) = escalation(Settings(), subject(severity="critical", priority="critical"), NOON, ADMIN)
    assert [(one.receiver, one.role) for one in step.recipients] == [(ADMIN, "on_call")]


def test_a_duty_that_mails_a_digest_mails_no_alert_by_itself_unless_a_route_says_so_or_it_is_critical() -> None:
    alert = subject("account_expiration", "critical", "critical")
    assert addresses(recipients(configured(FILE), alert, ADMIN, NOON)) == []
    at_once = [("email", "ann@example.com"), ("sms", "+491"), ("email", "bob@example.com")]
    assert matrix(configured(FILE), alert) == [(timedelta(0), at_once)]
    assert [told for _, told in matrix(configured(FILE), subject("account_expiration", "critical", "low"))] == [[]]
    settings = with_routes("[{match: {duty: account_expiration}, to: [{channel: email, role: manager}]}]")
    assert addresses(recipients(settings, alert, ADMIN, NOON)) == [("email", "bob@example.com")]


@pytest.mark.parametrize("rule", ["by_role", "by_name", "by_short_form"])
@pytest.mark.parametrize(
    ("labels", "unseen"),
    [
        ({"organization": "acme"}, {"bob@example.com", "+492", "U02"}),
        ({"organization": "globex"}, {"ann@example.com", "+491", "U01"}),
        ({"organization": "initech"}, {"ann@example.com", "+491", "U01", "bob@example.com", "+492", "U02"}),
        ({}, {"ann@example.com", "+491", "U01", "bob@example.com", "+492", "U02"}),
    ],
    ids=["acme", "globex", "neither's", "nobody's"],
)
def test_a_never_sees_b(rule: str, labels: dict[str, str], unseen: set[str]) -> None:
    settings = configured(SCOPED)
    for priority in ("critical", "high", "medium", "low"):
        alert = subject(priority=priority, rule=rule, **labels)
        told = [
            *recipients(settings, alert, ADMIN, NOON),
            *(one for step in escalation(settings, alert, NOON, ADMIN) for one in step.recipients),
        ]
        assert not {one.receiver for one in told} & unseen
        assert all(one.person == {"acme": "ann", "globex": "bob"}.get(labels.get("organization", "")) for one in told if one.person)
        assert {one.receiver for one in told}, "and somebody is told"


def test_what_nobody_in_a_role_may_see_goes_to_the_default_receiver_with_the_reason() -> None:
    found = recipients(configured(SCOPED), subject(rule="by_name"), ADMIN, NOON)
    assert [(one.receiver, one.role, one.reason) for one in found[:1]] == [
        (ADMIN, None, "route 2: rule by_name; ann may not see alerts without an organisation")
    ]
    (step,) = escalation(configured(SCOPED), subject(organization="initech"), NOON, ADMIN)
    reason = "escalation medium, step 1: development_team after 1h; ann, bob may not see alerts of initech"
    assert [(one.receiver, one.role, one.reason) for one in step.recipients] == [(ADMIN, "development_team", reason)]


RECEIVERS = """
    monitoring: {system_health: {alert_channels: [slack, pagerduty]}}
    people: {bob: {name: Bob, email: bob@example.com}}
    roles: {manager: [bob]}
    channels: {slack: {organizations: [acme]}, pagerduty: {organizations: [globex]}, webhook: {organizations: [globex]}}
    routes:
      - match: {rule: by_route}
        to: [{channel: slack, receiver: "#acme", organizations: [acme]}, {channel: webhook}, {channel: slack}]
      - {match: {rule: by_anybody}, to: [{channel: slack, receiver: "#all"}]}
    escalation: {high: [{after: 5m, roles: manager, channels: pagerduty}], low: [{after: 5m, roles: manager, channels: [email, pagerduty]}]}
"""


@pytest.mark.parametrize(
    ("rule", "labels", "told"),
    [
        ("by_route", {"organization": "acme"}, [("slack", "#acme"), ("slack", "#alerts")]),
        ("by_route", {"organization": "globex"}, [("webhook", "webhook")]),
        ("by_route", {"organization": "initech"}, [("email", ADMIN)]),
        ("by_route", {}, [("email", ADMIN)]),
        ("by_anybody", {"organization": "globex"}, [("slack", "#all")]),
        ("short form", {"organization": "acme"}, [("slack", "#alerts")]),
        ("short form", {"organization": "globex"}, [("pagerduty", "pagerduty")]),
        ("short form", {}, [("email", ADMIN)]),
    ],
)
def test_a_receiver_gets_what_lies_in_its_scope_and_what_lies_in_none_goes_to_the_default_receiver(
    rule: str, labels: dict[str, str], told: list[tuple[str, str]]
) -> None:
    assert addresses(recipients(configured(RECEIVERS), subject(rule=rule, **labels), ADMIN, NOON)) == told


def test_a_step_of_the_matrix_keeps_to_the_scope_of_a_channel() -> None:
    settings = configured(RECEIVERS)
    assert matrix(settings, subject(priority="high", organization="globex")) == [(timedelta(minutes=5), [("pagerduty", "pagerduty")])]
    assert matrix(settings, subject(priority="high", organization="acme")) == [(timedelta(minutes=5), [("email", ADMIN)])]
    assert matrix(settings, subject(priority="low", organization="acme")) == [(timedelta(minutes=5), [("email", "bob@example.com")])]
    (step,) = escalation(settings, subject(priority="high"), NOON, ADMIN)
    reason = "escalation high, step 1: manager after 5m; no receiver of it may see alerts without an organisation"
    assert [one.reason for one in step.recipients] == [reason]


def test_a_duty_without_channels_tells_nobody_at_once() -> None:
    settings = configured("monitoring: {system_health: {alert_channels: []}}")
    assert recipients(settings, subject(), ADMIN, NOON) == []


def test_a_moment_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="has no time zone"):
        recipients(Settings(), subject(), ADMIN, NOON.replace(tzinfo=None))
    with pytest.raises(ValueError, match="has no time zone"):
        escalation(Settings(), subject(), NOON.replace(tzinfo=None), ADMIN)


@trials(deadline=None, database=None)
@given(
    st.sampled_from(["system_health", "database_health", "security_watch", "trends"]),
    st.sampled_from(["critical", "warning", "info"]),
    st.sampled_from(["critical", "high", "medium", "low"]),
    st.sampled_from([{}, {"organization": "acme"}, {"organization": "initech"}]),
    st.integers(0, 2 * 365 * 24),
)
def test_every_alert_reaches_somebody_at_once_and_in_every_step(
    duty: str, severity: str, priority: str, labels: dict[str, str], hour: int
) -> None:
    at = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(hours=hour)
    alert = subject(duty, severity, priority, **labels)
    for text in ("", FILE, SCOPED):
        settings = configured(text)
        told = [recipients(settings, alert, ADMIN, at), *(step.recipients for step in escalation(settings, alert, at, ADMIN))]
        assert all([one for one in group if one.receiver] for group in told)
        assert all(len(set(addresses(group))) == len(group) for group in told)
