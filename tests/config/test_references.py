"""People, rotations, calendars, routes and the matrix: one bad file per rule, with the exact words that answer it."""

from __future__ import annotations

import subprocess
import sys
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest

from include.config.alerts import CAPS, CapName
from include.config.loading import ConfigurationRefused, describe_settings, load, parse
from include.config.people import RotatingRole
from tests.configured import configured

ROOT = Path(__file__).parents[2]
ANN = "people: {ann: {name: Ann, email: ann@example.com}}"
SCOPED = "people: {ann: {name: Ann, email: ann@example.com}, bob: {name: Bob, email: bob@example.com, organizations: [globex]}}"
ACME = "{labels: {organization: acme}}"
ROTATION = "roles: {on_call: {rotation: {people: [ann], every: 1w, starts: 2026-01-05T09:00%s}}}"
SEVERITIES = "critical, warning, info"
PRIORITIES = "critical, high, medium, low"
CHANNELS = "email, slack, pagerduty, sms, webhook, log"
ROLES = "on_call, manager, on_call_engineer, development_team, team_lead, technical_lead, operations_manager, administrator"
ALL = f"""
{ANN}
roles:
  on_call:
    rotation:
      people: [ann]
      every: 2d
      starts: 2026-01-05T09:00
      overrides: [{{person: ann, starts: 2026-12-24T18:00, ends: 2026-12-26T12:00}}]
  manager: [ann]
calendars: {{night: {{zone: Asia/Tokyo, hours: 22:00-06:00, days: sat, holidays: DE-BE, holidays_extra: [2026-12-24]}}}}
routes:
  - match: {{duty: security, severity: critical, priority: [high, low], environment: prod, labels: {{host: a}}, calendar: office,
             outside: night}}
    to: [{{channel: email, role: on_call}}, {{channel: slack, receiver: "#ops"}}, {{channel: email, person: ann}}]
    continue: true
escalation:
  critical: [{{after: 0s, roles: on_call, channels: sms}}]
  low: [{{after: next_business_day, roles: [manager], calendar: night}}]
priorities: {{warning: high}}
channels: {{slack: {{receiver: "#ops"}}}}
"""


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        (
            "routes: [{to: []}]",
            "routes.0.to: a route that reaches nobody; allowed: at least one, as in [{channel: email, role: on_call}] (found: [])",
        ),
        (
            "routes: [{to: [{channel: email}]}]",
            "routes.0.to.0: reaches nobody; allowed: a role, a person or a receiver, as in {channel: email, role: on_call} "
            "(found: {'channel': 'email'})",
        ),
        ("routes: [{to: [{channel: email, role: ops}]}]", f"routes.0.to.0.role: 'ops' is not in roles; allowed: {ROLES} (found: 'ops')"),
        (
            f"{ANN}\nroutes: [{{to: [{{channel: email, person: bob}}]}}]",
            "routes.0.to.0.person: 'bob' is not in people; allowed: ann (found: 'bob')",
        ),
        (
            f"{ANN}\nroutes: [{{to: [{{channel: sms, person: ann}}]}}]",
            "routes.0.to.0.person: ann cannot be reached through sms; allowed: with phone in people.ann (found: 'ann')",
        ),
        (
            "routes: [{to: [{channel: slack, role: manager, receiver: '#a'}]}]",
            "routes.0.to.0: role and receiver at once; allowed: one of role, person, receiver "
            "(found: {'channel': 'slack', 'role': 'manager', 'receiver': '#a'})",
        ),
        (
            "routes: [{to: [{channel: pagerduty, role: manager}]}]",
            "routes.0.to.0: pagerduty reaches no people; "
            "allowed: {channel: pagerduty} (found: {'channel': 'pagerduty', 'role': 'manager'})",
        ),
        ("routes: [{to: [{channel: fax}]}]", f"routes.0.to.0.channel: an unknown word; allowed: {CHANNELS} (found: 'fax')"),
        (
            "routes: [{match: {severity: bad}, to: [{channel: log}]}]",
            f"routes.0.match.severity.0: an unknown word; allowed: {SEVERITIES} (found: 'bad')",
        ),
        (
            "routes: [{match: {priority: p1}, to: [{channel: log}]}]",
            f"routes.0.match.priority.0: an unknown word; allowed: {PRIORITIES} (found: 'p1')",
        ),
        (
            "routes: [{match: {calendar: shop}, to: [{channel: log}]}]",
            "routes.0.match.calendar: 'shop' is not in calendars; allowed: office (found: 'shop')",
        ),
        (
            "calendars: {shop: {}}\nroutes: [{match: {outside: show}, to: [{channel: log}]}]",
            "routes.0.match.outside: 'show' is not in calendars; allowed: shop, office (found: 'show')",
        ),
        (
            "routes: [{match: {channel: log}, to: [{channel: log}]}]",
            "routes.0.match.channel: unknown key; allowed here: calendar, duty, environment, labels, outside, priority, rule, severity "
            "(found: 'log')",
        ),
        (
            "routes: [{to: [{channel: log, people: ann}]}]",
            "routes.0.to.0.people: unknown key; allowed here: channel, organizations, person, receiver, role (found: 'ann')",
        ),
        (
            "escalation: {high: [{after: 15m, roles: []}]}",
            "escalation.high.0.roles: a step without roles; allowed: at least one, as in [on_call] (found: [])",
        ),
        (
            "escalation: {high: []}",
            "escalation.high: an escalation without steps; allowed: at least one, as in [{after: 15m, roles: [team_lead]}] (found: [])",
        ),
        (
            "escalation: {high: [{after: 15m, roles: [boss]}]}",
            f"escalation.high.0.roles: 'boss' is not in roles; allowed: {ROLES} (found: 'boss')",
        ),
        (
            "escalation: {low: [{after: 0m, roles: [manager]}]}",
            "escalation.low.0.after: '0m' is not a duration; "
            "allowed: a whole number and one of s, m, h, d, w, as in 5m or 1h (found: '0m')",
        ),
        (
            "escalation: {low: [{after: next_business_day, roles: [manager], calendar: shop}]}",
            "escalation.low.0.calendar: 'shop' is not in calendars; allowed: office (found: 'shop')",
        ),
        (
            "escalation: {low: [{after: 1h, roles: [manager], channels: []}]}",
            "escalation.low.0.channels: a step without channels; allowed: at least one, as in [email, sms] (found: [])",
        ),
        ("priorities: {warning: urgent}", f"priorities.warning: an unknown word; allowed: {PRIORITIES} (found: 'urgent')"),
        ("roles: {ops: []}", "roles.ops: a role without people; allowed: at least one, as in [ann], or no word of the role (found: [])"),
        (
            "roles: {on_call: []}",
            "roles.on_call: a role without people; allowed: at least one, as in [ann], or no word of the role (found: [])",
        ),
        (f"{ANN}\nroles: {{ops: [ann, bob]}}", "roles.ops: 'bob' is not in people; allowed: ann (found: 'bob')"),
        (
            f"{ANN}\n{ROTATION}".replace("[ann]", "[]") % "",
            "roles.on_call.rotation.people: a rotation without people; allowed: at least one, as in [ann, bob] (found: [])",
        ),
        (f"{ANN}\n{ROTATION}".replace("[ann]", "[bob]") % "", "roles.on_call: 'bob' is not in people; allowed: ann (found: 'bob')"),
        (
            f"{ANN}\n{ROTATION}".replace("1w", "12h") % "",
            "roles.on_call.rotation.every: 12h is no number of days; allowed: whole days or weeks, as in 1d or 1w (found: '12h')",
        ),
        (
            f"{ANN}\n{ROTATION}" % "Z",
            "roles.on_call.rotation.starts: '2026-01-05T09:00Z' is no date and time of day; "
            "allowed: local time without an offset, as in 2026-01-05T09:00 (found: '2026-01-05T09:00Z')",
        ),
        (
            f"{ANN}\n{ROTATION}" % ", overrides: [{person: bob, starts: 2026-12-24, ends: 2026-12-25}]",
            "roles.on_call: 'bob' is not in people; allowed: ann (found: 'bob')",
        ),
        (
            f"{ANN}\n{ROTATION}" % ", overrides: [{person: ann, starts: 2026-12-26, ends: 2026-12-25}]",
            "roles.on_call.rotation.overrides.0: ends 2026-12-25T00:00, and starts 2026-12-26T00:00; allowed: an end after the start "
            "(found: {'person': 'ann', 'starts': '2026-12-26', 'ends': '2026-12-25'})",
        ),
        (
            f"{ANN}\n{ROTATION}"
            % ", overrides: [{person: b, starts: 2026-12-24, ends: 2026-12-26}, {person: a, starts: 2026-12-23, ends: 2026-12-25}]",
            "roles.on_call.rotation.overrides: b from 2026-12-24T00:00 overlaps a until 2026-12-25T00:00; allowed: one after the other "
            "(found: [{'person': 'b', 'starts': '2026-12-24', 'ends': '2026-12-26'}, {'person': 'a', )",
        ),
        (
            f"{ANN}\n{ROTATION}" % ", zone: Mars/Olympus",
            "roles.on_call.rotation.zone: 'Mars/Olympus' is not a time zone; "
            "allowed: names such as UTC or Europe/Berlin (found: 'Mars/Olympus')",
        ),
        (
            f"{ANN}\n{ROTATION}".replace("on_call", "administrator") % "",
            "roles.administrator: digests go to fixed people; allowed: a list of people, as in administrator: [ann] (found: 'rotation')",
        ),
        (
            "people: {ann: {name: Ann, email: nonsense}}",
            "people.ann.email: 'nonsense' is no e-mail address; allowed: as in ann@example.com (found: 'nonsense')",
        ),
        (
            "people: {ann: {name: Ann, email: 'Ann <ann@example.com>'}}",
            "people.ann.email: 'Ann <ann@example.com>' is no e-mail address; allowed: as in ann@example.com "
            "(found: 'Ann <ann@example.com>')",
        ),
        (
            "people: {ann: {name: Ann, phone: abc}}",
            "people.ann.phone: 'abc' is no phone number; allowed: +, country and number, digits alone, as in +493012345678 (found: 'abc')",
        ),
        (
            "people: {ann: {name: Ann, phone: 030 12345}}",
            "people.ann.phone: '030 12345' is no phone number; "
            "allowed: +, country and number, digits alone, as in +493012345678 (found: '030 12345')",
        ),
        (
            "people: {ann: {name: Ann, slack: '@ann'}}",
            "people.ann.slack: '@ann' is no Slack member ID; allowed: as in U02ABCDEF (found: '@ann')",
        ),
        (
            "channels: {slack: {receiver: ops}}",
            "channels.slack.receiver: 'ops' is no Slack channel; allowed: as in #ops, or an ID as in C02ABCDEF (found: 'ops')",
        ),
        (
            "routes: [{to: [{channel: slack, receiver: '#Ops room'}]}]",
            "routes.0.to.0: '#Ops room' is no Slack channel; allowed: as in #ops, or an ID as in C02ABCDEF "
            "(found: {'channel': 'slack', 'receiver': '#Ops room'})",
        ),
        (
            "routes: [{to: [{channel: email, receiver: ops}]}]",
            "routes.0.to.0: 'ops' is no e-mail address; allowed: as in ann@example.com (found: {'channel': 'email', 'receiver': 'ops'})",
        ),
        (
            "routes: [{to: [{channel: sms, receiver: ops}]}]",
            "routes.0.to.0: 'ops' is no phone number; allowed: +, country and number, digits alone, as in +493012345678 "
            "(found: {'channel': 'sms', 'receiver': 'ops'})",
        ),
        (
            f"{SCOPED}\nroutes: [{{match: {ACME}, to: [{{channel: email, person: bob}}]}}]",
            "routes.0.to.0.person: bob may see nothing of acme, and nobody is reached; "
            "allowed: with one of them in `organizations` (found: 'bob')",
        ),
        (
            f"{SCOPED}\nroles: {{ops: [bob]}}\nroutes: [{{match: {ACME}, to: [{{channel: email, role: ops}}]}}]",
            "routes.0.to.0.role: ops may see nothing of acme, and nobody is reached; "
            "allowed: with one of them in `organizations` (found: 'ops')",
        ),
        (
            f"routes: [{{match: {ACME}, to: [{{channel: slack, receiver: '#b', organizations: [globex]}}]}}]",
            "routes.0.to.0.receiver: #b may see nothing of acme, and nobody is reached; "
            "allowed: with one of them in `organizations` (found: '#b')",
        ),
        (
            f"channels: {{webhook: {{organizations: [globex]}}}}\nroutes: [{{match: {ACME}, to: [{{channel: webhook}}]}}]",
            "routes.0.to.0.channel: webhook may see nothing of acme, and nobody is reached; "
            "allowed: with one of them in `organizations` (found: 'webhook')",
        ),
        (
            f"{ANN}\nroutes: [{{to: [{{channel: email, person: ann, organizations: [acme]}}]}}]",
            "routes.0.to.0: organizations of a person; allowed: with a receiver, and those of people in `people` "
            "(found: {'channel': 'email', 'person': 'ann', 'organizations': ['acme']})",
        ),
        (
            "routes: [{to: [{channel: slack, organizations: []}]}]",
            "routes.0.to.0.organizations: too few entries; allowed: 1 or more (found: [])",
        ),
        (
            "alerts: {dependencies: {api: [db], db: [host], host: [api]}}",
            "alerts.dependencies: 'api' depends on itself; allowed: dependencies without a circle, as in {api: [db], db: [host]} "
            "(found: {'api': ['db'], 'db': ['host'], 'host': ['api']})",
        ),
        (
            "alerts: {dependencies: {api: [api]}}",
            "alerts.dependencies: 'api' depends on itself; allowed: dependencies without a circle, as in {api: [db], db: [host]} "
            "(found: {'api': ['api']})",
        ),
        (
            "alerts: {caps: {fax: {messages: 1, per: 1m}}}",
            f"alerts.caps.fax: the key is an unknown word; allowed: {CHANNELS}, reminders (found: 'fax')",
        ),
        (
            "people: {ann: {name: Ann, zone: Nowhere}}",
            "people.ann.zone: 'Nowhere' is not a time zone; allowed: names such as UTC or Europe/Berlin (found: 'Nowhere')",
        ),
        (
            "people: {ann: {name: Ann, quiet_hours: 00:00-24:00}}",
            "people.ann.quiet_hours: '00:00-24:00' would hold everything for ever; allowed: a part of the day, as in 22:00-07:00 "
            "(found: '00:00-24:00')",
        ),
        (
            "calendars: {office: {zone: Nowhere}}",
            "calendars.office.zone: 'Nowhere' is not a time zone; allowed: names such as UTC or Europe/Berlin (found: 'Nowhere')",
        ),
        (
            "calendars: {office: {holidays: XX}}",
            "calendars.office.holidays: no holidays are known for 'XX'; "
            "allowed: codes of countries and their parts, as in DE and DE-BE (found: 'XX')",
        ),
        (
            "calendars: {office: {holidays: GB-XX}}",
            "calendars.office.holidays: no holidays are known for 'GB-XX'; allowed: GB, GB-ENG, GB-NIR, GB-SCT, GB-WLS (found: 'GB-XX')",
        ),
        (
            "calendars: {office: {holidays_extra: [christmas]}}",
            "calendars.office.holidays_extra.0: 'christmas' is not a date; "
            "allowed: year, month and day, as in 2026-12-24 (found: 'christmas')",
        ),
        (
            "calendars: {office: {days: [monday]}}",
            "calendars.office.days.0: an unknown word; allowed: mon, tue, wed, thu, fri, sat, sun (found: 'monday')",
        ),
    ],
)
def test_what_is_wrong_is_answered_with_file_path_and_cure(text: str, answer: str) -> None:
    with pytest.raises(ConfigurationRefused) as refused:
        parse(text, Path("monitoring.yaml"))
    assert refused.value.problems == [f"monitoring.yaml: {answer}"]


@pytest.mark.parametrize(
    "text",
    [
        "people: {ann: {name: Ann, email: root@localhost, phone: '+493012345678', slack: U02ABCDEF}}",
        "people: {ann: {name: Ann, email: jörg.o'neill+alerts@mail.example.co.uk, slack: W012A3CDE}}",
        "channels: {slack: {receiver: '#büro-2_b'}}",
        "routes: [{to: [{channel: slack, receiver: C02ABCDEF}, {channel: pagerduty, receiver: the team's}]}]",
        f"{SCOPED}\nroles: {{ops: [ann, bob]}}\nroutes: [{{match: {ACME}, to: [{{channel: email, role: ops}}]}}]",
        f"{SCOPED}\nroutes: [{{match: {{labels: {{organization: [acme, globex]}}}}, to: [{{channel: email, person: bob}}]}}]",
        f"routes: [{{match: {ACME}, to: [{{channel: email, role: manager}}, {{channel: slack, receiver: '#a', organizations: [acme]}}]}}]",
    ],
)
def test_what_can_reach_somebody_is_accepted(text: str) -> None:
    assert configured(text) != configured("")


@pytest.mark.parametrize("name", ["email", "pagerduty"])
def test_changing_the_rate_of_one_cap_leaves_the_others_and_what_else_it_says(name: CapName) -> None:
    caps = configured(f"alerts: {{caps: {{{name}: {{messages: 10, per: 2m}}}}}}").alerts.caps
    assert caps == {**CAPS, name: CAPS[name].model_copy(update={"messages": 10, "per": timedelta(minutes=2)})}


def test_an_unknown_duty_is_answered_with_all_duties() -> None:
    with pytest.raises(
        ConfigurationRefused,
        match=r"routes\.0\.match\.duty\.0: an unknown word; allowed: account_expiration, .*, trends \(found: 'weather'\)",
    ):
        configured("routes: [{match: {duty: weather}, to: [{channel: log}]}]")


def test_everything_that_can_be_configured_is_read_and_can_be_printed_and_read_again() -> None:
    settings = configured(ALL)
    route, night, role = settings.routes[0], settings.calendars["night"], settings.roles["on_call"]
    assert (route.match.duty, route.match.labels, route.further) == (("security",), {"host": ("a",)}, True)
    assert (night.days, night.holidays_extra) == (("sat",), (date(2026, 12, 24),))
    assert isinstance(role, RotatingRole)
    assert (role.rotation.every, role.rotation.overrides[0].ends) == (timedelta(days=2), datetime.fromisoformat("2026-12-26T12:00"))
    assert (settings.escalation.critical[0].after, settings.escalation.low[0].after) == (timedelta(0), "next_business_day")
    again = configured(describe_settings(settings))
    assert again.model_dump(mode="json") == settings.model_dump(mode="json")


def test_what_hangs_together_badly_is_named_all_at_once() -> None:
    with pytest.raises(ConfigurationRefused) as refused:
        configured(
            "roles: {manager: [eve]}\nescalation: {low: [{after: 1h, roles: [boss, chief]}]}\nroutes: [{to: [{channel: sms, person: bob}]}]"
        )
    assert [problem.split(": ")[1] for problem in refused.value.problems] == [
        "roles.manager",
        "routes.0.to.0.person",
        "escalation.low.0.roles",
        "escalation.low.0.roles",
    ]


def test_an_overlay_is_blamed_for_a_name_that_it_takes_away(tmp_path: Path) -> None:
    (tmp_path / "monitoring.yaml").write_text(f"{ANN}\ncalendars: {{shop: {{}}}}")
    (tmp_path / "monitoring.prod.yaml").write_text("routes: [{match: {calendar: shops}, to: [{channel: log}]}]")
    with pytest.raises(ConfigurationRefused, match=r"monitoring\.prod\.yaml: routes\.0\.match\.calendar: 'shops' is not in calendars"):
        load(tmp_path / "monitoring.yaml", "prod")


def test_the_settings_cost_no_calendar_library_until_a_country_is_named() -> None:
    code = "import sys, include.config.settings as s; s.Settings(); print([m for m in ('holidays', 'numpy') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
