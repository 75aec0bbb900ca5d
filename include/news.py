"""The words of an alert message: its subject, and the content that channels render. Data only; every channel escapes for its own medium."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from include.model import Alert, Reason, Severity
from include.telling import Known, View

MOST = 10


@dataclass(frozen=True, slots=True)
class News:
    """What one receiver is told of a group. `why`: why this receiver; `zone`: in which their times are written; `todo`: what to do."""

    group: Mapping[str, Any]
    view: View
    known: Known
    reason: Reason
    why: str
    zone: str
    todo: str | None
    now: datetime

    @property
    def severity(self) -> Severity:
        """Success when it is over, else that of the worst alert."""
        return list(Severity)[max((alert.severity.rank for alert in self.view.shown), default=0)]

    @property
    def title(self) -> str:
        """One line: the worst alert, and how many more there are."""
        alerts = self.view.shown or self.view.over
        if not alerts:
            return f"{self.group['rule']}: over"
        more = f" (and {len(alerts) - 1} more)" if len(alerts) > 1 else ""
        return f"{line(alerts[0])}{more}"

    @property
    def subject(self) -> str:
        """`🚨 CRITICAL: Database connection failed (and 14 more)`."""
        return f"{self.severity.badge}: {self.title}"[:1000]

    def content(self) -> dict[str, Any]:
        """What templates need, as JSON takes it."""
        shown, over = self.view.shown, self.view.over
        return {
            "reason": self.reason,
            "severity": self.severity,
            "was": self.known.severity,
            "title": self.title,
            "group": dict(self.group),
            "counts": counts(shown, over),
            "alerts": [described(alert) for alert in shown[:MOST]],
            "more": max(len(shown) - MOST, 0),
            "recovered": [{**described(alert), "resolved_at": alert.changed_at.isoformat()} for alert in over[:MOST]],
            "opened_at": min((alert.opened_at for alert in (*shown, *over)), default=self.now).isoformat(),
            "at": self.now.isoformat(),
            "zone": self.zone,
            "why": self.why,
            "todo": self.todo,
            "person": self.known.person,
        }


def line(alert: Alert) -> str:
    """What is wrong, or how it ended."""
    return alert.resolution or alert.summary


def counts(shown: Sequence[Alert], over: Sequence[Alert]) -> dict[str, int]:
    """How many there are, by severity, and how many are looked after or over."""
    by_severity = Counter(str(alert.severity) for alert in shown)
    return {
        "open": len(shown),
        **{severity: by_severity[severity] for severity in ("critical", "warning", "info")},
        "acknowledged": sum(alert.acknowledged_by is not None for alert in shown),
        "recovered": len(over),
    }


def described(alert: Alert) -> dict[str, Any]:
    """One alert of the list."""
    return {
        "id": alert.id,
        "fingerprint": alert.fingerprint,
        "severity": alert.severity,
        "state": alert.state,
        "reason": alert.reason,
        "summary": alert.summary,
        "labels": dict(alert.labels),
        "opened_at": alert.opened_at.isoformat(),
        "acknowledged_by": alert.acknowledged_by,
        "resolution": alert.resolution,
    }
