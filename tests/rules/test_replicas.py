"""A replica that dies is not one that has caught up."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

import pytest

from include.config.settings import Settings
from include.config.targets import DatabaseTarget, Targets
from include.evaluating import Evaluating
from include.model import Run, Sample
from include.rules import traits_of
from include.rules.thresholds import Thresholds
from include.store import Store, samples
from tests.conftest import NOW
from tests.lifecycle.stage import Table

PACE = timedelta(minutes=5)
LABELS = {"target": "main", "environment": "prod"}
SOURCE = {**LABELS, "duty": "database_health", "source": "databases"}


@dataclass
class Primary:
    """A server with replicas, which is read and judged every five minutes with the limits as shipped."""

    store: Store
    now: datetime = field(default=NOW)

    def says(self, times: int = 1, **lags: float) -> dict[str, str]:
        """So many readings, with these seconds that each replica is behind; the alerts that were ever told, by their rule."""
        for _ in range(times):
            self.now += PACE
            found = [Sample("source_up", SOURCE, 1, self.now, "bool"), Sample("database_replicas", LABELS, len(lags), self.now, "count")]
            found += [Sample("database_replication_lag", {**LABELS, "replica": name}, lag, self.now, "s") for name, lag in lags.items()]
            samples.record(self.store, found)
            self.judge()
        rows = self.store.connection.execute("select rule, state from alert where fired_at is not null order by id").fetchall()
        return {row["rule"]: row["state"] for row in rows}

    def judge(self) -> None:
        """As the duty does."""
        settings = Settings(targets=Targets(databases=(DatabaseTarget(name="main", connection="main", environment="prod"),)))
        table = Table()
        table.traits = lambda duty, rule: traits_of(settings)(rule)  # type: ignore[method-assign]
        evaluating = Evaluating((Thresholds(),), settings, table, None, lambda: self.now)
        run = Run("database_health", f"run at {self.now}", self.now, PACE)
        with self.store.transaction():
            evaluating.apply(self.store, evaluating.judge(self.store, run, self.now), run, self.now)


@pytest.fixture
def primary(store: Store) -> Primary:
    """With two replicas, both in step."""
    found = Primary(store)
    assert found.says(3, one=0, two=0) == {}
    return found


def test_a_replica_that_dies_is_told_and_its_lag_is_unknown_not_over(primary: Primary) -> None:
    assert primary.says(3, one=0, two=100) == {"database_replication_lag": "firing"}
    assert primary.says(3, one=0) == {"database_replication_lag": "unknown", "database_replicas_lost": "firing"}
    assert primary.says(3, one=0, two=0) == {"database_replication_lag": "resolved", "database_replicas_lost": "resolved"}


def test_a_replica_that_was_taken_away_is_forgotten_within_a_day(primary: Primary) -> None:
    assert primary.says(280, one=0) == {"database_replicas_lost": "firing"}
    assert primary.says(12, one=0) == {"database_replicas_lost": "resolved"}


def test_a_replica_that_connects_anew_is_nothing_to_tell(primary: Primary) -> None:
    assert primary.says(one=0) == {}
    assert primary.says(3, one=0, two=0) == {}
