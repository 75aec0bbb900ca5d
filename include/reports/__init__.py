"""What is reported: one file per report, with its templates beside it, registered here by one line."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from include.model import Run
from include.store import Store

REPORTS = {
    "account_digest": "include.reports.account_digest:AccountDigest",
}


@dataclass(frozen=True, slots=True)
class Rendered:
    """A report as people get it: `subject` of its mail, `title`, a self-contained HTML page, plain text, and a CSV file."""

    subject: str
    title: str
    html: str
    plain: str
    csv: str


@dataclass(frozen=True, slots=True)
class Composed:
    """A report that is due, or would be: for whom, why now, and up to which transition it tells. `reason` None: nothing to send."""

    name: str
    organization: str | None
    receivers: Sequence[str]
    reason: str | None
    told_until: int
    facts: Any

    @property
    def audience(self) -> str:
        """The organisation's slug, or the empty text for all of them."""
        return self.organization or ""


class Report(Protocol):
    """Reads the store, decides whether it is due, and renders."""

    def compose(self, store: Store, run: Run, now: datetime) -> Sequence[Composed]:
        """One per audience."""
        ...

    def render(self, composed: Composed) -> Rendered:
        """The words and pictures."""
        ...
