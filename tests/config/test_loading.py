"""The configuration file: one bad file per rule, with what the user is told."""

from __future__ import annotations

from datetime import time, timedelta
from pathlib import Path

import pytest

from include.config import SHIPPED
from include.config.loading import ConfigurationRefused, describe_settings, load, parse

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
          bob: {name: Bob}, eve: {name: Eve}}
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
    assert load(SHIPPED, "an environment without a file").digest == load(SHIPPED).digest


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("monitoring: [", r"while parsing a flow"),
        ("- a list", "a mapping is needed at the top, not list"),
        ("a: 1\na: 2", "the key 'a' stands twice"),
        (
            "monitor: {}",
            "monitor: unknown key; allowed here: alerts, calendars, channels, escalation, monitoring, people, priorities, roles, routes",
        ),
        (
            "monitoring: {account_expiration: {warning_day: 3}}",
            r"monitoring\.account_expiration\.warning_day: unknown key; allowed here: .*warning_days",
        ),
        ("monitoring: {account_expiration: {warning_days: []}}", r"warning_days: Tuple should have at least 1 item"),
        ("monitoring: {account_expiration: {warning_days: [7, 7]}}", "a step stands twice; allowed: each number of days once"),
        ("monitoring: {account_expiration: {warning_days: [0]}}", r"warning_days\.0: Input should be greater than 0 \(found: 0\)"),
        ("monitoring: {account_expiration: {check_interval: 5}}", "5 is not a duration; allowed: a whole number and one of s, m, h, d, w"),
        ("monitoring: {account_expiration: {check_interval: 7h}}", "7h does not divide a day evenly; allowed: 1m to 30m"),
        ("monitoring: {account_expiration: {check_interval: 30s}}", "30s does not divide a day evenly"),
        (
            "monitoring: {account_expiration: {alert_channels: [mail]}}",
            r"alert_channels\.0: Input should be 'email', 'slack'.*\(found: 'mail'\)",
        ),
        ("monitoring: {account_expiration: {reminder_hours: 8-18}}", "'8' is not a time of day; allowed: 00:00 to 23:59"),
        ("monitoring: {account_expiration: {digest_at: 25:00}}", "'25:00' is not a time of day"),
        ("monitoring: {account_expiration: {send_emails: maybe}}", r"send_emails: Input should be a valid boolean.*\(found: 'maybe'\)"),
        ("monitoring: {zone: Mars/Olympus}", "'Mars/Olympus' is not a time zone; allowed: names such as UTC or Europe/Berlin"),
        ("monitoring: {system_health: {cpu_threshold: 120}}", r"cpu_threshold: Input should be less than or equal to 100 \(found: 120\)"),
        ("roles: {manager: [eve]}", "roles.manager: 'eve' is not in people; allowed: nobody yet"),
        ("people: {ann: {name: Ann, mail: x}}", r"people\.ann\.mail: unknown key"),
        ("people: {ann: {name: Ann, organizations: []}}", "organizations: Tuple should have at least 1 item"),
    ],
)
def test_what_is_wrong_is_named_with_file_key_value_and_what_is_allowed(tmp_path: Path, text: str, problem: str) -> None:
    path = write(tmp_path, text)
    with pytest.raises(ConfigurationRefused, match=problem) as refused:
        load(path)
    assert all(line.startswith(f"{path}: ") for line in refused.value.problems)


def test_every_problem_is_named_at_once(tmp_path: Path) -> None:
    path = write(tmp_path, "monitoring: {zone: Nowhere, housekeeping: {at: noon}}\npeople: 3")
    with pytest.raises(ConfigurationRefused) as refused:
        load(path)
    assert len(refused.value.problems) == 3


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
    settings = load(write(tmp_path, "people: {no: {name: NO, phone: 0123, slack: on}}")).settings
    person = settings.people["no"]
    assert (person.name, person.phone, person.slack) == ("NO", "0123", "on")
