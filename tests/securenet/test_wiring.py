"""The watcher of the triggerer with everything that it works with: connections, store, channels."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import psycopg
import pytest

from include.message import Urgency
from include.model import Level, Run, Traits, Verdict, utc_now
from include.watchers.watching import Watching
from securenet.watching import open_watching
from securenet.wiring import wired
from tests.receivers import KEY, pagerduty, receiving
from tests.smtp import Inbox
from tests.story import Story
from tests.test_lanes import put, silence


@pytest.fixture
def watching(story: Story, store_dsn: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Watching]:
    monkeypatch.setenv("AIRFLOW_CONN_MONITORING_DB", store_dsn)
    opened = open_watching("escalation")
    yield opened
    opened.close()


def judge(target: str, level: Level) -> None:
    """An alert changes in the store."""
    with wired("tests") as wiring, wiring.store.transaction():
        now = wiring.clock()
        verdict = Verdict("escalation", "duties_run", {"duty": target}, level, now, f"{target} is {level}")
        wiring.evaluating("escalation", False).apply(wiring.store, [(Traits(group_by=("duty",)), verdict)], Run("d", target, now), now)


def look_until(watching: Watching, done: Callable[[], object]) -> None:
    """Look as the trigger does."""
    end = time.monotonic() + 20
    while not done():
        assert time.monotonic() < end
        watching.look()
        watching.wait()


def test_an_alert_leaves_by_mail_a_moment_after_it_was_written(watching: Watching, inbox: Inbox) -> None:
    watching.look()
    judge("storefront", Level.CRITICAL)
    look_until(watching, lambda: inbox.mails)
    assert inbox.mails[0]["Subject"] == "🚨 CRITICAL: storefront is critical"


def test_a_connection_that_is_made_while_it_watches_is_used_after_a_minute(watching: Watching, monkeypatch: pytest.MonkeyPatch) -> None:
    channels: Callable[[], list[str]] = watching.watch.channels  # type: ignore[attr-defined]
    assert set(channels()) == {"email", "log"}
    monkeypatch.setenv("AIRFLOW_CONN_PAGERDUTY_EVENTS_DEFAULT", "http://:a-secret-key@127.0.0.1:9")
    assert set(channels()) == {"email", "log"}, "they are not read at each look"
    monkeypatch.setattr("securenet.watching.CONNECTIONS_LAST", timedelta(0))
    end = time.monotonic() + 30
    while "pagerduty" not in channels() and time.monotonic() < end:
        time.sleep(0.05)  # they are read beside what goes on
    assert set(channels()) == {"email", "log", "pagerduty"}


def test_a_run_that_sends_waits_for_no_receiver_that_hangs_but_at_its_own_end(
    story: Story, store_dsn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_MONITORING_DB", store_dsn)
    monkeypatch.setenv("AIRFLOW_CONN_PAGERDUTY_EVENTS_DEFAULT", f"http://:{KEY}@127.0.0.1:9")
    with receiving(pagerduty) as receiver, silence() as port:
        monkeypatch.setenv(
            "AIRFLOW_CONN_SMTP_DEFAULT", f"smtp://127.0.0.1:{port}/?from_email=a%40example.com&disable_ssl=true&disable_tls=true&timeout=5"
        )
        monkeypatch.setattr("include.channels.pagerduty.REGIONS", {"us": receiver.url})
        put(story.store, "mail", "email", Urgency.CRITICAL)
        put(story.store, "page", "pagerduty")
        with wired("tests") as wiring, ThreadPoolExecutor(1) as pool:
            done = pool.submit(wiring.drain, utc_now() + timedelta(minutes=1))
            wait_for(lambda: receiver.accepted, 4)
            assert not done.done(), "the mail server hangs"
            assert done.result() == {"sent": 1, "postponed": 1}


def wait_for(what: Callable[[], object], seconds: float) -> None:
    """Until it is true."""
    end = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < end
        time.sleep(0.05)


def test_a_heartbeat_whose_address_is_none_disturbs_nobody(story: Story, store_dsn: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_MONITORING_DB", store_dsn)
    monkeypatch.setenv("AIRFLOW_CONN_HEARTBEAT_WATCHERS", '{"conn_type": "http", "host": "http://[hc.example.com/ping"}')
    watching = open_watching("escalation")
    watching.look()
    assert watching.lease
    watching.close()


def test_a_watch_that_cannot_begin_leaves_nothing_behind(story: Story, store_dsn: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(watching: Watching) -> None:
        raise psycopg.OperationalError("the store is away")

    monkeypatch.setenv("AIRFLOW_CONN_MONITORING_DB", store_dsn)
    monkeypatch.setattr("include.watchers.watching.Watching.prepare", away)
    before = set(threading.enumerate())
    with pytest.raises(psycopg.OperationalError):
        open_watching("database_connectivity")
    left = [one for one in set(threading.enumerate()) - before if one.name.startswith("probes")]
    for one in left:
        one.join(10)
    assert [one for one in left if one.is_alive()] == []
    others = story.store.connection.execute("select from pg_stat_activity where application_name like 'database_connectivity%'")
    assert others.fetchall() == []
