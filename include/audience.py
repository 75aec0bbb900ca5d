"""Who is told, what they may see, and what they know already."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

Labels = Mapping[str, str]
UTC = ZoneInfo("UTC")


@dataclass(frozen=True, slots=True)
class Told:
    """Up to which transition, and up to when, a receiver was told; (0, None) for one who never was."""

    until: int = 0
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Audience:
    """Receivers that may see the same: one organisation or, with None, all. `limited`: nothing beyond it, not even of the monitoring.

    `zone`: the one in which they read times.
    """

    organization: str | None
    receivers: Sequence[str]
    limited: bool = False
    zone: ZoneInfo = UTC

    @property
    def name(self) -> str:
        """Tells audiences apart by what they may see, however organisations are named: empty for everything."""
        return "" if self.organization is None else f"{'only' if self.limited else 'of'} {self.organization}"

    @property
    def scope(self) -> dict[str, str | None]:
        """What it may see of alerts, as query parameters: those of `organization` (null: of all), and those without one if they are its
        own as well, which `unlabelled` says."""
        return {"organization": self.organization, "unlabelled": None if self.limited else self.organization}
