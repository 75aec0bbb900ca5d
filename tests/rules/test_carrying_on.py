"""What stays as it is is carried on by one statement: nothing else comes of it than of a verdict on each."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any
from unittest.mock import patch

from hypothesis import HealthCheck, example, given
from hypothesis import settings as trials
from hypothesis import strategies as st

from include.config.loading import parse
from include.config.settings import Settings
from include.config.targets import HostTarget, Targets
from include.evaluating import Evaluating
from include.flapping import STEADY
from include.model import Run, Sample
from include.rules import thresholds, traits_of
from include.rules.thresholds import Thresholds
from include.store import Store, samples
from tests.conftest import NOW
from tests.lifecycle.stage import Table

INTERVAL = timedelta(minutes=5)
FILE = """
rules:
  - {name: "*", off: true}
  - {name: hot, metric: heat, duty: system_health, warning: 80, critical: 95, clear: 70, summary: "{target} has {value}"}
  - {name: cold, metric: heat, duty: system_health, warning: 20, critical: 5, below: true, for: 5m, %s
     variants: [{environment: dev, warning: 10}]}
"""
USUAL, OTHERS = "priority: high,", "priority: low,"
NAMES = ("a", "b", "c")
VALUES = (4.0, 8.0, 15.0, 50.0, 75.0, 81.0, 85.0, 99.0)
rounds = st.lists(st.dictionaries(st.sampled_from(NAMES), st.sampled_from(VALUES)), min_size=1, max_size=5)
HOT, COLD = {"a": 85.0}, {"a": 8.0}
starts = st.fixed_dictionaries({name: st.sampled_from(VALUES) for name in NAMES})


def of(text: str) -> Settings:
    hosts = tuple(
        HostTarget(name=name, via="node_exporter", url="http://web1:9100/metrics", environment="dev" if name == "c" else "prod")
        for name in NAMES
    )
    return parse(text, Path("monitoring.yaml")).settings.model_copy(update={"targets": Targets(hosts=hosts)})


class Scene:
    """Three hosts, judged every five minutes, and the same moment judged in both ways."""

    def __init__(self, store: Store) -> None:
        self.store, self.now, self.settings = store, NOW, of(FILE % USUAL)

    def measured(self, values: dict[str, float]) -> None:
        """New values, five minutes later."""
        self.now += INTERVAL
        labels = {name: {"target": name, "environment": "dev" if name == "c" else "prod"} for name in values}
        samples.record(self.store, [Sample("heat", labels[name], value, self.now, "percent") for name, value in values.items()])

    def judge(self) -> list[dict[str, Any]]:
        """All alerts, and all that happened to them, after a judgement."""
        table = Table()
        table.traits = lambda duty, rule: traits_of(self.settings)(rule)  # type: ignore[method-assign]
        evaluating = Evaluating((Thresholds(),), self.settings, table, None, lambda: self.now)
        run = Run("system_health", f"run at {self.now}", self.now, INTERVAL)
        with self.store.transaction():
            evaluating.apply(self.store, evaluating.judge(self.store, run, self.now), run, self.now)
        execute = self.store.connection.execute
        rows = execute("select to_jsonb(a) - 'id' as row from alert a order by fingerprint, opened_at").fetchall()
        happened = execute("select to_jsonb(t) - '{id,alert_id}'::text[] as row from transition t order by at, summary").fetchall()
        return [*rows, *happened]

    def judge_twice(self) -> tuple[Any, Any]:
        """With a verdict on each, of which nothing remains; and as it is done."""
        with self.store.rehearsal(), patch.object(thresholds, "STEADY", -1):
            one_by_one = self.judge()
        return one_by_one, self.judge()

    def steady(self) -> None:
        """As if it had been so for a long time."""
        self.store.connection.execute("update alert set history = %s", (STEADY,))


@trials(max_examples=40, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture])
@example(COLD, [{"a": 8.0}], OTHERS)
@example(COLD, [{"a": 4.0}], USUAL)
@example(HOT, [{"a": 50.0}, {"a": 85.0}, {"a": 85.0}, {"a": 85.0}], USUAL)
@example(HOT, [{"a": 99.0}, {"a": 81.0}, {"a": 75.0}], USUAL)
@given(starts, rounds, st.sampled_from((USUAL, OTHERS)))
def test_nothing_else_comes_of_it(store: Store, start: dict[str, float], rounds: Sequence[dict[str, float]], then: str) -> None:
    with store.rehearsal():
        scene = Scene(store)
        for _ in range(2):
            scene.measured(start)
            scene.judge()
        scene.steady()
        scene.settings = of(FILE % then)
        for values in rounds:
            scene.measured(values)
            one_by_one, as_it_is_done = scene.judge_twice()
            assert one_by_one == as_it_is_done


def test_what_stands_gets_no_verdict_and_shows_its_newest_value(store: Store) -> None:
    scene = Scene(store)
    for value in (85.0, 86.0, 87.0):
        scene.measured({"a": value})
        scene.judge()
        scene.steady()
    run = Run("system_health", "run", scene.now, INTERVAL)
    scene.measured({"a": 88.0, "b": 99.0})
    verdicts = Thresholds().verdicts(store, run, scene.settings, scene.now)
    assert [verdict.labels["target"] for verdict in verdicts] == ["b"]
    alert = store.connection.execute("select summary, detail, evaluated_at, breaches, changed_at from alert").fetchone()
    assert alert == {
        "summary": "a has 88 %, the limit is 80 %",
        "detail": {"limit": 80, "value": 88, "unit": "percent", "metric": "heat"},
        "evaluated_at": scene.now,
        "breaches": 4,
        "changed_at": NOW + INTERVAL,
    }
