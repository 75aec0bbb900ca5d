"""What is reported: one file per report, with its templates beside it. A line here registers it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from include.model import Run
from include.report import Composed, Rendered
from include.store import Store

REPORTS = {
    "account_digest": "include.reports.account_digest:AccountDigest",
    "daily_summary": "include.reports.daily_summary:DailySummary",
    "health": "include.reports.health:HealthPage",
    "watch_log": "include.reports.watch_log:WatchLog",
}
# Of these, what is kept to be looked at, and mailed to nobody.
PAGES = ["health", "watch_log"]


class Report(Protocol):
    """Reads the store, decides whether it is due, and renders."""

    def compose(self, store: Store, run: Run, now: datetime) -> Sequence[Composed]:
        """One per audience."""
        ...

    def render(self, composed: Composed) -> Rendered:
        """The words and pictures."""
        ...
