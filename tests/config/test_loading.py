"""The configuration file: one bad file per rule, with what the user is told."""

from __future__ import annotations

import os
import re
from datetime import time, timedelta
from pathlib import Path
from typing import Any

import pytest

from docs import keys
from include.config import SHIPPED
from include.config.loading import ConfigurationRefused, describe_settings, load, parse, validate
from include.config.reading import LARGEST
from include.config.settings import AccountExpiration, Monitoring, Settings
from tests.configured import configured

SEED = """
    monitoring:
      account_expiration:
        check_interval: "1h"
        warning_days: [30, 14, 7, 3, 1]
        alert_channels: ["email", "slack"]
      system_health:
        check_interval: "5m"
        cpu_threshold: 80
        memory_threshold: 85
        disk_threshold: 90
      security:
        failed_login_threshold: 5
        suspicious_activity_window: "15m"
        alert_channels: ["email", "pagerduty"]
"""


def refusal(path: Path) -> list[str]:
    """Every reason for which the file is refused."""
    with pytest.raises(ConfigurationRefused) as refused:
        load(path)
    return refused.value.problems


def write(folder: Path, text: str, name: str = "monitoring.yaml") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def test_the_seed_configuration_is_complete_as_it_stands(tmp_path: Path) -> None:
    monitoring = load(write(tmp_path, SEED)).settings.monitoring
    assert monitoring.account_expiration.check_interval == timedelta(hours=1)
    assert monitoring.account_expiration.alert_channels == ("email", "slack")
    assert monitoring.security.suspicious_activity_window == timedelta(minutes=15)
    assert not monitoring.account_expiration.send_emails


def test_people_and_roles_of_the_documentation_load(tmp_path: Path) -> None:
    people = """
people:  {ann: {name: Ann Ito, email: ann@example.com, phone: "+4930...", slack: U02..., zone: Europe/Berlin, organizations: ["*"]},
          bob: {name: Bob, phone: "+491"}, eve: {name: Eve, slack: U03}}
roles:   {on_call: {rotation: {people: [ann, bob], every: 1w, starts: 2026-01-05T09:00, zone: UTC}}, manager: [eve]}
"""
    settings = load(write(tmp_path, people)).settings
    assert [person.name for person in settings.holders("manager")] == ["Eve"]
    assert settings.holders("on_call") == (), "a rotation has no fixed holder"


def test_an_empty_file_is_all_defaults(tmp_path: Path) -> None:
    assert load(write(tmp_path, "")).settings.monitoring.account_expiration.digest_at == time(8)


def test_the_shipped_files_are_accepted_alone_and_with_the_demo_overlay() -> None:
    assert not load(SHIPPED).settings.monitoring.account_expiration.send_emails
    assert load(SHIPPED, "demo").settings.monitoring.account_expiration.send_emails
    assert load(SHIPPED, "an_environment_without_a_file").digest == load(SHIPPED).digest


ACCOUNTS = "monitoring.account_expiration"
CHANNELS = "email, slack, pagerduty, sms, webhook, log"
TEXT = "not text; allowed: text, in quotes where it looks like a number or like true and false"
SECTIONS = "alerts, calendars, channels, escalation, monitoring, people, priorities, roles, routes, rules, targets"


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("monitor: {}", f"monitor: unknown key; allowed here: {SECTIONS} (found: {{}})"),
        ("1: {}", f"1: the key is {TEXT} (found: 1)"),
        ("monitoring: 3", "monitoring: not a section; allowed: keys with a value each, of {MONITORING} (found: 3)"),
        ("monitoring: {zone: 5}", f"monitoring.zone: {TEXT} (found: 5)"),
        (
            "monitoring: {zone: Mars/Olympus}",
            "monitoring.zone: 'Mars/Olympus' is not a time zone; allowed: names such as UTC or Europe/Berlin (found: 'Mars/Olympus')",
        ),
        ("people: 3", "people: not a section; allowed: keys with a value each, as in {name: value} (found: 3)"),
        ("people: {ann: {}}", "people.ann.name: missing, and without a default; allowed: this key with a value"),
        (
            "people: {ann: {name: Ann, zone: UTC}}",
            "people.ann: without an address; allowed: at least one of email, phone, slack (found: {'name': 'Ann', 'zone': 'UTC'})",
        ),
        (
            "escalation: {critical: [{after: 0s, roles: [on_call], channels: [log]}]}",
            "escalation.critical.0.channels: a step that reaches nobody; allowed: also another channel than the log, as in [email, sms] "
            "(found: ['log'])",
        ),
        ("people: {7: {name: Ann, email: ann@example.com}}", f"people.7: the key is {TEXT} (found: 7)"),
        (
            "people: {ann: {name: Ann, mail: x}}",
            "people.ann.mail: unknown key; allowed here: email, name, organizations, phone, quiet_hours, slack, zone (found: 'x')",
        ),
        ("people: {ann: {name: A, organizations: []}}", "people.ann.organizations: too few entries; allowed: 1 or more (found: [])"),
        ("roles: {manager: [eve]}", "roles.manager: 'eve' is not in people; allowed: nobody yet (found: 'eve')"),
        ("roles: {manager: eve}", "roles.manager: not a list; allowed: [one, another], or a line with a dash for each (found: 'eve')"),
        ("channels: {slack: {receiver: ''}}", "channels.slack.receiver: empty; allowed: text (found: '')"),
        ("channels: {sms: {segments: 11}}", "channels.sms.segments: too large; allowed: 10 or less (found: 11)"),
        ("channels: {sms: {segments: 0}}", "channels.sms.segments: too small; allowed: 1 or more (found: 0)"),
        (
            "monitoring: {system_health: {cpu_threshold: 120}}",
            "monitoring.system_health.cpu_threshold: too large; allowed: 100 or less (found: 120)",
        ),
        (
            "monitoring: {system_health: {cpu_threshold: true}}",
            "monitoring.system_health.cpu_threshold: not a number; allowed: a number, as in 80 or 2.5 (found: true)",
        ),
        (
            "alerts: {caps: {fax: {messages: 1, per: 1m}}}",
            f"alerts.caps.fax: the key is an unknown word; allowed: {CHANNELS}, reminders (found: 'fax')",
        ),
        (
            "targets: {hosts: [{name: web1, via: ssh}]}",
            "targets.hosts.0: via ssh without a connection; allowed: as in {via: ssh, connection: ssh_web1}"
            " (found: {'name': 'web1', 'via': 'ssh'})",
        ),
        (
            "targets: {pages: [{name: shop, url: 'file:///etc/passwd'}]}",
            "targets.pages.0.url: 'file:///etc/passwd' is no address; allowed: as in https://example.com/health (found: 'file:///etc/passwd')",
        ),
        (
            "targets: {pages: [{name: shop, url: 'http://a/', expect: {text: x}}]}",
            "targets.pages.0.expect.text: unknown key; allowed here: selector, title (found: 'x')",
        ),
    ],
)
def test_what_is_wrong_is_named_with_file_key_value_and_what_is_allowed(tmp_path: Path, text: str, answer: str) -> None:
    path = write(tmp_path, text)
    assert refusal(path) == [f"{path}: {answer.replace('{MONITORING}', ', '.join(sorted(Monitoring.model_fields)))}"]


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("warning_day: 3", f"warning_day: unknown key; allowed here: {', '.join(sorted(AccountExpiration.model_fields))} (found: 3)"),
        ("warning_days: 30", "warning_days: not a list; allowed: [one, another], or a line with a dash for each (found: 30)"),
        ("warning_days: []", "warning_days: too few entries; allowed: 1 or more (found: [])"),
        (
            "warning_days: [7, 7]",
            "warning_days: a step stands twice; allowed: each number of days once, as in [30, 14, 7, 3, 1] (found: [7, 7])",
        ),
        ("warning_days: [0]", "warning_days.0: too small; allowed: more than 0 (found: 0)"),
        ("warning_days: [true, 7]", "warning_days.0: not a whole number; allowed: a whole number, as in 7 (found: true)"),
        ("warning_days: ['7']", "warning_days.0: not a whole number; allowed: a whole number, as in 7 (found: '7')"),
        ("warning_days: [7.0]", "warning_days.0: not a whole number; allowed: a whole number, as in 7 (found: 7.0)"),
        ("send_emails: maybe", "send_emails: neither true nor false; allowed: true, false (found: 'maybe')"),
        ("send_emails: 1", "send_emails: neither true nor false; allowed: true, false (found: 1)"),
        ("send_emails:", "send_emails: neither true nor false; allowed: true, false (found: nothing)"),
        ("alert_channels: [mail]", f"alert_channels.0: an unknown word; allowed: {CHANNELS} (found: 'mail')"),
        ("check_interval: 5", "check_interval: 5 is not a duration; allowed: {UNITS} (found: 5)"),
        ("check_interval:", "check_interval: nothing is not a duration; allowed: {UNITS} (found: nothing)"),
        ("check_interval: 7h", "check_interval: 7h does not divide a day evenly; allowed: {DIVISORS} (found: '7h')"),
        ("check_interval: 30s", "check_interval: 30s does not divide a day evenly; allowed: {DIVISORS} (found: '30s')"),
        ("statement_timeout: 100w", "statement_timeout: 100w is too long; allowed: 1s to 1h (found: '100w')"),
        ("statement_timeout: 2h", "statement_timeout: 2h is too long; allowed: 1s to 1h (found: '2h')"),
        ("statement_timeout: 9999w", "statement_timeout: 9999w is too long; allowed: up to 3650d (found: '9999w')"),
        (
            "connection: ''",
            "connection: '' is no id of a connection; allowed: that of an Airflow connection, as in securenet_db (found: '')",
        ),
        (
            "query: relative.sql",
            "query: 'relative.sql' is no absolute path; "
            "allowed: one from the root, as in /etc/securenet/accounts.sql (found: 'relative.sql')",
        ),
        ("reminder_hours: 8-18", "reminder_hours: '8' is not a time of day; allowed: 00:00 to 23:59 (found: '8-18')"),
        ("digest_at: 25:00", "digest_at: '25:00' is not a time of day; allowed: 00:00 to 23:59 (found: '25:00')"),
        ("most_reminders_percent: .inf", "most_reminders_percent: not a number; allowed: a number, as in 80 or 2.5 (found: '.inf')"),
    ],
)
def test_a_wrong_value_is_answered_with_what_is_allowed_and_not_in_pythons_words(tmp_path: Path, text: str, answer: str) -> None:
    path = write(tmp_path, f"monitoring:\n  account_expiration:\n    {text}")
    words = answer.replace("{UNITS}", "a whole number and one of s, m, h, d, w, as in 5m or 1h")
    words = words.replace("{DIVISORS}", "1m to 30m that divide an hour, 1h to 24h that divide a day")
    assert refusal(path) == [f"{path}: {ACCOUNTS}.{words}"]


@pytest.mark.parametrize(
    "text",
    [
        "monitoring: {account_expiration: {connection: 'postgresql://u:hunter2@h/db'}}",
        "monitoring: {account_expiration: {connection: 'postgresql://u:hun@ter2@h/db'}}",
        "monitoring: {account_expiration: {connection: 'host=h user=u password=hunter2'}}",
        f"monitoring: {{account_expiration: {{connection: 'postgresql://{'u' * 70}:hunter2{'2' * 70}@h/db'}}}}",
        "monitoring: {account_expiration: {connection: 'postgresql://u:a/hunter2@h/db'}}",
        'monitoring: {account_expiration: {connection: "postgresql://u:it\'s-hunter2@h/db"}}',
        "monitoring: {account_expiration: {connection: \"host=h password='a hunter2'\"}}",
        "targets: {apis: [{name: a, url: 'ftp://u:hunter2@h'}]}",
        "targets: {apis: [{name: a, url: 'ftp://h/?x=1&api_token=hunter2'}]}",
        "targets: {databases: {name: a, password: hunter2}}",
        "smtp: {host: h, password: hunter2}",
        "people: [{name: a, password: hunter2}]",
        "channels: {slack: {routing_key: hunter2}}",
        "monitoring: {zone: 'https://hooks.slack.com/services/T0/B0/hunter2'}",
        "targets: {databases: [{name: a, password: hunter2}]}",
        "channels: {slack: {bot_token: hunter2}}",
    ],
)
def test_a_secret_that_stands_in_the_wrong_place_is_not_repeated(tmp_path: Path, text: str) -> None:
    (answer,) = refusal(write(tmp_path, text))
    assert not re.search("hunter2|ter2", answer)
    assert "allowed" in answer


@pytest.mark.parametrize("environment", ["a/b", "x" * 300, "a b", "\0", "ü" * 100])
def test_an_environment_that_is_no_part_of_a_file_name_is_refused(tmp_path: Path, environment: str) -> None:
    with pytest.raises(ConfigurationRefused, match=r"SECURENET_ENV: .* names no environment; allowed: letters"):
        load(write(tmp_path, SEED), environment)


def test_a_file_that_is_no_file_or_too_large_is_refused_before_it_is_read(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    assert refusal(pipe) == [f"{pipe}: not a file; allowed: a file that can be read again and again"]
    large = write(tmp_path, "#" * (LARGEST + 1))
    (answer,) = refusal(large)
    assert answer.startswith(f"{large}: 1,000,001 bytes; allowed: 1,000,000")
    (answer,) = refusal(tmp_path)
    assert answer == f"{tmp_path}: cannot be read: Is a directory"


@pytest.mark.parametrize("days", ["3651d", "0d", "999999w"])
def test_the_store_keeps_things_for_a_day_to_ten_years(tmp_path: Path, days: str) -> None:
    assert "allowed: " in refusal(write(tmp_path, f"monitoring: {{housekeeping: {{keep_runs: {days}}}}}"))[0]


VALUES = (None, True, 3, -3, 2.5, 10**400, "", "x", [], [None], [3], {}, {"x": 3}, {3: None}, [[]])
PLACES = [
    [*filter(None, path.split(".")), field.alias or name]
    for path, section in keys.sections(Settings, "")
    for name, field in section.model_fields.items()
]


@pytest.mark.parametrize("place", PLACES, ids=".".join)
def test_whatever_yaml_can_say_at_a_key_is_not_answered_in_pythons_words(place: list[str]) -> None:
    answers = [problem for value in VALUES for problem in problems(nested(place, value))]
    python = re.compile(r"Input|should|dictionary|[Tt]uple|instance of|integer|NoneType|None|True|False|timedelta")
    assert [answer for answer in answers if python.search(answer)] == []


def problems(content: dict[str, Any]) -> list[str]:
    """Every reason for which the content is refused; [] when it is not."""
    try:
        validate(content, Path("f.yaml"))
    except ConfigurationRefused as refused:
        return refused.problems
    return []


@pytest.mark.parametrize(
    ("targets", "why"),
    [
        ({"networks": [{"name": "a", "address": "b", "dns": {"name": "c", "server": "ns1.example"}}]}, "'ns1.example' is no address"),
        ({"networks": [{"name": "a", "address": "b", "dns": {"name": "c", "expect": ["nonsense"]}}]}, "'nonsense' is no address"),
        ({"networks": [{"name": "a", "address": "b", "ping": False}]}, "nothing is asked of it"),
        ({"hosts": [{"name": "local"}, {"name": "db7"}]}, "local, db7 would all be the machine of the task"),
    ],
)
def test_what_could_never_be_measured_is_refused(targets: dict[str, Any], why: str) -> None:
    (found,) = problems({"targets": targets})
    assert why in found
    assert "allowed: " in found


def nested(place: list[str], value: Any) -> Any:
    """A configuration with nothing but this value, in its place."""
    for part in reversed(place):
        value = [value] if part == "N" else {part: value}
    return value


def test_a_value_that_aliases_make_huge_is_spelled_by_its_head(tmp_path: Path) -> None:
    lists = [f"{name}: &{name} [{', '.join([within] * 100)}]" for name, within in (("a", "x"), ("b", "*a"), ("c", "*b"), ("d", "*c"))]
    answers = refusal(write(tmp_path, "\n".join([*lists, "monitoring: {zone: *d}"])))
    assert any("monitoring.zone" in answer for answer in answers)


@pytest.mark.parametrize(
    ("content", "answer"),
    [
        (b"monitoring: [", "line 2, column 1: while parsing a flow node, did not find expected node content"),
        (b"- a list", "not a mapping; allowed at the top: keys with a value each, as in monitoring: {zone: UTC}"),
        (b"a: 1\na: 2", "line 2, column 1: the key 'a' stands twice"),
        (b"? [a]\n: 1", "line 1, column 3: a key is a word, not a list or mapping"),
        (b"[" * 200_000, "line 1, column 101: nested too deeply; allowed: 100 levels"),
        (b"a: !!bool maybe", "a value is not what its tag says, as in !!int many"),
        (b"a: !!int ''", "a value is not what its tag says, as in !!int many"),
        (b"a: !!timestamp abc", "a value is not what its tag says, as in !!int many"),
        (
            b"a:\n\tb: 1",
            "line 2, column 1: while scanning for the next token, found character that cannot start any token"
            "; is it a tab? Allowed: blanks",
        ),
        (b"zone: \xff", "not UTF-8 at byte 6; allowed: text in UTF-8"),
        (b"zone: \x07", "a character that YAML does not allow at position 6; allowed: printable text"),
    ],
    ids=["cut short", "a list", "a key twice", "no word", "too deep", "no bool", "no int", "no moment", "a tab", "Latin-1", "a bell"],
)
def test_what_is_no_yaml_is_named_with_its_place_in_the_file(tmp_path: Path, content: bytes, answer: str) -> None:
    path = tmp_path / "monitoring.yaml"
    path.write_bytes(content)
    assert refusal(path) == [f"{path}: {answer}"]


@pytest.mark.parametrize(
    "text",
    [
        "monitoring:\n  account_expiration:\n    # warning_days: [7]\npeople:\n",
        "alerts:\n  caps:\n  inhibit:\nroutes:\nescalation:\nchannels: {slack: }\n",
        "calendars:\n  office:\n",
    ],
)
def test_a_section_whose_keys_are_all_commented_out_is_as_if_it_were_not_there(tmp_path: Path, text: str) -> None:
    settings = load(write(tmp_path, text)).settings
    assert settings.model_copy(update={"calendars": {}}) == Settings()
    assert settings.calendar("office").hours.text == "09:00-17:00"


def test_an_overlay_whose_section_is_commented_out_leaves_what_the_file_says(tmp_path: Path) -> None:
    path = write(tmp_path, "monitoring: {account_expiration: {warning_days: [9, 5]}}")
    write(tmp_path, "monitoring:\n  account_expiration:\n    # warning_days: [2]", "monitoring.prod.yaml")
    assert load(path, "prod").settings.monitoring.account_expiration.warning_days == (9, 5)


def test_every_problem_is_named_at_once(tmp_path: Path) -> None:
    path = write(tmp_path, "monitoring: {zone: Nowhere, housekeeping: {at: noon}}\npeople: 3")
    assert len(refusal(path)) == 3


def test_problems_between_sections_are_named_beside_those_within_them(tmp_path: Path) -> None:
    """What only the wrong ones could know (`ann`, `night`) is not held against the others."""
    path = write(
        tmp_path,
        """
monitoring: {zone: Nowhere}
people: {ann: {}, bob: {name: Bob, email: bob@example.com}}
calendars: {night: {hours: never}}
roles: {manager: [ann, eve], team_lead: [], on_call: 7}
routes:
  - {to: [{channel: fax}]}
  - {match: {calendar: night}, to: [{channel: sms, person: bob}, {channel: email, role: boss}]}
escalation: {high: [{after: 1h, roles: [cto]}], low: [{after: soon, roles: [cto]}]}
""",
    )
    assert [problem.removeprefix(f"{path}: ").split(": ")[0] for problem in refusal(path)] == [
        "monitoring.zone",
        "people.ann.name",
        "roles.on_call",
        "calendars.night.hours",
        "routes.0.to.0.channel",
        "escalation.low.0.after",
        "roles.manager",
        "roles.team_lead",
        "routes.1.to.0.person",
        "routes.1.to.1.role",
    ]
    assert "'eve' is not in people" in str(refusal(path))


def test_a_name_that_stands_twice_and_a_key_called_password_are_named(tmp_path: Path) -> None:
    path = write(
        tmp_path, "password: x\ntargets: {apis: [{name: a, url: 'http://a'}, {name: b, url: 'http://b'}, {name: b, url: 'http://c'}]}"
    )
    first, second = sorted(problem.removeprefix(f"{path}: ") for problem in refusal(path))
    assert first.startswith("password: unknown key; allowed here: alerts, ")
    assert second.startswith("targets.apis: the name 'b' stands twice; allowed: another name for each")


def test_wrong_rules_hide_no_others(tmp_path: Path) -> None:
    """What only the wrong ones could know (`mine`, how far `disk_usage` goes) is not held against the others."""
    path = write(
        tmp_path,
        """
rules:
  - {name: mine, metric: queue_length, duty: system_health, warning: many}
  - {name: disk_usage, warning: often}
  - {name: disc_usage, warning: 80}
  - {warning: 3}
  - all of them
  - {name: mine, warning: 5}
  - {name: disk_usage, critical: 1}
  - {name: memory_usage, clear: 99}
""",
    )
    assert [problem.removeprefix(f"{path}: ").split(": ")[0] for problem in refusal(path)] == [
        "rules.0.warning",
        "rules.1.warning",
        "rules.3.name",
        "rules.4",
        "rules.2.name",
        "rules.7.warning",
    ]


def test_a_missing_file_is_refused_and_not_taken_for_an_empty_one(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationRefused, match=r"gone\.yaml: cannot be read: No such file"):
        load(tmp_path / "gone.yaml")


def test_an_overlay_changes_what_it_names_and_is_blamed_for_its_own_mistakes(tmp_path: Path) -> None:
    path = write(tmp_path, "monitoring: {zone: Europe/Berlin, account_expiration: {warning_days: [9, 5]}}")
    overlay = write(tmp_path, "monitoring: {account_expiration: {warning_days: [2]}}", "monitoring.prod.yaml")
    settings = load(path, "prod").settings
    assert (settings.monitoring.zone, settings.monitoring.account_expiration.warning_days) == ("Europe/Berlin", (2,))
    overlay.write_text("monitoring: {zon: UTC}")
    with pytest.raises(ConfigurationRefused, match=r"monitoring\.prod\.yaml: monitoring\.zon: unknown key"):
        load(path, "prod")


def test_equal_configurations_have_equal_digests_and_the_accepted_text_stands_alone(tmp_path: Path) -> None:
    one = load(write(tmp_path, "monitoring: {zone: UTC, housekeeping: {at: '03:00'}}", "one.yaml"))
    other = load(write(tmp_path, "monitoring:\n  housekeeping:\n    at: 03:00\n  zone: UTC\n", "other.yaml"))
    assert one.digest == other.digest
    assert parse(one.text, tmp_path).settings == one.settings


def test_what_is_printed_as_in_force_can_be_loaded_again() -> None:
    settings = load(SHIPPED, "demo").settings
    assert parse(describe_settings(settings), SHIPPED).settings.model_dump(mode="json") == settings.model_dump(mode="json")


def test_yaml_means_what_it_looks_like(tmp_path: Path) -> None:
    settings = load(write(tmp_path, "people: {no: {name: on, email: 0123@example.com, organizations: [0123, off]}}")).settings
    person = settings.people["no"]
    assert (person.name, person.email, person.organizations) == ("on", "0123@example.com", ("0123", "off"))


def test_what_is_printed_for_everybody_opens_nothing() -> None:
    settings = configured("targets: {apis: [{name: a, url: 'https://x.example/?token=abc', headers: {Authorization: Bearer abc}}]}")
    text = describe_settings(settings)
    assert "abc" not in text
    assert "Authorization: …" in text
    assert "https://x.example/?token=…" in text
