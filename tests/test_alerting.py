"""From a verdict to a transition: pure, so a table says it all."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from include.alerting import next_state
from include.model import Alert, Level, Priority, Reason, Severity, State, Traits, Verdict
from tests.conftest import NOW


def verdict(level: Level, minutes: int = 1, progress: int = 0) -> Verdict:
    return Verdict("duty", "rule", {"host": "a"}, level, NOW + timedelta(minutes=minutes), "words", progress)


def alert(state: State, severity: Severity = Severity.WARNING, progress: int = 0) -> Alert:
    print_ = verdict(Level.OK).fingerprint
    known = {"priority": Priority.LOW, "state": state, "reason": "opened", "summary": "words", "progress": progress}
    return Alert(1, print_, "duty", "rule", {"host": "a"}, severity, **known, opened_at=NOW, evaluated_at=NOW, changed_at=NOW)


@pytest.mark.parametrize(
    ("known", "judged", "after", "reason"),
    [
        pytest.param(None, verdict(Level.OK), None, Reason.UNCHANGED, id="all well, nothing open"),
        pytest.param(None, verdict(Level.WARNING), State.FIRING, Reason.OPENED, id="a breach opens"),
        pytest.param(None, verdict(Level.NO_DATA), State.UNKNOWN, Reason.NO_DATA, id="a silent source opens as unknown"),
        pytest.param(alert(State.RESOLVED), verdict(Level.WARNING), State.FIRING, Reason.OPENED, id="a second episode"),
        pytest.param(alert(State.RESOLVED), verdict(Level.WARNING, 0), State.RESOLVED, Reason.STALE, id="an old verdict reopens nothing"),
        pytest.param(alert(State.FIRING), verdict(Level.WARNING), State.FIRING, Reason.UNCHANGED, id="as before"),
        pytest.param(alert(State.FIRING), verdict(Level.CRITICAL), State.FIRING, Reason.WORSENED, id="a higher severity is worse"),
        pytest.param(
            alert(State.FIRING), verdict(Level.WARNING, 1, 2), State.FIRING, Reason.WORSENED, id="further at one severity is worse"
        ),
        pytest.param(
            alert(State.FIRING, Severity.CRITICAL), verdict(Level.INFO, 1, 5), State.FIRING, Reason.EASED, id="severity before progress"
        ),
        pytest.param(alert(State.ACKNOWLEDGED), verdict(Level.WARNING), State.ACKNOWLEDGED, Reason.UNCHANGED, id="stays acknowledged"),
        pytest.param(alert(State.ACKNOWLEDGED), verdict(Level.CRITICAL), State.FIRING, Reason.WORSENED, id="worsening ends it"),
        pytest.param(alert(State.FIRING), verdict(Level.OK), State.RESOLVED, Reason.RECOVERED, id="over"),
        pytest.param(alert(State.FIRING), verdict(Level.OK, 0), State.FIRING, Reason.STALE, id="an old verdict closes nothing"),
        pytest.param(alert(State.FIRING), verdict(Level.NO_DATA), State.UNKNOWN, Reason.NO_DATA, id="data goes missing"),
        pytest.param(alert(State.UNKNOWN), verdict(Level.NO_DATA), State.UNKNOWN, Reason.UNCHANGED, id="still missing"),
        pytest.param(alert(State.UNKNOWN), verdict(Level.WARNING), State.FIRING, Reason.RETURNED, id="data returns, as bad as before"),
        pytest.param(alert(State.UNKNOWN), verdict(Level.CRITICAL), State.FIRING, Reason.WORSENED, id="data returns, worse"),
        pytest.param(alert(State.UNKNOWN), verdict(Level.OK), State.RESOLVED, Reason.RECOVERED, id="data returns, all well"),
    ],
)
def test_a_verdict_moves_an_alert_for_a_named_reason(known: Alert | None, judged: Verdict, after: State | None, reason: Reason) -> None:
    transition = next_state(known, judged)
    assert (transition.after, transition.reason) == (after, reason)


def test_what_waits_begins_its_wait_anew_after_a_judgement_without_a_breach() -> None:
    not_quite = replace(verdict(Level.OK, 2), cleared=False)
    for traits in (Traits(breaches=2), Traits(wait=timedelta(minutes=2))):
        transition = next_state(alert(State.PENDING), not_quite, traits)
        assert (transition.after, transition.reason) == (State.RESOLVED, Reason.LAPSED)


def test_what_has_not_cleared_ends_nothing_that_fires() -> None:
    transition = next_state(alert(State.FIRING), replace(verdict(Level.OK), cleared=False))
    assert (transition.after, transition.reason) == (State.FIRING, Reason.UNCHANGED)


def test_a_naive_moment_is_refused() -> None:
    with pytest.raises(ValueError, match="no time zone"):
        Verdict("duty", "rule", {}, Level.OK, datetime(2026, 1, 1), "words")  # noqa: DTZ001


def test_a_fingerprint_knows_no_order_of_labels() -> None:
    one = Verdict("d", "r", {"a": "1", "b": "2"}, Level.OK, NOW, "")
    other = Verdict("d", "r", {"b": "2", "a": "1"}, Level.CRITICAL, NOW, "more")
    assert one.fingerprint == other.fingerprint
    assert one.fingerprint != Verdict("d", "r", {"a": "1", "b": "3"}, Level.OK, NOW, "").fingerprint


def test_what_is_judged_no_more_is_over_however_much_it_flapped() -> None:
    traits, swinging = Traits(), replace(alert(State.FIRING), history=0b1010101010101010101, flapping=True)
    ends = verdict(Level.OK)
    assert next_state(swinging, ends, traits).after is State.FIRING
    over = next_state(swinging, replace(ends, final=True), traits)
    assert (over.after, over.reason) == (State.RESOLVED, Reason.RECOVERED)
