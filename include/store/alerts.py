"""Alerts and their transitions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from include.model import Alert, Reason, State, Transition
from include.store import Row, Store
from include.store.text import dumps


def newest(store: Store, fingerprints: Sequence[str]) -> dict[str, Alert]:
    """The newest alert of each fingerprint, open before resolved; rows are locked to the end of the transaction."""
    rows = store.many("alerts.newest", fingerprints=list(fingerprints))
    return {row["fingerprint"]: Alert.from_row(row) for row in rows}


def open_of_rule(store: Store, duty: str, rule: str) -> list[Alert]:
    """The open alerts of one rule of a duty."""
    return [Alert.from_row(row) for row in store.many("alerts.open_of_rule", duty=duty, rule=rule)]


def open_rows(store: Store, duty: str) -> list[Row]:
    """The open alerts of a duty as rows of the table `alert`, worst first."""
    return store.many("alerts.open_of_duty", duty=duty)


def news_since(store: Store, duty: str, behind: int) -> list[Row]:
    """What is worth telling behind a transition's id, each row with its alert."""
    return store.many("alerts.news_since", duty=duty, behind=behind)


def apply(store: Store, transitions: Sequence[Transition], run_id: str) -> dict[str, int]:
    """Write what happened; a stale verdict and one that never had an alert write nothing. How many by reason."""
    written = [transition for transition in transitions if changes(transition)]
    store.many("alerts.apply", changes=dumps([row_of(transition) for transition in written]), run_id=run_id)
    reasons = [transition.reason for transition in written]
    return {str(reason): reasons.count(reason) for reason in Reason if reason in reasons}


def changes(transition: Transition) -> bool:
    """Whether the transition leaves a trace: even `unchanged` moves an open alert's evaluated_at and counts."""
    return transition.reason is not Reason.STALE and transition.after is not None


def row_of(transition: Transition) -> dict[str, Any]:
    """The transition as the query `apply` reads it."""
    verdict = transition.verdict
    return {
        "fingerprint": verdict.fingerprint,
        "duty": verdict.duty,
        "rule": verdict.rule,
        "labels": dict(verdict.labels),
        "as_of": verdict.as_of.isoformat(),
        "state_before": transition.before,
        "state_after": transition.after,
        "reason": transition.reason,
        "severity": transition.severity,
        "summary": verdict.summary,
        "progress": verdict.progress,
        "detail": dict(verdict.detail),
        "resolution": verdict.summary if transition.after is State.RESOLVED else None,
    }
