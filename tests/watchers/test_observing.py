"""What probes see becomes samples, alerts and messages in one transaction of the one who watches."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import psycopg
import pytest

from include.evaluating import Evaluating
from include.probes import Observation
from include.store import Store, connect
from include.store.leases import Lease, LeaseLost
from include.targets.probing import Probing
from include.watchers.observing import MOST_AT_ONCE, MOST_SETTLED, Observing, arrive, rounds
from include.watchers.outage import Memory
from include.watchers.watching import Watching
from securenet.__main__ import main
from tests.conftest import NOW
from tests.lifecycle.stage import Stage

MAIN, OTHER = {"target": "main", "environment": "prod"}, {"target": "other", "environment": "dev"}


def seen(up: bool, seconds: float = 0, labels: dict[str, str] = MAIN) -> Observation:
    """One observation, so many seconds after the beginning."""
    return Observation(labels, NOW + timedelta(seconds=seconds), up, None if up else "connection refused", {"connect": 0.01} if up else {})


@pytest.fixture
def stage(store: Store) -> Stage:
    """One installation."""
    return Stage(store)


def watching(stage: Stage, dsn: str, holder: str) -> tuple[Watching, Probing]:
    """A watcher over connections of its own, and where its probes put what they see. Nothing is really probed."""
    store, probing = connect(dsn, holder), Probing([])
    channels = dict.fromkeys(("email",), lambda: stage.receivers)
    evaluating = Evaluating((), stage.settings, stage.table, None, lambda: stage.now)

    def remember(until: datetime) -> Memory:
        return Memory.of(store, stage.settings, stage.table, channels, stage.now, until)

    watch = Observing("database_connectivity", store, probing, evaluating, lambda: stage.table, stage.drain, remember, lambda: stage.now)
    return Watching("database_connectivity", holder, store, connect(dsn, "bell"), watch, lambda: stage.now), probing


def test_a_failure_is_a_sample_an_alert_and_a_message_at_once(stage: Stage, store_dsn: str) -> None:
    watcher, probing = watching(stage, store_dsn, "one")
    probing.tell(seen(True))
    assert watcher.look() is False, "all is well: no run is rung for"
    stage.now += timedelta(seconds=5)
    probing.tell(seen(False, 5))
    assert watcher.look() is True
    assert stage.titles() == ["🚨 CRITICAL: Database connection failed: main: connection refused"]
    kept = stage.store.connection.execute(
        "select s.metric, l.value, l.note from series s join latest l on l.series_id = s.id order by 1"
    ).fetchall()
    assert [tuple(row.values()) for row in kept] == [("database_response_time", 0.01, None), ("database_up", 0, "connection refused")]
    stage.now += timedelta(seconds=5)
    probing.tell(seen(True, 10))
    assert watcher.look() is True
    assert stage.titles()[-1] == "✅ SUCCESS: database main answers again"


def test_fifty_changes_at_once_are_one_look_and_fifty_transitions(stage: Stage, store_dsn: str) -> None:
    watcher, probing = watching(stage, store_dsn, "one")
    for number in range(50):
        probing.tell(seen(False, 0, {"target": f"db{number}"}))
    assert watcher.look() is True
    rows = stage.store.connection.execute("select count(*) from transition where reason = 'opened'").fetchone()
    assert rows == {"count": 50}


def test_of_a_storm_some_are_judged_at_a_time_and_none_is_forgotten(stage: Stage, store_dsn: str) -> None:
    watcher, probing = watching(stage, store_dsn, "one")
    targets = [{"target": f"db{number}", "environment": "prod"} for number in range(MOST_AT_ONCE + 100)]
    for labels in targets:
        probing.tell(seen(False, 0, labels))
    opened = []
    for _ in range(3):
        watcher.look()
        opened.append(len(stage.alerts()))
        watcher.wait()
    assert opened == [MOST_AT_ONCE, len(targets), len(targets)]
    assert not watcher.away
    stage.now += timedelta(seconds=5)
    probing.tell(seen(True, 5, targets[0]))
    assert watcher.look() is True
    assert stage.titles()[-1] == "✅ SUCCESS: database db0 answers again"


def test_a_storm_without_the_store_is_written_down_in_parts_before_anything_new_is_judged(stage: Stage, store_dsn: str) -> None:
    stage.table.traits_of_all = replace(stage.table.traits_of_all, group_by=("target",))
    watcher, probing = watching(stage, store_dsn, "one")
    probing.tell(seen(True))
    watcher.look()
    stage.now += timedelta(seconds=5)
    targets = [{"target": f"db{number}", "environment": "prod"} for number in range(MOST_SETTLED + 50)]
    for labels in targets:
        probing.tell(seen(False, 5, labels))
    assert watcher.watch.goes_on()
    stage.now += timedelta(seconds=1)
    for labels in targets:
        probing.tell(seen(True, 6, labels))
    states = []
    for _ in range(3):
        watcher.look()
        states.append(Counter(row["state"] for row in stage.alerts()))
        watcher.wait()
    assert states == [{"firing": MOST_SETTLED}, {"resolved": len(targets)}, {"resolved": len(targets)}]
    stage.later(3600)
    told = Counter((got.message.group_key, got.good) for got in stage.receivers.got)
    assert (len(told), set(told.values())) == (2 * len(targets), {1}), "each of them, and its end, once"


def test_after_the_clock_was_set_back_the_rules_are_asked_and_nothing_is_told_from_memory(stage: Stage, store_dsn: str) -> None:
    watcher, probing = watching(stage, store_dsn, "one")
    watcher.watch.judged_every = timedelta(minutes=1)  # type: ignore[attr-defined]
    probing.tell(seen(True))
    watcher.look()
    asked = watcher.watch.judged_at  # type: ignore[attr-defined]
    stage.now -= timedelta(hours=1)
    watcher.look()
    assert watcher.watch.judged_at == asked - timedelta(hours=1)  # type: ignore[attr-defined]
    stage.now -= timedelta(hours=1)
    probing.tell(seen(False, -7200))
    assert watcher.watch.goes_on()
    assert stage.told() == []


def test_nobody_has_a_bell_rung_that_they_do_not_hear(stage: Stage, store_dsn: str) -> None:
    """The store would keep each ring for them, and in the end no room for any."""
    watcher, _ = watching(stage, store_dsn, "one")
    watcher.prepare()
    assert watcher.bell.connection.execute("select pg_listening_channels()").fetchall() == []


def test_a_store_that_takes_no_writes_is_away(stage: Stage, store_dsn: str) -> None:
    watcher, probing = watching(stage, store_dsn, "one")
    probing.tell(seen(True))
    watcher.look()
    watcher.store.connection.execute("set default_transaction_read_only = on")
    probing.tell(seen(False, 5))
    stage.now += timedelta(seconds=5)
    assert watcher.look() is False
    assert (watcher.away, stage.told()) == (True, ["opened"]), "told from memory"
    watcher.look()
    assert not watcher.away
    assert [row["state"] for row in stage.alerts()] == ["firing"]


def test_whoever_hangs_while_it_sends_rows_holds_nothing(stage: Stage, store_dsn: str, monkeypatch: pytest.MonkeyPatch) -> None:
    watcher, probing = watching(stage, store_dsn, "one")
    probing.tell(seen(True))
    watcher.look()
    taken = []

    def hung(opened: Store, found: Sequence[Observation]) -> None:
        arrive(opened, found)
        with connect(store_dsn, "other").connection as other:
            other.execute("set lock_timeout = '2s'")
            other.execute("update lease set until = now() - interval '1 second'")
            taken.append(Lease.take(Store(other), "database_connectivity", "other", timedelta(seconds=30)))

    monkeypatch.setattr("include.watchers.observing.arrive", hung)
    probing.tell(seen(False, 5))
    assert watcher.look() is False
    assert taken[0] is not None
    assert (watcher.lease, stage.alerts()) == (None, [])


def test_who_lost_the_lease_writes_nothing(stage: Stage, store_dsn: str) -> None:
    first, probing = watching(stage, store_dsn, "first")
    probing.tell(seen(True))
    first.look()
    assert first.lease
    old = first.lease
    stage.store.connection.execute("update lease set until = now() - interval '1 second'")
    second, _ = watching(stage, store_dsn, "second")
    second.look()
    probing.tell(seen(False, 5))
    with pytest.raises(LeaseLost):
        first.watch.look(old)
    assert first.look() is False
    assert stage.alerts() == []


def test_what_was_told_without_the_store_is_on_record_although_somebody_else_watches_now(stage: Stage, store_dsn: str) -> None:
    first, probing = watching(stage, store_dsn, "first")
    probing.tell(seen(True))
    first.look()
    probing.tell(seen(False, 5))
    stage.now += timedelta(seconds=5)
    assert first.watch.goes_on()
    assert stage.told() == ["opened"]
    stage.store.connection.execute("update lease set until = now() - interval '1 second'")
    assert Lease.take(stage.store, "database_connectivity", "second", timedelta(seconds=30))
    first.look()
    assert first.look() is False
    (message,) = stage.messages()
    assert (message["state"], message["key"].split("/")[0], message["tells"]) == ("sent", "outage", None)


def test_each_change_of_a_target_is_judged_and_what_only_repeats_is_not() -> None:
    found = rounds([seen(False, 1), seen(False, 2), seen(True, 3, OTHER), seen(True, 4), seen(False, 5)])
    assert [[(one.labels["target"], one.up, one.at.second) for one in each] for each in found] == [
        [("main", False, 1), ("other", True, 3)],
        [("main", True, 4)],
        [("main", False, 5)],
    ]


@pytest.fixture
def installed(store_dsn: str, watched_dsn: str, monkeypatch: pytest.MonkeyPatch, tmp_path: object) -> Callable[[str], None]:
    """Connections in the environment; the demo's database may be pointed elsewhere."""
    monkeypatch.setenv("AIRFLOW_CONN_MONITORING_DB", store_dsn)
    monkeypatch.setenv("SECURENET_RUN", str(tmp_path))
    point: Callable[[str], None] = lambda dsn: monkeypatch.setenv("AIRFLOW_CONN_SECURENET_DB", dsn)  # noqa: E731
    point(watched_dsn)
    return point


def test_by_hand_it_measures_and_keeps_nothing(installed: Callable[[str], None], store: Store, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "database_connectivity", "--json"]) == 0
    up = {sample["labels"]["target"]: sample["value"] for sample in found(capsys) if sample["metric"] == "database_up"}
    assert up == {"store": 1, "securenet": 1}
    installed("postgresql://nobody:word@127.0.0.1:9/none")
    assert main(["check", "database_connectivity", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert [(alert["severity"], alert["labels"]["target"]) for alert in told["alerts"]] == [("critical", "securenet")]
    assert "word" not in json.dumps(told)
    assert store.connection.execute("select count(*) from sample").fetchone() == {"count": 0}


def found(capsys: pytest.CaptureFixture[str]) -> list[dict[str, object]]:
    """The samples that a check printed."""
    samples: list[dict[str, object]] = json.loads(capsys.readouterr().out)["samples"]
    return samples


def test_a_store_that_is_gone_is_gone_on_without_and_comes_back(stage: Stage, store_dsn: str) -> None:
    watcher, probing = watching(stage, store_dsn, "one")
    probing.tell(seen(True))
    watcher.look()
    watcher.store.connection.close()
    probing.tell(seen(False, 5))
    stage.now += timedelta(seconds=5)
    assert watcher.look() is False
    assert (watcher.away, stage.told()) == (True, ["opened"])
    assert watcher.look() is True, "the store answers: what was told is written down"
    assert (watcher.away, stage.told()) == (False, ["opened"])
    assert [row["state"] for row in stage.alerts()] == ["firing"]


def test_a_watcher_that_never_saw_the_store_cannot_go_on_without(stage: Stage, store_dsn: str) -> None:
    watcher, _ = watching(stage, store_dsn, "one")
    watcher.store.connection.close()
    with pytest.raises(psycopg.OperationalError):
        watcher.look()
