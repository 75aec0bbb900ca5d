"""What a target that answers does not say is not over: its alerts are unknown until it says it again."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import psycopg
import pytest

from include.config.loading import parse
from include.config.targets import ApplicationTarget, Targets
from include.evaluating import Evaluating
from include.model import Run, Sample
from include.rules import traits_of
from include.rules.thresholds import Thresholds
from include.sources.application_metrics import METRICS
from include.sources.application_sql import ApplicationSql
from include.store import Store, samples
from include.targets.fleet import Fleet
from tests.conftest import NOW
from tests.lifecycle.stage import Table

FILE = """
rules:
  - {name: queue, metric: waiting, duty: database_health, labels: {queue: "*"}, warning: 100, clear: 50, summary: "{queue}: {value}"}
"""
QUERIES = """
-- name: waiting
-- What waits.
-- labels: queue
select queue, waiting as value from queues

-- name: users
-- Another metric, which is always there.
select 7 as value
"""
LABELS = {"target": "shop", "environment": "prod"}


@dataclass
class Shop:
    """An application that is read and judged every five minutes."""

    store: Store
    database: psycopg.Connection[tuple[object, ...]]
    gauge: ApplicationSql
    now: datetime = field(default=NOW)

    def later(self, times: int = 1) -> list[tuple[str, str, str]]:
        """Alerts: their rule, state and last words, after so many further readings."""
        for _ in range(times):
            self.now += timedelta(minutes=5)
            fleet = Fleet("applications", "database_health", [self.gauge], {**METRICS, **self.gauge.metrics}, clock=lambda: self.now)
            with self.store.transaction():
                fleet.read(self.store, self.now, None, timedelta(seconds=20))
                samples.settle(self.store)
            self.judge()
        rows = self.store.connection.execute("select rule, state, coalesce(resolution, summary) as words from alert order by id").fetchall()
        return [(row["rule"], row["state"], row["words"]) for row in rows]

    def judge(self) -> None:
        """As the duty does."""
        targets = Targets(applications=(ApplicationTarget(name="shop", connection="shop_db"),))
        settings = parse(FILE, Path("monitoring.yaml")).settings.model_copy(update={"targets": targets})
        table = Table()
        table.traits = lambda duty, rule: traits_of(settings)(rule)  # type: ignore[method-assign]
        evaluating = Evaluating((Thresholds(),), settings, table, None, lambda: self.now)
        run = Run("database_health", f"run at {self.now}", self.now, timedelta(minutes=5))
        with self.store.transaction():
            evaluating.apply(self.store, evaluating.judge(self.store, run, self.now), run, self.now)


@pytest.fixture
def shop(store: Store, watched_dsn: str, tmp_path: Path) -> Iterator[Shop]:
    """Two queues, one of which is too long."""
    file = tmp_path / "shop.sql"
    file.write_text(QUERIES)
    with psycopg.connect(watched_dsn, autocommit=True) as database:
        database.execute("create table queues (queue text, waiting int)")
        database.execute("insert into queues values ('mails', 500), ('orders', 1)")
        yield Shop(store, database, ApplicationSql(LABELS, watched_dsn, file))


def test_an_alert_whose_query_fails_is_unknown_and_goes_on_when_it_answers_again(shop: Shop) -> None:
    assert shop.later() == [("queue", "firing", "mails: 500, the limit is 100")]
    shop.database.execute("alter table queues rename to elsewhere")
    assert shop.later(3)[:1] == [("queue", "unknown", "mails: …: no value for now")]
    shop.database.execute("alter table elsewhere rename to queues")
    assert shop.later()[:1] == [("queue", "firing", "mails: 500, the limit is 100")]


def test_an_alert_of_what_is_really_gone_is_over(shop: Shop) -> None:
    shop.later()
    shop.database.execute("delete from queues where queue = 'mails'")
    assert shop.later(3) == [("queue", "resolved", "mails: …: it is no longer there")]


def test_what_was_dropped_since_labels_exploded_is_unknown(shop: Shop) -> None:
    shop.database.execute("delete from queues")
    shop.database.execute("insert into queues values ('z', 500)")
    shop.later()
    shop.database.execute("delete from queues")
    shop.database.execute("insert into queues select 'q' || n, 1 from generate_series(1, 1500) n")
    shop.database.execute("insert into queues values ('z', 500)")
    states = {rule: state for rule, state, words in shop.later(3)}
    assert states["queue"] == "unknown"


def test_a_query_that_fails_is_an_alert_of_its_own(shop: Shop) -> None:
    shop.database.execute("alter table queues rename to elsewhere")
    assert shop.later(5) == [("query_up", "firing", 'query waiting of shop fails (relation "queues" does not exist)')]


def test_an_old_doubt_does_not_count(store: Store) -> None:
    up = {**LABELS, "duty": "database_health", "source": "applications"}
    samples.record(
        store, [Sample("metric_unanswered", {**LABELS, "metric": "waiting"}, 1, NOW, "bool"), Sample("source_up", up, 1, NOW, "bool")]
    )
    assert [(row["target"], row["metric"]) for row in store.many("thresholds.doubts", duty="database_health")] == [("shop", "waiting")]
    assert store.many("thresholds.doubts", duty="system_health") == []
    samples.record(store, [Sample("source_up", up, 1, NOW + timedelta(minutes=5), "bool")])
    assert store.many("thresholds.doubts", duty="database_health") == []
