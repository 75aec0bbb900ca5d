"""Targets that are gone: what is open of them is over, and nobody is told anything new."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from include.config.settings import Settings
from include.evaluating import Evaluating
from include.model import Level, Run, Sample, Traits, Verdict
from include.rules import rules_of
from include.store import Store, samples
from tests.configured import configured
from tests.conftest import NOW
from tests.lifecycle.stage import Stage

MINUTES = timedelta(minutes=5)
TWO = "targets: {hosts: [{name: local}, {name: web1, via: ssh, connection: ssh_web1, labels: {rack: a}}]}"


@pytest.fixture
def stage(store: Store) -> Stage:
    """One installation."""
    return Stage(store)


def judge(stage: Stage, settings: Settings, now: datetime) -> dict[str, list[tuple[str, str]]]:
    """The duty judges; the alerts of each target then, open or not: rule and state."""
    stage.now = now
    evaluating = Evaluating(rules_of("system_health"), settings, stage.table, None, lambda: now)
    evaluating.evaluate(stage.store, Run("system_health", f"run {now}", now, MINUTES))
    found: dict[str, list[tuple[str, str]]] = {}
    for row in stage.alerts():
        found.setdefault(row["labels"]["target"], []).append((row["rule"], row["state"]))
    return found


def measured(store: Store, at: datetime, disk: float, **labels: str) -> None:
    """A host was read, or did not answer where its disk is not known."""
    told = {"environment": "prod", **labels}
    up = Sample("source_up", {**told, "duty": "system_health", "source": "hosts"}, float(disk >= 0), at, "bool", None if disk >= 0 else "x")
    full = [Sample("disk_usage", {**told, "mount": "/"}, disk, at, "percent")] if disk >= 0 else []
    samples.record(store, [up, *full])


def test_a_target_that_is_gone_opens_nothing_and_what_is_open_of_it_is_over(stage: Stage) -> None:
    here = configured(TWO)
    measured(stage.store, NOW, 50, target="local")
    measured(stage.store, NOW, 99, target="web1", rack="a")
    assert judge(stage, here, NOW) == {"web1": [("disk_usage", "firing")]}
    later = NOW + 4 * MINUTES
    measured(stage.store, later, 50, target="local")
    found = judge(stage, configured("targets: {hosts: [{name: local}]}"), later)
    assert {target: {state for _, state in states} for target, states in found.items()} == {"web1": {"resolved"}}
    assert [row["summary"] for row in stage.alerts()] == ["web1 is no longer watched"]


def test_a_target_that_is_still_listed_and_silent_is_missing_data(stage: Stage) -> None:
    measured(stage.store, NOW, -1, target="web1", rack="a")
    assert judge(stage, configured(TWO), NOW) == {"web1": [("source_up", "unknown")]}
    measured(stage.store, NOW + MINUTES, -1, target="web1", rack="a")
    assert judge(stage, configured("targets: {hosts: []}"), NOW + MINUTES) == {"web1": [("source_up", "resolved")]}


def test_a_target_that_is_labelled_otherwise_is_another_one(stage: Stage) -> None:
    measured(stage.store, NOW, -1, target="web1", rack="a")
    judge(stage, configured(TWO), NOW)
    moved = configured("targets: {hosts: [{name: web1, labels: {rack: b}}]}")
    measured(stage.store, NOW + MINUTES, -1, target="web1", rack="b")
    found = judge(stage, moved, NOW + MINUTES)
    assert sorted(found["web1"]) == [("source_up", "resolved"), ("source_up", "unknown")]
    assert [row["summary"] for row in stage.alerts() if row["state"] == "resolved"] == ["web1 is labelled otherwise now"]


def test_a_target_from_which_a_label_was_taken_is_another_one(stage: Stage) -> None:
    measured(stage.store, NOW, -1, target="web1", rack="a")
    judge(stage, configured(TWO), NOW)
    measured(stage.store, NOW + MINUTES, 50, target="web1")
    found = judge(stage, configured("targets: {hosts: [{name: web1}]}"), NOW + MINUTES)
    assert found == {"web1": [("source_up", "resolved")]}
    assert judge(stage, configured("targets: {hosts: [{name: web1}]}"), NOW + 4 * MINUTES)["web1"][0] == ("source_up", "resolved")


def test_a_target_of_another_kind_keeps_nothing_open(stage: Stage) -> None:
    measured(stage.store, NOW, -1, target="web1", rack="a")
    judge(stage, configured(TWO), NOW)
    namesake = configured("targets: {hosts: [], databases: [{name: web1, connection: c, labels: {rack: a}}]}")
    assert judge(stage, namesake, NOW + 4 * MINUTES) == {"web1": [("source_up", "resolved")]}


def test_what_is_open_of_a_duty_without_targets_is_over_though_it_never_runs_again(stage: Stage) -> None:
    verdict = Verdict("page_load", "page_load_time", {"target": "shop"}, Level.WARNING, NOW, "shop is slow")
    stage.now = NOW
    with stage.store.transaction():
        evaluating = Evaluating((), Settings(), stage.table, None, lambda: NOW)
        evaluating.apply(stage.store, [(Traits(), verdict)], Run("page_load", "run", NOW, MINUTES), NOW)
    for pages, state in (("pages: [{name: shop, url: 'http://shop'}]", "firing"), ("hosts: []", "resolved")):
        stage.now += MINUTES
        settings, now = configured(f"targets: {{{pages}}}"), stage.now
        watch = Evaluating((), settings, stage.table, None, lambda now=now: now)
        watch.evaluate(stage.store, Run("escalation", f"run {now}", now, MINUTES))
        assert [row["state"] for row in stage.alerts()] == [state]


def test_labels_of_the_operators_that_a_source_gives_itself_are_nobodys_end(stage: Stage) -> None:
    """`source` and `duty` of a target's own are not those of its `source_up`."""
    settings = configured("targets: {hosts: [{name: web1, labels: {source: cmdb, duty: none}}]}")
    measured(stage.store, NOW, -1, target="web1")
    assert judge(stage, settings, NOW) == {"web1": [("source_up", "unknown")]}
