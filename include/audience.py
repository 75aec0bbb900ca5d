"""Who is told, what they may see, and what they know already."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

Labels = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Told:
    """Up to which transition, and up to when, a receiver was told; (0, None) for one who never was."""

    until: int = 0
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Audience:
    """Receivers that may see the same: one organisation or, with None, all. `limited`: nothing beyond it, not even of the monitoring."""

    organization: str | None
    receivers: Sequence[str]
    limited: bool = False

    @property
    def name(self) -> str:
        """Tells audiences apart: empty for everything."""
        return f"{self.organization or ''}{'/limited' if self.limited else ''}"

    @property
    def scope(self) -> dict[str, str | None]:
        """What it may see of alerts, as query parameters: those of `organization` (null: of all), and those without one if they are its
        own as well, which `unlabelled` says."""
        return {"organization": self.organization, "unlabelled": None if self.limited else self.organization}
