"""Promises that a hostile reader of the code found broken once."""

from __future__ import annotations

import os
import threading
from datetime import time, timedelta
from pathlib import Path
from types import SimpleNamespace

import psycopg
import pytest
from airflow.sdk.definitions.param import process_params
from airflow.sdk.exceptions import AirflowFailException

from demo import securenet
from include.config.types import hours
from include.model import Run, utc_now
from include.sources.accounts_sql import SECURENET, SqlAccounts
from include.store import connect
from local.postgres import throwaway
from securenet.commands.check import load_dag
from securenet.operators.maintain import Maintain
from securenet.parsing import at_parse
from securenet.rehearsal import stages
from securenet.wiring import Wiring
from tests.smtp import free_port
from tests.story import DUTY, Story, settings, text_of

WORKING_HOURS = "monitoring: {account_expiration: {send_emails: true}}"
TWO_ADMINISTRATORS = """
monitoring: {account_expiration: {send_emails: true, reminder_hours: '00:00-24:00'}}
people: {a: {name: A, email: a@x.example}, b: {name: B, email: b@x.example}}
roles: {administrator: [a, b]}
"""
ONE_LIMITED = """
monitoring: {account_expiration: {send_emails: true, reminder_hours: '00:00-24:00'}}
people: {all: {name: All, email: all@example.com}, ann: {name: Ann, email: ann@a.example, organizations: [acme]}}
roles: {administrator: [all, ann]}
"""
PER_ORGANIZATION = "monitoring: {account_expiration: {digest: organization}}"


def states(story: Story, template: str = "reminder") -> list[str]:
    return [message["state"] for message in story.messages(template)]


def after_collect_failed(story: Story) -> None:
    """A run whose Collect failed by a fault of ours: the other tasks run all the same."""
    for verb in stages(load_dag(DUTY))[1:]:
        verb.perform(story.wiring, Run(DUTY, f"red {story.now}", story.now, timedelta(hours=1)))


def test_a_reminder_that_was_withdrawn_and_is_true_again_is_sent(story: Story) -> None:
    story.settings = settings(WORKING_HOURS)
    end = story.now + timedelta(days=8)
    story.account("ann", account_expires_at=end)
    story.run()
    story.later(days=1, hours=11).run()
    story.change("ann", account_expires_at=300)
    story.later(hours=1).run()
    story.change("ann", account_expires_at=end)
    story.later(hours=13).run()
    assert story.reminded() == ["ann@example.com"]


def test_a_server_that_gives_up_at_the_manager_does_not_lose_the_owner(story: Story) -> None:
    manager = story.account("mia")
    story.account("ann", account_expires_at=8, manager_user_id=manager)
    story.run()
    story.inbox.refuse["mia@example.com"] = "421 too many recipients"
    story.later(days=2).run()
    story.inbox.refuse.clear()
    story.later(hours=1).run()
    assert story.inbox.envelopes[-1] == ["ann@example.com", "mia@example.com"]
    assert len(story.inbox.to("ann@example.com")) == len(story.inbox.to("mia@example.com")) == 1


def test_many_who_are_refused_for_now_stop_nobody_else(story: Story) -> None:
    names = [f"a{number:02}" for number in range(10)]
    for name in [*names, "zoe"]:
        story.account(name, account_expires_at=8)
    story.run()
    story.inbox.refuse |= {f"{name}@example.com": "450 greylisted" for name in names}
    story.later(days=2).run()
    assert story.reminded() == ["zoe@example.com"]


def test_an_administrator_whose_mailbox_is_full_does_not_make_the_others_hear_it_again(story: Story) -> None:
    story.settings = settings(TWO_ADMINISTRATORS)
    story.account("ann", account_expires_at=2)
    story.inbox.refuse["b@x.example"] = "452 mailbox full"
    story.run()
    for _ in range(3):
        story.later(hours=1).run()
    assert len(story.inbox.to("a@x.example")) == 1
    story.inbox.refuse.clear()
    story.later(hours=1).run()
    assert len(story.inbox.to("b@x.example")) == 1
    assert "1 new alert" in str(story.inbox.to("b@x.example")[0]["Subject"])


def test_a_large_system_that_loses_all_accounts_is_missing_data_at_once(story: Story) -> None:
    story.account("ann", account_expires_at=5)
    story.run()
    story.store.connection.execute("update account_system set census_seconds = 10")
    story.watched.execute("delete from users")
    assert story.later(hours=1).run()["collect"]["source_up"] == 0


@pytest.mark.parametrize("grace", [2_147_483_647, -2_147_483_648])
@pytest.mark.parametrize("days", [8, -1])
def test_no_grace_period_stops_the_duty(story: Story, grace: int, days: int) -> None:
    story.account("ann", account_expires_at=days, grace_period_days=grace)
    story.account("bob", account_expires_at=8)
    story.run()
    story.later(days=2).run()
    assert "bob@example.com" in story.reminded()
    assert len(story.digests()) == 2


def test_what_is_held_stays_held_when_it_reaches_the_next_step_in_small_numbers(story: Story) -> None:
    for number in range(60):
        story.account(f"u{number:02}", account_expires_at=8 + (number % 2) * 0.25)
    story.run()
    story.later(days=2).run()
    story.later(days=3, minutes=1).run()
    story.later(hours=6).run()
    assert story.reminded() == []
    story.later(hours=1).run(release_held=True)
    assert len(story.reminded()) == 60


def test_a_first_run_that_meets_a_sick_source_is_told_also_per_organisation(story: Story) -> None:
    story.settings = settings(PER_ORGANIZATION)
    assert story.run()["collect"]["source_up"] == 0
    assert len(story.digests()) == 1


def test_the_end_of_an_organisation_is_told_to_those_who_were_told_of_it(story: Story) -> None:
    story.settings = settings(PER_ORGANIZATION)
    story.account("ann", account_expires_at=5)
    story.account("zoe", "zenith", account_expires_at=5)
    story.run()
    before = len(story.digests())
    story.watched.execute("delete from users where username = 'zoe'")
    story.watched.execute("delete from organizations where slug = 'zenith'")
    story.later(hours=1).run()
    assert [("zenith" in str(m["Subject"]), "resolved" in str(m["Subject"])) for m in story.digests()[before:]] == [(True, True)]


def test_a_limited_administrator_hears_nothing_of_others_and_nothing_of_hosts(story: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    story.settings = settings(ONE_LIMITED)
    story.account("alice", account_expires_at=6.5)
    for number in range(51):
        story.account(f"u{number:02}", "zenith", account_expires_at=8)
    story.run()
    story.later(days=2).run()
    monkeypatch.setenv("AIRFLOW_CONN_SECURENET_DB", f"postgresql://monitor:x@127.0.0.1:{free_port()}/prod")
    story.later(days=1).run()
    texts = [text_of(mail) for mail in story.inbox.to("ann@a.example")]
    assert len(texts) >= 2
    assert not [text for text in texts if "u00" in text or "51 " in text or "127.0.0.1" in text or "held back" in text]
    assert "held back" in "".join(text_of(mail) for mail in story.inbox.to("all@example.com"))


def test_a_run_for_one_organisation_leaves_the_others_list_and_its_date(story: Story) -> None:
    story.account("ann", account_expires_at=5)
    story.account("zoe", "zenith", account_expires_at=5)
    story.run()
    story.account("zed", "zenith", account_expires_at=1)
    story.later(hours=5).run(organization="zenith")
    kept = story.store.connection.execute("select username from account_snapshot order by 1").fetchall()
    assert [row["username"] for row in kept] == ["ann", "zed", "zoe"]
    assert "Data as of 2026-03-02 14:00" not in text_of(story.digests()[-1])


def test_a_first_run_for_one_organisation_takes_no_stock_of_the_others(story: Story) -> None:
    story.account("ann", account_expires_at=8)
    story.account("zoe", "zenith", account_expires_at=8)
    story.run(organization="acme")
    assert story.later(days=2).run()["evaluate"]["reminders"] == "baseline"
    assert story.reminded() == []


def test_steps_may_change_without_everything_being_worse(story: Story) -> None:
    story.account("ann", account_expires_at=5)
    story.run()
    story.settings = settings("monitoring: {account_expiration: {warning_days: [60, 30, 14, 7, 3, 1]}}")
    story.later(hours=1).run()
    assert story.alerts()[0]["reason"] == "unchanged"


def test_a_list_that_nobody_renewed_reminds_nobody_and_is_no_success(story: Story) -> None:
    story.account("ann", account_expires_at=8)
    story.run()
    story.later(days=3)
    after_collect_failed(story)
    assert story.reminded() == []
    assert [a["state"] for a in story.alerts(rule="source_up")] == ["unknown"]
    assert "no data" in str(story.digests()[-1]["Subject"])
    assert "nothing was collected for 3 days" in text_of(story.digests()[-1])


def test_a_sender_that_is_refused_is_our_fault_and_the_messages_wait(story: Story) -> None:
    story.inbox.refuse_sender = "530 authentication required"
    story.account("ann", account_expires_at=2)
    story.run()
    assert states(story, "report") == ["pending"]
    story.inbox.refuse_sender = ""
    story.later(hours=1).run()
    assert "1 new alert" in str(story.digests()[-1]["Subject"])


def test_reminders_that_were_given_up_while_nobody_took_mail_leave_when_somebody_does_as_far_as_they_are_true(story: Story) -> None:
    for name, days in (("ann", 20), ("bob", 20), ("eve", 300)):
        story.account(name, account_expires_at=days)
    story.run()
    story.later(days=7)
    story.inbox.refuse_sender = "451 try again later"
    for _ in range(6):
        story.later(hours=1).run()
    given_up = "update message set state = 'failed', error = 'given up after 97 attempts: 451 later' where template = 'reminder'"
    assert story.store.connection.execute(given_up).rowcount == 2
    story.change("bob", account_expires_at=300)
    story.inbox.refuse_sender = ""
    for _ in range(3):
        story.later(hours=1).run()
    assert story.reminded() == ["ann@example.com"]


def test_a_login_that_is_a_key_is_not_taken_for_the_sender(story: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(
        "AIRFLOW_CONN_SMTP_DEFAULT", f"smtp://127.0.0.1:{story.inbox.port}/?from_email=apikey&disable_ssl=true&disable_tls=true"
    )
    story.account("ann", account_expires_at=2)
    story.run()
    assert states(story, "report") == ["sent"]


def test_two_reports_at_once_tell_once(story: Story, store_dsn: str) -> None:
    story.account("ann", account_expires_at=2)
    dag = load_dag(DUTY)
    for verb in stages(dag)[:3]:
        verb.perform(story.wiring, Run(DUTY, "scheduled", story.now))
    in_force, now = story.wiring.in_force, story.now

    def report(run_id: str) -> None:
        opened = connect(store_dsn, run_id)
        stages(dag)[3].perform(Wiring(opened, in_force, lambda: now), Run(DUTY, run_id, now))
        opened.connection.close()

    threads = [threading.Thread(target=report, args=(run_id,)) for run_id in ("scheduled", "by hand")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(story.digests()) == 1


def test_whole_runs_beside_each_other_leave_one_alert_and_one_digest(story: Story, store_dsn: str) -> None:
    story.account("ann", account_expires_at=2)
    verbs, in_force, now = stages(load_dag(DUTY)), story.wiring.in_force, story.now
    failures: list[Exception] = []

    def whole(run_id: str) -> None:
        opened = connect(store_dsn, run_id)
        try:
            for verb in verbs:
                verb.perform(Wiring(opened, in_force, lambda: now), Run(DUTY, run_id, now))
        except Exception as error:  # told to the main thread, which asserts on it
            failures.append(error)
        opened.connection.close()

    threads = [threading.Thread(target=whole, args=(f"run {number}",)) for number in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert len(story.alerts()) == len(story.digests()) == 1


def test_an_address_of_any_length_stops_nobody_else(story: Story, tmp_path: Path) -> None:
    query = tmp_path / "query.sql"
    query.write_text(SECURENET.read_text().replace("       due.email,", "       coalesce(due.department, due.email) as email,"))
    story.settings = settings(f"monitoring: {{account_expiration: {{send_emails: true, reminder_hours: '00:00-24:00', query: {query}}}}}")
    long = "".join(f"{number:x}" for number in range(3000))
    story.account("ann", account_expires_at=8, department=long)
    story.account("bob", account_expires_at=8)
    story.run()
    story.later(days=2).run()
    assert story.reminded() == ["bob@example.com"]
    assert sorted(states(story)) == ["failed", "sent"]


def test_switching_reminders_off_stops_those_that_wait(story: Story) -> None:
    story.settings = settings(WORKING_HOURS)
    story.account("ann", account_expires_at=8)
    story.run()
    story.later(days=1, hours=11).run()
    story.settings = settings("monitoring: {account_expiration: {send_emails: false}}")
    story.later(hours=13).run()
    assert (story.reminded(), states(story)) == ([], ["suppressed"])


def test_what_may_have_arrived_is_not_repeated_once_reminders_are_off(story: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("include.channels.email.PATIENCE_WITH_DATA", 1)
    story.account("ann", account_expires_at=8)
    story.run()
    story.inbox.hang_up = "DATA"
    story.later(days=2).run()
    assert states(story) == ["uncertain"]
    story.inbox.hang_up = ""
    story.settings = settings("monitoring: {account_expiration: {send_emails: false}}")
    story.later(hours=1).run()
    assert (story.reminded(), states(story)) == (["ann@example.com"], ["suppressed"]), "the first time it had arrived"


def test_releasing_with_reminders_off_writes_to_nobody(story: Story) -> None:
    for number in range(51):
        story.account(f"u{number:02}", account_expires_at=8)
    story.run()
    story.later(days=2).run()
    counts = story.later(hours=1).run(release_held=True, send_emails=False)["evaluate"]
    assert (counts["released"], counts["not_released"]) == (0, "the run was not to write to owners: send_emails")
    assert story.reminded() == []
    assert set(states(story)) == {"held"}


def test_a_corrected_address_is_followed_by_what_waits(story: Story) -> None:
    story.settings = settings(WORKING_HOURS)
    story.account("ann", account_expires_at=8, email="old@example.com")
    story.run()
    story.later(days=1, hours=11).run()
    story.change("ann", email="new@example.com")
    story.later(hours=13).run()
    assert story.reminded() == ["new@example.com"]


def test_a_clock_time_that_moves_a_little_is_no_other_end(story: Story) -> None:
    story.account("ann", account_expires_at=8)
    story.run()
    story.later(days=2).run()
    for _ in range(3):
        story.watched.execute("update users set account_expires_at = account_expires_at + interval '1 microsecond'")
        story.later(hours=1).run()
    assert story.reminded() == ["ann@example.com"]


def test_clearing_an_old_report_leaves_the_newest_digest_alone(story: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    story.account("ann", account_expires_at=20)
    story.run("one")
    away = f"smtp://127.0.0.1:{free_port()}/?from_email=m%40example.com&disable_ssl=true&disable_tls=true"
    monkeypatch.setenv("AIRFLOW_CONN_SMTP_DEFAULT", away)
    story.account("bob", account_expires_at=2)
    story.later(hours=1).run("two")
    stages(load_dag(DUTY))[3].perform(story.later(minutes=5).wiring, Run(DUTY, "one", story.now - timedelta(hours=1)))
    assert states(story, "report")[-1] == "pending"


def test_a_mail_connection_that_comes_later_loses_nothing(story: Story, monkeypatch: pytest.MonkeyPatch) -> None:

    connection = os.environ["AIRFLOW_CONN_SMTP_DEFAULT"]
    monkeypatch.delenv("AIRFLOW_CONN_SMTP_DEFAULT")
    story.account("ann", account_expires_at=8)
    story.run()
    story.later(days=2).run()
    assert states(story, "report")[-1] == "not_configured"
    monkeypatch.setenv("AIRFLOW_CONN_SMTP_DEFAULT", connection)
    story.later(hours=1).run()
    assert "1 new alert" in str(story.digests()[0]["Subject"])
    assert story.reminded() == ["ann@example.com"]


def test_another_system_in_the_place_of_the_first_takes_stock_again(story: Story, tmp_path: Path) -> None:
    story.account("ann", account_expires_at=8)
    story.run()
    query = tmp_path / "other.sql"
    query.write_text(SECURENET.read_text())
    story.settings = settings(f"monitoring: {{account_expiration: {{send_emails: true, reminder_hours: '00:00-24:00', query: {query}}}}}")
    assert story.later(days=2).run()["evaluate"]["reminders"] == "baseline"
    assert story.reminded() == []


def test_another_server_behind_the_same_connection_takes_stock_again(story: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    story.account("ann", account_expires_at=8)
    story.run()
    with throwaway() as other, psycopg.connect(other.dsn("postgres"), autocommit=True) as admin:
        name = story.watched.info.dbname
        admin.execute(f'create database "{name}"'.encode())
        with psycopg.connect(other.dsn(name), autocommit=True) as watched:
            securenet.create_tables(watched)
            there = Story(story.store, watched, story.inbox, story.now, story.settings)
            there.account("eve", account_expires_at=8)
            monkeypatch.setenv("AIRFLOW_CONN_SECURENET_DB", other.dsn(name))
            assert there.later(days=2).run()["evaluate"]["reminders"] == "baseline"
    assert story.reminded() == []


def test_a_server_that_is_reached_at_another_address_is_the_same(story: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    story.account("ann", account_expires_at=8)
    story.run()
    monkeypatch.setenv("AIRFLOW_CONN_SECURENET_DB", os.environ["AIRFLOW_CONN_SECURENET_DB"].replace("127.0.0.1", "localhost"))
    assert story.later(days=2).run()["evaluate"]["reminders"] == "queued"


def test_a_role_that_may_not_know_the_servers_number_goes_by_its_address(story: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    story.watched.execute("revoke execute on function pg_control_system() from public")
    securenet.grant(story.watched)
    story.watched.execute("alter role monitor password 'x'")
    info = story.watched.info
    story.account("ann", account_expires_at=8)
    monkeypatch.setenv("AIRFLOW_CONN_SECURENET_DB", f"postgresql://monitor:x@{info.host}:{info.port}/{info.dbname}")
    assert story.run()["collect"]["source_up"] == 1
    system = story.store.one("accounts.system", source="accounts")
    assert system
    assert f" {info.host}:{info.port} " in system["identity"]


def test_a_cleared_run_judges_what_it_measured_anew(story: Story) -> None:
    story.account("ann", account_expires_at=5)
    story.run()
    story.watched.execute("alter table users rename account_expires_at to ends")
    story.later(hours=1).run("nine")
    story.watched.execute("alter table users rename ends to account_expires_at")
    story.now += timedelta(minutes=10)
    for verb in stages(load_dag(DUTY)):
        verb.perform(story.wiring, Run(DUTY, "nine", story.now - timedelta(minutes=10), timedelta(hours=1)))
    assert [a["state"] for a in story.alerts(rule="accounts_expiring")] == ["firing"]


def test_a_dry_run_of_housekeeping_does_not_migrate(monkeypatch: pytest.MonkeyPatch) -> None:
    called: list[str] = []
    monkeypatch.setattr("securenet.commands.migrate.migrate_store", lambda: called.append("migrate") or called)
    monkeypatch.setattr(Maintain, "rehearse", lambda self, run: {})
    monkeypatch.setattr("securenet.operators.verb.failed_before", lambda context: [])
    task = load_dag("housekeeping").get_task("maintain")
    dag_run = SimpleNamespace(dag_id="housekeeping", run_id="x", run_after=None)
    task.execute({"params": {"dry_run": True, "migrate": "yes"}, "dag_run": dag_run})
    assert called == []


def executed(task_id: str, conf: dict[str, object]) -> object:
    """A task of the duty, triggered with this form as Airflow reads it."""
    dag = load_dag(DUTY)
    params = process_params(dag, dag.get_task(task_id), conf, suppress_exception=False)
    return dag.get_task(task_id).execute({"params": params, "dag_run": SimpleNamespace(dag_id=DUTY, run_id="x", run_after=utc_now())})


@pytest.mark.parametrize("task_id", ["collect", "evaluate", "notify", "report"])
def test_a_field_that_the_form_does_not_have_is_refused_by_every_task(task_id: str) -> None:
    known = "dry_run, send_emails, organization, release_held"
    with pytest.raises(AirflowFailException, match=f"the form has no field 'sendemails'; it has: {known}"):
        executed(task_id, {"sendemails": "no"})


def test_a_dry_run_for_an_organisation_that_does_not_exist_is_not_tried_again(
    story: Story, store_dsn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_MONITORING_DB", store_dsn)
    story.account("ann", account_expires_at=5)
    with pytest.raises(AirflowFailException, match="no organisation 'nobody'; there are: acme"):
        executed("collect", {"dry_run": True, "organization": "nobody"})


def test_the_moment_of_a_run_ends_when_airflow_says_it_is_late(story: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    info = story.store.connection.info
    monkeypatch.setenv("AIRFLOW_CONN_MONITORING_DB", f"postgresql://{info.user}:{info.password}@{info.host}:{info.port}/{info.dbname}")
    collect = stages(load_dag(DUTY))[0]
    assert "skipped" in collect.perform_wired(Run(DUTY, "late", story.now - timedelta(days=9)))


def test_hours_of_the_day_mean_what_they_say() -> None:
    assert not hours("20:00-24:00").hold(time(3))
    assert hours("20:00-24:00").hold(time(23, 59))
    assert hours("22:00-06:00").hold(time(3))
    assert not hours("22:00-06:00").hold(time(12))
    assert hours("00:00-24:00").hold(time(3))
    with pytest.raises(ValueError, match="no time at all"):
        hours("08:00-08:00")


def test_an_unrendered_template_in_the_configuration_stops_no_parse(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "monitoring.yaml"
    file.write_text("monitoring:\n  zone: {{ zone }}\n")
    monkeypatch.setenv("SECURENET_CONFIG", str(file))
    monkeypatch.setenv("AIRFLOW_HOME", str(tmp_path))
    assert at_parse()["monitoring"]["zone"] == "UTC"


def test_no_object_shows_a_password(story: Story) -> None:
    source = SqlAccounts("host=x password=topsecret", story.settings.monitoring.account_expiration)
    assert "topsecret" not in repr(source)
    assert "topsecret" not in repr(story.wiring.collecting("accounts", timedelta(minutes=1)))
