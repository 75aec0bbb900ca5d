"""What account expiration promises, told as stories on real servers."""

from __future__ import annotations

import csv
import io
import os
from datetime import timedelta
from email.message import EmailMessage
from typing import Any

import pytest

from include.config.settings import Settings
from tests.conftest import mail_connection
from tests.smtp import serving
from tests.story import Story, attachment_of, html_of, settings, text_of


def test_the_first_run_takes_stock_writes_a_digest_and_reminds_nobody(story: Story) -> None:
    story.account("ann", account_expires_at=6.5)
    story.account("bob", account_expires_at=-1)
    counts = story.run()
    assert counts["evaluate"]["reminders"] == "baseline"
    assert [(a["severity"], a["state"], a["reason"]) for a in story.alerts()] == [("warning", "firing", "opened")]
    assert len(story.digests()) == 1
    assert story.reminded() == []


def test_an_account_that_ages_from_seven_days_to_three_is_told_as_worse_not_as_recovered(story: Story) -> None:
    story.account("eve", account_expires_at=300)
    manager = story.account("mia")
    story.account("ann", account_expires_at=6.5, manager_user_id=manager)
    story.run()
    story.later(days=4).run()
    assert [(a["state"], a["reason"], a["detail"]["least"]) for a in story.alerts()] == [("firing", "worsened", "3")]
    reminder = story.inbox.to("ann@example.com")[0]
    assert reminder["Subject"] == "Your account expires within 3 days"
    assert reminder["Cc"] == "mia@example.com"
    assert "recovered" not in text_of(story.digests()[-1])


@pytest.mark.parametrize(
    ("days", "step"),
    [
        (30.01, None),
        (30, "30"),
        (14.01, "30"),
        (14, "14"),
        (7.01, "14"),
        (7, "7"),
        (3, "3"),
        (1.01, "3"),
        (1, "1"),
        (0.001, "1"),
        (0, "expired"),
        (-400, "expired"),
    ],
)
def test_a_step_holds_until_the_next_smaller_one_begins(story: Story, days: float, step: str | None) -> None:
    story.account("ann", account_expires_at=days)
    story.run()
    counts = story.metric("accounts_expiring")
    assert {key[2] for key, value in counts.items() if value} == ({step} if step else set())
    assert len(counts) == 4 * 6, "every kind has every step, zeros included"


def test_only_active_people_and_memberships_count_and_never_means_never(story: Story) -> None:
    story.account("null")
    story.account("infinity", account_expires_at="infinity", password_expires_at="9999-12-31", contract_end_date="infinity")
    story.account("gone", is_active=False, account_expires_at=-3, password_expires_at=2)
    story.account("locked", account_expires_at=2, account_status="suspended", lockout_until=5)
    ann = story.account("ann", contract_end_date=10)
    story.membership(ann, "ops", 2)
    story.membership(ann, "dev", 2)
    story.membership(ann, "old", -20, is_active=False)
    story.run()
    found = {key: value for key, value in story.metric("accounts_expiring").items() if value}
    assert found == {
        ("account", "acme", "3"): 1,
        ("contract", "acme", "14"): 1,
        ("membership", "acme", "3"): 2,
    }


def test_past_grace_is_critical_and_counted_beside_expired(story: Story) -> None:
    story.account("ann", account_expires_at=-8)
    story.account("bob", account_expires_at=-8, grace_period_days=30)
    story.run()
    assert story.metric("accounts_past_grace")["account", "acme"] == 1
    assert story.metric("accounts_expiring")["account", "acme", "expired"] == 2
    assert [a["severity"] for a in story.alerts()] == ["critical"]


def test_an_alert_resolves_only_when_the_window_is_empty(story: Story) -> None:
    story.account("ann", account_expires_at=5)
    story.account("bob", account_expires_at=6)
    story.run()
    story.change("ann", account_expires_at=300)
    story.later(hours=1).run()
    assert [a["reason"] for a in story.alerts()] == ["unchanged"]
    story.change("bob", account_expires_at=300)
    story.later(hours=1).run()
    assert [(a["state"], a["reason"]) for a in story.alerts()] == [("resolved", "recovered")]
    assert story.digests()[-1]["Subject"].startswith("✅ SUCCESS")


VANISHING = {
    "removed": ["delete from users where username = 'zoe'", "delete from organizations where slug = 'zenith'"],
    "without an account": ["update users set is_active = false where username = 'zoe'"],
}


@pytest.mark.parametrize("census_seconds", [0, 10], ids=["counted at each run", "counted once a day"])
@pytest.mark.parametrize("how", VANISHING.values(), ids=VANISHING.keys())
def test_an_organisation_that_vanishes_is_told_as_gone_and_never_as_well(story: Story, how: list[str], census_seconds: int) -> None:
    story.account("ann", account_expires_at=5)
    story.account("zoe", "zenith", account_expires_at=5)
    story.run()
    story.store.connection.execute("update account_system set census_seconds = %s", (census_seconds,))
    for statement in how:
        story.watched.execute(statement)
    story.later(hours=1).run()
    words = "zenith: no longer in the source, where it has no active account that can be seen"
    assert [(a["state"], a["summary"], a["resolution"]) for a in story.alerts(organization="zenith")] == [("resolved", words, words)]
    digest = text_of(story.digests()[-1])
    assert f"⚠️ WARNING, gone: {words}" in digest
    assert "zenith: no user account" not in digest


def test_the_digest_of_an_organisation_that_vanished_never_says_that_nothing_was_found(story: Story) -> None:
    story.settings = settings("monitoring: {account_expiration: {digest: organization}}")
    story.account("ann", account_expires_at=5)
    zoe = story.account("zoe", "zenith", account_expires_at=5)
    story.run()
    story.watched.execute("update users set is_active = false where id = %s", (zoe,))
    story.later(hours=1).run()
    digest = story.digests()[-1]
    assert digest["Subject"] == "⚠️ WARNING: Account expiration in zenith: no longer in the source (1 alert resolved)"
    assert "0 findings" not in text_of(digest) + html_of(digest)
    assert "no longer in the source: it has no active account that can be seen" in text_of(digest)


def test_a_rerun_tells_nobody_twice(story: Story) -> None:
    story.account("ann", account_expires_at=8)
    story.run()
    story.later(days=2).run("second")
    told = len(story.inbox.mails)
    assert story.run("second")["evaluate"]["reminders"] == "queued", "a complete stage returns its stored counts"
    story.later(minutes=5).run("second")
    story.later(minutes=5).run()
    assert len(story.inbox.mails) == told
    assert story.reminded() == ["ann@example.com"]


def test_two_days_of_downtime_neither_skip_nor_repeat_a_step(story: Story) -> None:
    story.account("ann", account_expires_at=8)
    story.run()
    story.later(days=5.5).run()
    story.later(hours=1).run()
    assert [mail["Subject"] for mail in story.inbox.to("ann@example.com")] == ["Your account expires within 3 days"]


def test_somebody_first_seen_inside_the_window_gets_only_the_current_step(story: Story) -> None:
    story.account("ann")
    story.run()
    story.account("new", account_expires_at=2)
    story.later(hours=1).run()
    assert [(mail["To"], mail["Subject"]) for mail in story.inbox.mails[1:2]] == [("new@example.com", "Your account expires within 3 days")]


def test_a_changed_date_is_another_expiry_and_going_back_repeats_nothing(story: Story) -> None:
    first = story.now + timedelta(days=6)
    story.account("ann", account_expires_at=first)
    story.account("bob", account_expires_at=20)
    story.run()
    story.change("ann", account_expires_at=13)
    story.later(hours=1).run()
    story.change("ann", account_expires_at=first)
    story.later(hours=1).run()
    assert [mail["Subject"] for mail in story.inbox.to("ann@example.com")] == ["Your account expires within 14 days"]


def test_steps_that_pass_while_reminders_are_off_are_not_sent_later(story: Story) -> None:
    story.account("ann", account_expires_at=8)
    story.run()
    story.later(days=2).run(send_emails=False)
    story.later(hours=1).run(send_emails=True)
    assert story.reminded() == []
    story.later(days=3).run(send_emails=True)
    assert [mail["Subject"] for mail in story.inbox.to("ann@example.com")] == ["Your account expires within 3 days"]


def crowd(story: Story, number: int) -> None:
    """So many accounts that all reach a step two days later."""
    for index in range(number):
        story.account(f"user{index:03}", account_expires_at=8)
    story.run()
    story.later(days=2)


def test_reminders_to_more_owners_than_usual_wait_for_a_person(story: Story) -> None:
    crowd(story, 51)
    story.run()
    assert story.reminded() == []
    assert {message["state"] for message in story.messages()} == {"held"}
    held = story.alerts(rule="reminders_held")[0]
    assert (held["severity"], held["state"]) == ("critical", "firing")
    assert "release_held" in held["summary"]


def test_released_reminders_go_out_as_far_as_they_are_still_true(story: Story) -> None:
    crowd(story, 51)
    story.run()
    story.change("user000", account_expires_at=300)
    story.later(hours=1).run(release_held=True)
    assert sorted(story.reminded()) == [f"user{index:03}@example.com" for index in range(1, 51)]
    assert [a["state"] for a in story.alerts(rule="reminders_held")] == ["resolved"]


def test_what_is_too_much_in_the_run_that_releases_waits_for_another_one(story: Story) -> None:
    for number in range(120):
        story.account(f"user{number}", account_expires_at=29 if number < 60 else 99)
    story.run()
    story.later(days=20).run()
    for number in range(60, 120):
        story.change(f"user{number}", account_expires_at=3)
    counts = story.later(hours=1).run(release_held=True)["evaluate"]
    assert (counts["reminders"], counts["released"], len(story.reminded())) == ("held", 60, 60)
    assert story.later(hours=1).run(release_held=True)["evaluate"]["released"] == 60


def test_a_reminder_that_is_held_follows_what_was_corrected(story: Story) -> None:
    crowd(story, 51)
    keys = {name: story.account(name) for name in ("old", "new")}
    story.change("user000", manager_user_id=keys["old"])
    story.run()
    story.change("user000", manager_user_id=keys["new"], first_name="Jo", last_name="Doe", email="jo@example.com")
    story.later(hours=1).run()
    reminder = next(message for message in story.messages() if message["content"]["username"] == "user000")
    said = [reminder["content"][name] for name in ("full_name", "manager_name", "cc")]
    assert (reminder["receiver"], said, reminder["state"]) == ("jo@example.com", ["Jo Doe", "new", "new@example.com"], "held")


def test_fifty_owners_are_not_too_many(story: Story) -> None:
    crowd(story, 50)
    story.run()
    assert len(story.reminded()) == 50


def test_in_a_large_system_a_share_of_all_owners_is_not_too_many(story: Story) -> None:
    few = "send_emails: true, reminder_hours: '00:00-24:00', most_reminders: 2, most_reminders_percent: 50"
    story.settings = settings(f"monitoring: {{account_expiration: {{{few}}}}}")
    for number in range(10):
        story.account(f"u{number}", account_expires_at=8 if number < 5 else 300)
    story.run()
    story.later(days=2).run()
    assert len(story.reminded()) == 5, "5 of 10 are 50 %"
    story.watched.execute("update users set account_expires_at = %s", (story.now + timedelta(days=2.5),))
    story.later(minutes=1).run()
    assert len(story.reminded()) == 5, "10 of 10 are more"


def test_a_reminder_names_all_memberships_that_end_on_its_day(story: Story) -> None:
    user = story.account("jo")
    for group, hours in (("night", 6), ("day", 1)):
        story.membership(user, group, 20 + hours / 24)
    story.run()
    story.later(days=6, hours=2).run()
    story.later(hours=6).run()
    [reminder] = story.messages()
    assert (reminder["content"]["groups"], reminder["content"]["step"]) == ("day, night", "14")


def test_nobody_is_his_own_manager(story: Story) -> None:
    key = story.account("boss", account_expires_at=99)
    story.change("boss", manager_user_id=key)
    story.run()
    story.change("boss", account_expires_at=2)
    story.later(hours=1).run()
    [reminder] = story.messages()
    assert (reminder["content"]["manager_name"], reminder["content"]["cc"]) == ("", "")


def test_the_manager_is_in_copy_only_from_seven_days_on(story: Story) -> None:
    manager = story.account("mia")
    story.account("ann", account_expires_at=31, manager_user_id=manager)
    story.run()
    for _ in range(3):
        story.later(days=8.5).run()
    copies = [(mail["Subject"], mail["Cc"]) for mail in story.inbox.to("ann@example.com")]
    assert copies == [
        ("Your account expires within 30 days", None),
        ("Your account expires within 14 days", None),
        ("Your account expires within 7 days", "mia@example.com"),
    ]


def test_a_digest_with_critical_news_leaves_before_everything_else(story: Story) -> None:
    story.account("ann", account_expires_at=-30)
    story.run()
    story.account("bob", "zenith", account_expires_at=2)
    story.later(hours=1).run()
    assert [message["priority"] for message in story.messages("report")] == [0, 1]


def test_owners_are_written_to_only_in_the_hours_for_it(story: Story) -> None:
    story.settings = settings("monitoring: {zone: Europe/Berlin, account_expiration: {send_emails: true}}")
    story.account("ann", account_expires_at=8)
    story.run()
    story.later(days=2, hours=9).run()  # 19:00 in Berlin
    assert story.reminded() == []
    story.later(hours=12).run()  # 07:00
    assert story.reminded() == []
    story.later(hours=1).run()  # 08:00
    assert story.reminded() == ["ann@example.com"]


def test_a_reminder_that_waited_and_is_no_longer_true_is_withdrawn(story: Story) -> None:
    story.settings = settings("monitoring: {account_expiration: {send_emails: true}}")
    story.account("ann", account_expires_at=8)
    story.run()
    story.later(days=2, hours=12).run()
    story.change("ann", account_expires_at=300)
    story.later(hours=12).run()
    assert story.reminded() == []
    assert [message["state"] for message in story.messages()] == ["superseded"]


def said(story: Story, caplog: pytest.LogCaptureFixture, **form: Any) -> list[str]:
    """What another run says in its log of the reminders."""
    caplog.clear()
    with caplog.at_level("INFO", logger="include.reporting"):
        story.run(**form)
    return [record.getMessage() for record in caplog.records if record.name == "include.reporting"]


SUCCESS = "✅ SUCCESS: Account expiration notifications sent"


def test_success_is_said_when_reminders_have_left_however_late(story: Story, caplog: pytest.LogCaptureFixture) -> None:
    story.settings = settings("monitoring: {account_expiration: {send_emails: true}}")
    story.account("ann", account_expires_at=8)
    story.run()
    assert said(story.later(days=2, hours=12), caplog) == ["ℹ️ INFO: 1 reminder will leave within the reminder hours, 08:00-18:00"]
    story.later(hours=11.5).wiring.drain(story.now + timedelta(minutes=5))
    assert story.reminded() == ["ann@example.com"], "the watcher sends between two runs"
    assert said(story.later(hours=1), caplog) == [SUCCESS]
    assert SUCCESS in text_of(story.digests()[-1])
    assert said(story.later(hours=1), caplog) == []


def test_success_is_said_of_released_reminders(story: Story, caplog: pytest.LogCaptureFixture) -> None:
    crowd(story, 51)
    assert said(story, caplog) == ["🚨 CRITICAL: 51 reminders held back: more than usual at once"]
    assert said(story.later(hours=1), caplog, release_held=True) == [SUCCESS]


def test_a_reminder_that_is_refused_for_good_in_a_later_run_is_no_success(story: Story, caplog: pytest.LogCaptureFixture) -> None:
    story.account("ann", account_expires_at=8)
    story.run()
    story.inbox.refuse["ann@example.com"] = "450 later"
    said(story.later(days=2), caplog)
    story.account("bob", account_expires_at=6)
    story.inbox.refuse["ann@example.com"] = "550 never"
    assert said(story.later(hours=1), caplog) == ["⚠️ WARNING: 1 reminder could not be delivered"]
    assert SUCCESS not in text_of(story.digests()[-1])


def test_addresses_that_cannot_be_written_to_are_listed_and_count_as_told(story: Story) -> None:
    story.account("bad", email="not an address", account_expires_at=8)
    story.account("out", account_expires_at=8)
    story.inbox.refuse["out@example.com"] = "550 no such user"
    story.run()
    story.later(days=2).run()
    story.later(hours=1).run()
    assert [message["state"] for message in story.messages()] == ["failed", "failed"]
    listing = text_of(story.digests()[1])
    assert "not an address" in listing
    assert "550" in listing
    found = {row["username"]: row["reminder_error"] for row in entries(story.digests()[1])}
    assert found == {"bad": "refused: 'not an address' is no mail address", "out": "refused: out@example.com (550 no such user)"}


def entries(digest: EmailMessage) -> list[dict[str, str]]:
    """The attached file as a spreadsheet sees it."""
    return list(csv.DictReader(io.StringIO(attachment_of(digest).removeprefix("\ufeff"), newline="")))


def test_the_file_says_of_each_entry_what_became_of_its_reminder_and_whether_it_is_newly_urgent(story: Story) -> None:
    story.account("ann", account_expires_at=8)
    story.account("bob", account_expires_at=20)
    story.account("cyd", email="cyd", account_expires_at=8)
    story.run()
    story.later(days=2).run()
    story.change("cyd", account_expires_at=300)
    story.later(hours=24).run()
    first, second = ({row["username"]: row for row in entries(digest)} for digest in story.digests()[-2:])
    assert [(first[name]["newly_urgent"], first[name]["reminder_state"]) for name in ("ann", "bob", "cyd")] == [
        ("yes", "sent"),
        ("no", "baseline"),
        ("yes", "failed"),
    ]
    assert [(second[name]["newly_urgent"], second[name]["reminder_state"]) for name in ("ann", "bob")] == [
        ("no", "sent"),
        ("no", "baseline"),
    ]
    assert "cyd" not in second


def test_an_organisation_with_an_endless_name_is_cut_and_stays_apart_from_its_like(story: Story) -> None:
    for end in "ab":
        story.account(f"ann{end}", "x" * 300 + end, account_expires_at=2)
    story.run()
    assert len({alert["labels"]["organization"] for alert in story.alerts()}) == 2
    assert all("…: 1 user account" in alert["summary"] for alert in story.alerts())
    assert "x" * 100 not in text_of(story.digests()[0])


def test_an_owner_who_has_no_address_does_not_keep_the_copy_from_the_manager(story: Story) -> None:
    manager = story.account("mia")
    for name, address in (("bad", "not an address"), ("none", ""), ("out", "out@example.com")):
        story.account(name, email=address, account_expires_at=8, manager_user_id=manager)
    story.inbox.refuse["out@example.com"] = "550 no such user"
    story.run()
    story.later(days=2).run()
    story.later(hours=1).run()
    assert story.inbox.envelopes.count(["mia@example.com"]) == len(story.inbox.to("mia@example.com")) == 3
    assert sorted(message["state"] for message in story.messages()) == ["failed"] * 3
    listing = text_of(story.digests()[-1])
    for words in ("bad <not an address>", "none <no address>", "out <out@example.com>"):
        assert words in listing


def test_an_address_beyond_ascii_gets_its_mail_from_a_server_that_can(story: Story) -> None:
    story.account("jörg", email="jörg@exämple.example", account_expires_at=8)
    story.run()
    story.later(days=2).run()
    assert [mail["To"] for mail in story.inbox.to("jörg@exämple.example")] == ["jörg@exämple.example"]


def test_an_address_beyond_ascii_is_refused_by_name_where_the_server_cannot(story: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    manager = story.account("mia", email="mía@example.com")
    story.account("jörg", email="jörg@exämple.example", account_expires_at=8)
    story.account("ann", account_expires_at=8, manager_user_id=manager)
    with serving(international=False) as inbox:
        monkeypatch.setenv("AIRFLOW_CONN_SMTP_DEFAULT", mail_connection(inbox))
        story.run()
        story.later(days=2).run()
    assert inbox.to("ann@example.com")
    needs = "needs SMTPUTF8, which the mail server does not offer"
    outcomes = {message["receiver"]: (message["state"], message["error"]) for message in story.messages()}
    assert outcomes == {
        "jörg@exämple.example": ("failed", f"refused: jörg@exämple.example {needs}"),
        "ann@example.com": ("sent", f"refused: mía@example.com {needs}"),
    }


def test_a_digest_goes_out_every_morning_also_when_there_is_nothing(story: Story) -> None:
    story.account("ann")
    story.run()
    before = len(story.digests())
    story.later(hours=1).run()
    assert len(story.digests()) == before
    story.later(hours=22).run()  # 08:00 the next day
    assert len(story.digests()) == before + 1
    assert "0 findings, 1 account" in text_of(story.digests()[-1])


def test_somebody_newly_urgent_is_news_even_when_the_alert_is_no_worse(story: Story) -> None:
    story.account("eve", account_expires_at=-1)
    story.account("ann", account_expires_at=8)
    story.run()
    story.later(days=0, hours=30).run()
    assert "ann" in text_of(story.digests()[-1])


def test_a_run_for_one_organisation_judges_only_that_one(story: Story) -> None:
    story.account("ann", account_expires_at=8)
    story.account("zoe", "zenith", account_expires_at=8)
    story.run()
    story.later(days=6).run(organization="zenith")
    assert [(a["labels"]["organization"], a["detail"]["least"]) for a in story.alerts()] == [("acme", "14"), ("zenith", "3")]
    assert story.reminded() == ["zoe@example.com"]


def test_hostile_names_are_shown_and_do_nothing(story: Story) -> None:
    names = ["<script>alert(1)</script>", '=cmd("calc")', "\u202egnp.exe", "🦊 Fuchs", "x" * 10_000, "a\r\nBcc: all@example.com"]
    for index, name in enumerate(names):
        story.account(f"user{index}", first_name=name, last_name=name, department=name, account_expires_at=8)
    story.run()
    story.later(days=2).run()
    assert len(story.reminded()) == len(names)
    assert {len(recipients) for recipients in story.inbox.envelopes} == {1}
    for mail in story.inbox.mails:
        assert "<script>alert" not in html_of(mail)
        assert "\u202e" not in text_of(mail) + html_of(mail)
        assert mail["Bcc"] is None
    assert not [
        line for line in attachment_of(story.digests()[0]).splitlines() for cell in line.split(",") if cell.lstrip('"').startswith("=")
    ]


def test_other_channels_get_one_line_per_alert_and_one_without_a_connection_is_on_record(story: Story) -> None:
    story.settings = settings("monitoring: {account_expiration: {alert_channels: [email, slack]}}")
    story.account("ann", account_expires_at=2)
    story.account("bob", password_expires_at=-2)
    story.run()
    lines = story.messages("alert")
    assert [(line["channel"], line["state"]) for line in lines] == [("slack", "not_configured")] * 2
    assert all(line["subject"].startswith("⚠️ WARNING: acme: 1 ") for line in lines)


def test_nobody_to_tell_is_on_record_and_no_failure(story: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SECURENET_ADMIN_EMAIL")
    monkeypatch.delenv("AIRFLOW_CONN_SMTP_DEFAULT")
    story.account("ann", account_expires_at=2)
    story.run()
    assert [message["state"] for message in story.messages("report")] == ["not_configured"]


def test_a_report_that_could_not_be_sent_is_when_its_run_is_repeated(story: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    connection = os.environ["AIRFLOW_CONN_SMTP_DEFAULT"]
    monkeypatch.delenv("AIRFLOW_CONN_SMTP_DEFAULT")
    story.account("ann", account_expires_at=2)
    story.run("one")
    monkeypatch.setenv("AIRFLOW_CONN_SMTP_DEFAULT", connection)
    story.run("one")
    assert [message["state"] for message in story.messages("report")] == ["sent"]
    story.run("one")
    assert len(story.digests()) == 1


def test_the_seed_configuration_sends_its_digest_to_the_default_receiver(story: Story) -> None:
    story.settings = Settings()
    story.account("ann", account_expires_at=2)
    story.run()
    assert len(story.digests()) == 1
