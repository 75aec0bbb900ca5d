"""What an alert makes needless is not told: neither while it lasts, nor in the first minutes after its end."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import settings as trials
from hypothesis import strategies as st

from include.config.alerts import Alerts, Inhibition, foundations
from include.model import Alert, Level, Priority, Severity, State
from include.silences.silencing import AFTERMATH, Suppression, fits, values_of
from tests.conftest import NOW
from tests.lifecycle.stage import Stage

MINUTE = 60.0


def judge(stage: Stage, rule: str, level: Level, target: str = "db") -> None:
    """One rule's verdict on a target."""
    stage.judge_all([replace(stage.verdict(target, level, summary=f"{rule} of {target} is {level}"), rule=rule)])


def test_a_database_that_is_down_is_told_once_and_not_as_missing_data_too(stage: Stage) -> None:
    judge(stage, "database_up", Level.CRITICAL)
    judge(stage, "source_up", Level.CRITICAL)
    stage.later(20 * MINUTE)
    judge(stage, "database_up", Level.OK)
    stage.later(4 * MINUTE)
    judge(stage, "source_up", Level.OK)
    stage.later(20 * MINUTE)
    assert stage.titles() == ["🚨 CRITICAL: database_up of db is critical", "✅ SUCCESS: database_up of db is ok"]


def test_what_still_holds_some_minutes_after_its_cause_is_told(stage: Stage) -> None:
    judge(stage, "database_up", Level.CRITICAL)
    judge(stage, "source_up", Level.CRITICAL)
    stage.later(MINUTE)
    judge(stage, "database_up", Level.OK)
    stage.later(6 * MINUTE)
    assert stage.alerts()[1]["quiet"] == "inhibited for some minutes more: database_up of db is ok"
    stage.later(2 * MINUTE)
    assert stage.titles()[-1] == "🚨 CRITICAL: source_up of db is critical"


def test_an_address_that_failed_is_not_told_again_as_its_errors(stage: Stage) -> None:
    judge(stage, "api_up", Level.CRITICAL)
    stage.later(10 * MINUTE)
    for rule in ("api_error_rate", "error_budget_burn_fast"):
        judge(stage, rule, Level.CRITICAL)
    judge(stage, "api_up", Level.OK)
    stage.later(6 * MINUTE)
    for rule in ("api_error_rate", "error_budget_burn_fast"):
        judge(stage, rule, Level.OK)
    stage.later(20 * MINUTE)
    assert stage.titles() == ["🚨 CRITICAL: api_up of db is critical", "✅ SUCCESS: api_up of db is ok"]


@pytest.mark.parametrize("target", ["web", "db2"])
def test_another_target_is_told_all_the_same(stage: Stage, target: str) -> None:
    judge(stage, "database_up", Level.CRITICAL)
    judge(stage, "source_up", Level.CRITICAL, target)
    stage.later(MINUTE)
    assert f"🚨 CRITICAL: source_up of {target} is critical" in stage.titles()


def test_what_depends_on_something_waits_for_its_return_too(stage: Stage) -> None:
    stage.configure(dependencies={"api": ["db"]}, inhibit=[])
    stage.judge("db", Level.CRITICAL)
    stage.judge("api", Level.CRITICAL)
    stage.later(20 * MINUTE)
    stage.judge("db", Level.OK)
    stage.later(6 * MINUTE)
    assert not [one for one in stage.titles() if "api" in one]
    stage.later(2 * MINUTE)
    assert stage.titles()[-1] == "🚨 CRITICAL: api is critical"


PATTERNS = st.sampled_from(({"rule": "down"}, {"rule": "d*"}, {"severity": "critical"}, {"target": "a*"}, {"rack": "*"}))
EQUAL = st.sampled_from(((), ("target",), ("target", "rack")))
INHIBITIONS = st.lists(st.builds(Inhibition, source=PATTERNS, target=PATTERNS, equal=EQUAL))
DEPENDENCIES = st.sampled_from(({}, {"api": ["db"]}, {"api": ["db"], "db": ["host"], "app": ["api", "host"]}))
LABELS = st.fixed_dictionaries({"target": st.sampled_from(("api", "app", "db", "host"))}, optional={"rack": st.sampled_from("xy")})


@st.composite
def some_alerts(draw: st.DrawFn) -> list[Alert]:
    """Up to six, open, over just now, or for long."""
    found = []
    for number in range(draw(st.integers(1, 6))):
        rule, labels = draw(st.sampled_from(("down", "slow"))), draw(LABELS)
        severity, state = draw(st.sampled_from((Severity.WARNING, Severity.CRITICAL))), draw(st.sampled_from(list(State)))
        changed = NOW - draw(st.sampled_from((timedelta(0), AFTERMATH, timedelta(minutes=1), timedelta(hours=1))))
        named = (str(number), "duty", rule, labels, severity, Priority.LOW, state, "opened", "words", 0)
        found.append(Alert(number, *named, opened_at=NOW, evaluated_at=NOW, changed_at=changed))
    return found


def hides(settings: Alerts, cause: Alert, alert: Alert) -> bool:
    """One against the other, as the rules are meant."""
    if cause.id == alert.id or not (cause.is_open or cause.changed_at + AFTERMATH > NOW):
        return False
    down = cause.severity is Severity.CRITICAL or cause.state is State.UNKNOWN
    if down and cause.labels["target"] in foundations(settings.dependencies, alert.labels["target"]):
        return True
    return any(
        fits(one.source, values_of(cause)) and fits(one.target, values_of(alert)) and not fits(one.source, values_of(alert))
        and all(cause.labels.get(label) == alert.labels.get(label) for label in one.equal)
        for one in settings.inhibit
    )  # fmt: skip


@trials(max_examples=300, deadline=None, derandomize=True)
@given(some_alerts(), INHIBITIONS, DEPENDENCIES)
def test_what_is_looked_up_is_what_comparing_each_with_each_would_find(
    found: list[Alert], inhibitions: list[Inhibition], dependencies: dict[str, list[str]]
) -> None:
    settings = Alerts.model_validate({"inhibit": inhibitions, "dependencies": dependencies})
    suppression = Suppression((), settings, found, NOW)
    for alert in found:
        expected = [cause.id for cause in found if hides(settings, cause, alert)]
        causes = [cause.id for cause in suppression.causes_of(alert)]
        assert list(dict.fromkeys(causes)) == expected
