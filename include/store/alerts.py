"""Alerts and their transitions."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from include.audience import Audience
from include.model import Alert, Priority, Reason, State, Transition, Verdict
from include.store import Row, Store
from include.store.text import dumps


def newest(store: Store, fingerprints: Sequence[str]) -> dict[str, Alert]:
    """The newest alert of each fingerprint, open before resolved; rows are locked to the end of the transaction."""
    rows = store.many("alerts.newest", fingerprints=list(fingerprints))
    return {row["fingerprint"]: Alert.from_row(row) for row in rows}


def open_of_rule(store: Store, duty: str, rule: str) -> list[Alert]:
    """The open alerts of one rule of a duty."""
    return [Alert.from_row(row) for row in store.many("alerts.open_of_rule", duty=duty, rule=rule)]


def open_of_targets(store: Store, duties: list[str]) -> list[Row]:
    """The open alerts of some duties that are about a target: `duty`, `rule` and `labels`."""
    return store.many("alerts.open_of_targets", duties=duties)


def open_rows(store: Store, duty: str, audience: Audience) -> list[Row]:
    """The open alerts of a duty that an audience may see, as rows of the table `alert`, worst first."""
    return store.many("alerts.open_of_duty", duty=duty, **audience.scope)


def news_since(store: Store, duty: str, behind: int, audience: Audience, since: datetime) -> list[Row]:
    """What is worth telling an audience behind a transition's id, of what is over since a moment; each row with its alert."""
    return store.many("alerts.news_since", duty=duty, behind=behind, since=since, **audience.scope)


def changes_since(store: Store, duty: str, behind: int) -> list[Row]:
    """Every transition of a duty behind one's id, oldest first, each with its alert's labels."""
    return store.many("alerts.changes_since", duty=duty, behind=behind)


def open_alerts(store: Store) -> list[Alert]:
    """Every alert that people could be told of."""
    return [Alert.from_row(row) for row in store.many("alerts.open_all")]


def causes(store: Store, rules: list[str] | None, targets: list[str], since: datetime) -> list[Alert]:
    """The alerts of these rules (None: of any) and of these targets that people could be told of, or that have ended since a moment."""
    if rules == [] and not targets:
        return []
    return [Alert.from_row(row) for row in store.many("alerts.causes", rules=rules, targets=targets, since=since)]


@dataclass(frozen=True, slots=True)
class Change:
    """A transition, and as what its alert is kept: in which group, and with which priority."""

    transition: Transition
    group_key: str
    priority: Priority


def apply(store: Store, changes: Sequence[Change], run_id: str) -> list[str]:
    """Write what happened. Returns the keys of the groups in which something did that people may have to be told of."""
    written = [row_of(change) for change in changes if leaves_a_trace(change.transition)]
    return [row["key"] for row in store.many("alerts.apply", changes=dumps(written), run_id=run_id)] if written else []


def carry_on(store: Store, standing: Iterable[tuple[int, Verdict]]) -> None:
    """Write down anew what stays as it is, each alert by its id: when that was seen, and what is found now.

    What comes of it is what would come of the verdict, in a fraction of the time.
    """
    found = [{"id": number, "at": one.as_of.isoformat(), "summary": one.summary, "detail": dict(one.detail)} for number, one in standing]
    if found:
        store.change("alerts.carry_on", found=dumps(found))


def leaves_a_trace(transition: Transition) -> bool:
    """Whether there is anything to write: even `unchanged` moves an open alert's evaluated_at and counts; a stale verdict does nothing."""
    return transition.reason is not Reason.STALE and transition.after is not None


def by_reason(changes: Sequence[Change]) -> dict[str, int]:
    """How many left a trace, by reason."""
    reasons = [change.transition.reason for change in changes if leaves_a_trace(change.transition)]
    return {str(reason): reasons.count(reason) for reason in Reason if reason in reasons}


def row_of(change: Change) -> dict[str, Any]:
    """The change as the query `apply` reads it."""
    transition, verdict = change.transition, change.transition.verdict
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
        "priority": change.priority,
        "group_key": change.group_key,
        "summary": verdict.summary,
        "progress": verdict.progress,
        "detail": dict(verdict.detail),
        "grace": verdict.grace.total_seconds(),
        "resolution": verdict.summary if transition.after is State.RESOLVED else None,
        "breaches": transition.breaches,
        "history": transition.history,
        "flapping": transition.flapping,
    }
