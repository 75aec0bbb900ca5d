"""What breaks, and what is promised all the same: nothing lost, nothing told twice, and a message that says what to do."""

from __future__ import annotations

import os
import signal
import threading
import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import psycopg
import pytest
from airflow.sdk.exceptions import AirflowTaskTimeout
from airflow.sdk.execution_time.timeout import TimeoutPosix

from demo import securenet
from include.collecting import Collecting
from include.config.loading import ConfigurationRefused
from include.failures import RequestRefused, SourceError
from include.model import Run, Sample, Stage, utc_now
from include.sources.accounts_sql import SECURENET
from include.store import Store, StoreError, connect, migrations
from include.store.runs import Attempt, failure_recorded
from local.postgres import Server
from securenet import configuration
from securenet.commands.check import load_dag
from securenet.parsing import at_parse
from securenet.rehearsal import rehearse, stages
from securenet.wiring import Wiring
from tests.smtp import free_port, serving
from tests.story import DUTY, Story, settings, text_of


def sick(story: Story) -> None:
    """Another hour, in which the source does not answer."""
    counts = story.later(hours=1).run()
    assert counts["collect"]["source_up"] == 0, counts
    assert story.metric("source_up") == {(DUTY, "accounts"): 0}


def assert_told_as_missing(story: Story, why: str) -> None:
    """One alert for the source with its reason, its children unknown, and a mail that never says all is well."""
    (source,) = story.alerts(rule="source_up")
    assert (source["state"], source["reason"]) == ("unknown", "no_data")
    assert why in source["summary"]
    assert {a["state"] for a in story.alerts(rule="accounts_expiring")} == {"unknown"}
    assert "no data" in str(story.digests()[-1]["Subject"]).lower()
    assert why in text_of(story.digests()[-1])
    assert "0 findings" not in text_of(story.digests()[-1])


@pytest.fixture
def watching(story: Story) -> Story:
    """A story in which one account was seen."""
    story.account("ann", account_expires_at=5)
    story.run()
    return story


def test_a_watched_database_that_is_down_is_missing_data_in_a_green_run(watching: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    good = psycopg.conninfo.conninfo_to_dict(watching.watched.info.dsn)["dbname"]
    monkeypatch.setenv("AIRFLOW_CONN_SECURENET_DB", f"postgresql://monitor:topsecret@127.0.0.1:{free_port()}/{good}")
    sick(watching)
    assert_told_as_missing(watching, "Connection refused")
    everything = "".join(str(row) for row in watching.store.connection.execute("select * from run, alert, message").fetchall())
    assert "topsecret" not in everything


def test_a_watched_database_without_the_column_is_missing_data(watching: Story) -> None:
    watching.watched.execute("alter table users rename account_expires_at to ends")
    sick(watching)
    assert_told_as_missing(watching, "account_expires_at does not exist")


def test_a_watched_database_without_an_account_is_missing_data(watching: Story) -> None:
    watching.watched.execute("delete from users")
    sick(watching)
    assert_told_as_missing(watching, "not one active account")


def test_a_watched_database_that_is_too_slow_is_missing_data(watching: Story, tmp_path: Path) -> None:
    napping = tmp_path / "slow.sql"
    napping.write_text(SECURENET.read_text().replace("select due.id::text", "select pg_sleep(3)::text || due.id::text", 1))
    watching.settings = settings(f"monitoring: {{account_expiration: {{statement_timeout: 1s, query: {napping}}}}}")
    sick(watching)
    assert_told_as_missing(watching, "statement timeout")


def test_a_watched_database_that_freezes_is_missing_data(watching: Story, tmp_path: Path) -> None:
    napping = tmp_path / "napping.sql"
    napping.write_text(SECURENET.read_text().replace("select due.id::text", "select pg_sleep(0.5)::text || due.id::text", 1))
    watching.settings = settings(f"monitoring: {{account_expiration: {{statement_timeout: 1s, query: {napping}}}}}")
    frozen: list[int] = []

    def freeze() -> None:
        while len(frozen) < 3:
            # asleep it holds nothing that the store, a database of the same server, would wait for
            query = "select pid from pg_stat_activity where wait_event = 'PgSleep' and datname = current_database() and pid <> all(%s)"
            for (pid,) in watching.watched.execute(query, (frozen,)).fetchall():
                os.kill(pid, signal.SIGSTOP)
                frozen.append(pid)
            time.sleep(0.01)

    thread = threading.Thread(target=freeze)
    thread.start()
    try:
        sick(watching)
    finally:
        thread.join()
        for pid in frozen:
            os.kill(pid, signal.SIGCONT)
    assert_told_as_missing(watching, "no whole answer within")


def test_a_slow_database_is_missing_data_before_its_task_runs_out_of_time(watching: Story, tmp_path: Path) -> None:
    """Three statement timeouts of a minute are more than a task of a duty that runs every minute has."""
    napping = tmp_path / "slow.sql"
    napping.write_text(SECURENET.read_text().replace("select due.id::text", "select pg_sleep(60)::text || due.id::text", 1))
    watching.settings = settings(f"monitoring: {{account_expiration: {{check_interval: 1m, query: {napping}}}}}")
    collect = load_dag(DUTY).get_task("collect")
    collect.execution_timeout = timedelta(seconds=6)
    with TimeoutPosix(6):
        run = Run(DUTY, "slow", utc_now(), timedelta(minutes=1))
        counts = collect.perform(Wiring(watching.store, watching.wiring.in_force, utc_now), run)
    assert counts["source_up"] == 0
    assert "no whole answer within" in counts["why"]


def test_a_task_that_is_out_of_time_is_on_record(store: Store) -> None:
    attempt = Attempt(store, Run(DUTY, "late", utc_now()), Stage.COLLECT, utc_now, utc_now())
    with pytest.raises(AirflowTaskTimeout), failure_recorded(attempt):
        raise AirflowTaskTimeout("Timeout")
    assert store.connection.execute("select state, error from run").fetchall() == [
        {"state": "failed", "error": "AirflowTaskTimeout: Timeout"}
    ]


def test_a_source_is_asked_three_times_before_it_counts_as_sick(story: Story) -> None:
    @dataclass
    class Moody:
        """Answers at the third time."""

        name: str = "moody"
        asked: int = 0

        def read(self, store: Store, at: datetime, organization: str | None, within: timedelta) -> list[Sample]:
            self.asked += 1
            if self.asked % 3:
                raise SourceError("not in the mood")
            return []

    pauses: list[float] = []
    source = Moody()
    counts = Collecting(source, None, lambda: story.now, timedelta(minutes=1), pauses.append).collect(
        story.store, Run(DUTY, "x", story.now)
    )
    assert (counts["source_up"], source.asked, len(pauses)) == (1, 3, 2)


def test_when_the_source_answers_again_its_alert_resolves_and_its_children_return(watching: Story) -> None:
    watching.watched.execute("alter table users rename account_expires_at to ends")
    sick(watching)
    watching.watched.execute("alter table users rename ends to account_expires_at")
    watching.later(hours=1).run()
    assert [a["state"] for a in watching.alerts(rule="source_up")] == ["resolved"]
    assert [(a["state"], a["reason"]) for a in watching.alerts(rule="accounts_expiring")] == [("firing", "returned")]


def test_a_sick_source_is_told_once_however_long_it_lasts(watching: Story) -> None:
    watching.watched.execute("alter table users rename account_expires_at to ends")
    sick(watching)
    told = len(watching.inbox.mails)
    sick(watching)
    sick(watching)
    assert len(watching.inbox.mails) == told


def test_a_role_that_may_read_only_what_is_needed_is_enough(watching: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    securenet.grant(watching.watched)
    watching.watched.execute("alter role monitor password 'x'")
    info = watching.watched.info
    monkeypatch.setenv("AIRFLOW_CONN_SECURENET_DB", f"postgresql://monitor:x@{info.host}:{info.port}/{info.dbname}")
    assert watching.later(hours=1).run()["collect"]["source_up"] == 1
    with psycopg.connect(info.dsn, user="monitor", password="x") as monitor, pytest.raises(psycopg.errors.InsufficientPrivilege):
        monitor.execute("select password_hash from users")


def test_a_query_that_would_write_to_the_watched_database_cannot(watching: Story, tmp_path: Path) -> None:
    watching.watched.execute("create function meddle() returns text language sql as $$ update users set version = 9 returning 'x' $$")
    file = tmp_path / "writing.sql"
    file.write_text(SECURENET.read_text().replace("select due.id::text", "select meddle() || due.id::text", 1))
    watching.settings = settings(f"monitoring: {{account_expiration: {{query: {file}}}}}")
    sick(watching)
    assert_told_as_missing(watching, "read-only transaction")


def test_a_store_that_goes_down_fails_the_task_writes_nothing_half_and_the_next_run_catches_up(watching: Story, server: Server) -> None:
    run = Run(DUTY, "during", watching.now, timedelta(hours=1))
    dead = connect(watching.store.connection.info.dsn + f" password={watching.store.connection.info.password}", "victim")
    pid = dead.connection.info.backend_pid
    collect = load_dag(DUTY).get_task("collect")
    wiring = watching.later(hours=1).wiring.__class__(dead, watching.wiring.in_force, watching.wiring.clock)
    watching.store.connection.execute("select pg_terminate_backend(%s)", (pid,))
    with pytest.raises(psycopg.OperationalError):
        collect.perform(wiring, run)
    assert watching.store.connection.execute("select from run where run_id = 'during'").fetchall() == []
    assert watching.later(hours=1).run()["collect"]["source_up"] == 1


def test_while_the_mail_server_is_down_messages_wait_and_go_out_later(story: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    port = free_port()
    away = f"smtp://127.0.0.1:{port}/?from_email=m%40example.com&disable_ssl=true&disable_tls=true"
    monkeypatch.setenv("AIRFLOW_CONN_SMTP_DEFAULT", away)
    story.account("ann", account_expires_at=8)
    story.run()
    story.later(days=2).run()
    assert {message["state"] for message in story.messages()} == {"pending"}
    assert [message["state"] for message in story.messages("report")] == ["superseded", "pending"]
    with serving(port) as back:
        story.later(hours=1).run()
    assert sorted(recipients[0] for recipients in back.envelopes) == ["admin@example.com", "ann@example.com"]
    digest = back.to("admin@example.com")[0]
    assert "expiring within 7 days" in text_of(digest), "the digest that replaced the first tells what the first would have told"


def test_a_recipient_who_is_refused_for_now_waits_and_stops_nobody_else(story: Story) -> None:
    manager = story.account("mia")
    story.account("ann", account_expires_at=8, manager_user_id=manager)
    story.account("bob", account_expires_at=8)
    story.run()
    story.inbox.refuse["ann@example.com"] = "450 later"
    story.later(days=2).run()
    assert sorted(story.reminded()) == ["bob@example.com", "mia@example.com"]
    story.inbox.refuse.clear()
    story.later(hours=1).run()
    assert sorted(story.reminded()) == ["ann@example.com", "bob@example.com", "mia@example.com"], "who has it does not get it again"


def test_a_slow_mail_server_is_waited_for_and_then_tried_again(story: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("include.channels.email.PATIENCE_WITH_DATA", 1)
    story.inbox.delay = 6
    story.account("ann", account_expires_at=2)
    story.run()
    assert [message["state"] for message in story.messages("report")] == ["uncertain"]
    story.inbox.delay = 0
    story.later(hours=1).run()
    assert [mail["X-Possible-Repeat"] for mail in story.digests()][-1] == "yes"
    assert len({mail["Message-ID"] for mail in story.digests()}) == 1


def test_a_refused_configuration_file_is_an_alert_and_the_run_goes_on(
    watching: Story, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "monitoring.yaml"
    monkeypatch.setenv("SECURENET_CONFIG", str(file))
    monkeypatch.delenv("SECURENET_ENV", raising=False)
    file.write_text("monitoring: {account_expiration: {warning_days: [5]}}")
    assert configuration.at_run(watching.store).settings.monitoring.account_expiration.warning_days == (5,)
    file.write_text("monitoring: {account_expiration: {warning_day: [5]}}")
    in_force = configuration.at_run(watching.store)
    assert in_force.settings.monitoring.account_expiration.warning_days == (5,)
    watching.refusal = in_force.refusal
    watching.later(hours=1).run()
    (alert,) = watching.alerts(rule="config_valid")
    assert alert["state"] == "firing"
    for part in (str(file), "monitoring.account_expiration.warning_day", "unknown key; allowed here:", "warning_days"):
        assert part in alert["summary"]
    watching.refusal = None
    watching.later(hours=1).run()
    assert [a["state"] for a in watching.alerts(rule="config_valid")] == ["resolved"]


def test_a_refused_file_is_one_alert_and_one_message_however_many_duties_see_it(watching: Story) -> None:
    watching.refusal = "monitoring.yaml: monitoring.zon: unknown key"
    for _ in range(2):
        watching.later(hours=1).run()
        for verb in stages(load_dag("escalation")):
            verb.perform(watching.wiring, Run("escalation", f"run {watching.now}", watching.now, timedelta(minutes=5)))
    assert set(watching.metric("config_valid")) == {(DUTY,), ("escalation",)}, "each says so of itself"
    assert [(a["duty"], a["state"]) for a in watching.alerts(rule="config_valid")] == [("configuration", "firing")]
    assert len([mail for mail in watching.digests() if "unknown key" in mail["Subject"]]) == 1


def test_a_refused_file_with_no_accepted_copy_fails_by_name(store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECURENET_CONFIG", str(tmp_path / "missing.yaml"))
    with pytest.raises(ConfigurationRefused, match=r"missing\.yaml: cannot be read"):
        configuration.at_run(store)


def interval_at_parse() -> str:
    interval: str = at_parse()["monitoring"]["account_expiration"]["check_interval"]
    return interval


def test_a_parse_never_raises_and_takes_the_accepted_copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "monitoring.yaml"
    monkeypatch.setenv("SECURENET_CONFIG", str(file))
    monkeypatch.setenv("AIRFLOW_HOME", str(tmp_path / "home"))
    assert interval_at_parse() == "1h", "nothing was ever accepted"
    file.write_text("monitoring: {account_expiration: {check_interval: 30m}}")
    assert interval_at_parse() == "30m"
    file.write_text("monitoring: [broken")
    assert interval_at_parse() == "30m"
    file.write_text("monitoring: {account_expiration: {check_interval: 15m}}")
    assert interval_at_parse() == "15m"


@pytest.mark.parametrize("environment", ["a/b", "x" * 300])
def test_a_parse_never_raises_whatever_the_environment_is_called(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, environment: str) -> None:
    monkeypatch.setenv("SECURENET_ENV", environment)
    monkeypatch.setenv("AIRFLOW_HOME", str(tmp_path))
    assert interval_at_parse() == "1h"


def test_a_copy_that_is_damaged_is_no_copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW_HOME", str(tmp_path))
    assert interval_at_parse() == "1h"
    for damaged in ("", "[]", "{", '{"stamp": 1}'):
        (tmp_path / "securenet/accepted.json").write_text(damaged)
        assert interval_at_parse() == "1h"


def test_an_overlay_that_appears_counts_at_the_next_parse(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "monitoring.yaml"
    file.write_text("monitoring: {}")
    monkeypatch.setenv("SECURENET_CONFIG", str(file))
    monkeypatch.setenv("SECURENET_ENV", "prod")
    monkeypatch.setenv("AIRFLOW_HOME", str(tmp_path / "home"))
    assert interval_at_parse() == "1h"
    (tmp_path / "monitoring.prod.yaml").write_text("monitoring: {account_expiration: {check_interval: 10m}}")
    assert interval_at_parse() == "10m"


def test_a_missing_connection_says_what_to_create(story: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AIRFLOW_CONN_SECURENET_DB")
    with pytest.raises(Exception, match=r"connection 'securenet_db' is missing: create it .* AIRFLOW_CONN_SECURENET_DB=") as caught:
        story.run()
    assert type(caught.value).__name__ == "AirflowFailException", "it is not retried"


def test_an_organisation_that_does_not_exist_is_named(watching: Story) -> None:
    with pytest.raises(RequestRefused, match="no organisation 'nobody'; there are: acme"):
        watching.later(hours=1).run(organization="nobody")


def test_a_run_whose_moment_has_passed_measures_nothing(watching: Story) -> None:
    late = Run(DUTY, "late", watching.now - timedelta(hours=2), timedelta(hours=1))
    counts = load_dag(DUTY).get_task("collect").perform(watching.wiring, late)
    assert counts == {"skipped": "the run's moment has passed"}


def test_clearing_an_old_run_neither_reopens_nor_closes_anything(watching: Story) -> None:
    watching.change("ann", account_expires_at=300)
    watching.later(hours=1).run()
    assert [a["state"] for a in watching.alerts()] == ["resolved"]
    old = Run(DUTY, "old", watching.now - timedelta(days=1), timedelta(hours=1))
    for verb in load_dag(DUTY).topological_sort():
        verb.perform(watching.wiring, old)
    assert [a["state"] for a in watching.alerts()] == ["resolved"]


def test_a_dry_run_keeps_nothing_and_tells_nobody(story: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    info = story.store.connection.info
    monkeypatch.setenv("AIRFLOW_CONN_MONITORING_DB", f"postgresql://{info.user}:{info.password}@{info.host}:{info.port}/{info.dbname}")
    story.account("ann", account_expires_at=0.5)
    outcome = rehearse(load_dag(DUTY), Run(DUTY, "dry", utc_now()))
    assert [a["reason"] for a in outcome.alerts] == ["opened"]
    assert len(outcome.samples) > 20
    assert outcome.reports
    for table in ("run", "alert", "message", "reminder", "sample", "report", "account_system"):
        assert story.store.connection.execute(f"select count(*) as n from {table}".encode()).fetchone() == {"n": 0}, table
    assert story.inbox.mails == []


def test_a_store_without_its_schema_says_what_to_run(server: Server) -> None:
    with psycopg.connect(server.dsn("postgres"), autocommit=True) as admin:
        admin.execute("create database bare")
    empty = connect(server.dsn("bare"), "tests")
    with pytest.raises(StoreError, match="make migrate"):
        migrations.check(empty)
    migrations.migrate(empty)
    empty.connection.execute("insert into migration (major, number, name, checksum) values (99, 1, 'future', '')")
    with pytest.raises(StoreError, match=r"the store's schema is 99\.001, this code knows 1\.x"):
        migrations.check(empty)
    empty.connection.close()
