"""A host by the node_exporter that runs on it, scraped directly."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import ClassVar

from include.audience import Labels
from include.failures import SourceError
from include.hosts import host_node, host_sums
from include.hosts.host_metrics import SIGNED
from include.metrics import Reading
from include.scraping.hostile import clean
from include.scraping.prometheus_text import Exposition
from include.scraping.scrape import Page


@dataclass(frozen=True, slots=True)
class NodeExporterHost:
    """A host whose node_exporter answers at `page`."""

    kind: ClassVar[str] = "hosts"

    labels: Labels
    page: Page

    def read(self, within: timedelta, cheap: bool) -> Iterable[Reading]:
        """All that is known of the host. Raises SourceError where that is nothing."""
        exposition = Exposition(self.page.lines(within.total_seconds()), host_node.FAMILIES)
        found = list(clean(host_sums.asked(host_node.readings(host_node.families(exposition)), cheap), SIGNED))
        if not found:
            raise SourceError(f"this is no node_exporter{f': {exposition.first}' if exposition.first else ''}")
        return [*found, exposition.outcome()] if cheap else [*found, exposition.outcome(), *host_node.silent(found)]
