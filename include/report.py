"""A report: what is due for whom, and what they get."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from include.audience import Audience, Told
from include.message import Urgency


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
    """A report that is due, or would be, of the store as it was at a moment, `at`. `reason`: why now; None: nothing to send.

    `told`: what its receivers knew before; `told_until`: up to which transition it tells. `outcomes`: what it all came to, for the log.
    """

    name: str
    audience: Audience
    at: datetime
    reason: str | None
    told: Told
    told_until: int
    facts: Any
    outcomes: Sequence[str] = ()
    urgency: int = Urgency.NORMAL
