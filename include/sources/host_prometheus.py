"""A host by a Prometheus that scrapes its node_exporter: instant queries, counters as their growth over a window."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, ClassVar

from include.audience import Labels
from include.failures import SourceError
from include.hosts import host_node, host_sums
from include.hosts.host_metrics import SIGNED
from include.metrics import Reading
from include.scraping.hostile import clean, seemly
from include.scraping.prometheus_text import Series
from include.scraping.scrape import Page


@dataclass(frozen=True, slots=True)
class PrometheusHost:
    """The host that Prometheus, whose API is below `page`, labels with this `instance`.

    Prometheus' own scrapes are not ours, and a counter that it did not read anew would seem to stand still: so it computes the growth,
    over `window`, which must span two scrapes.
    """

    kind: ClassVar[str] = "hosts"

    labels: Labels
    page: Page
    instance: str
    window: timedelta = timedelta(minutes=5)

    def read(self, within: timedelta, cheap: bool) -> Iterable[Reading]:
        """All that is known of the host. Raises SourceError where that is nothing, as of one that Prometheus no longer reaches."""
        ends = time.monotonic() + within.total_seconds()
        found = host_node.families(self.gauges(ends))
        if not found:
            raise SourceError(f"Prometheus has no current value of the instance {seemly(self.instance)}")
        growth = host_node.families(one for family in host_node.COUNTERS for one in self.growth(family, ends))
        readings = host_sums.as_rates(host_node.readings({**found, **growth}))
        said = list(clean(host_sums.asked(readings, cheap), SIGNED))
        return said if cheap else [*said, *host_node.silent(said)]

    def gauges(self, ends: float) -> Iterator[Series]:
        """All families that are no counters, by one query."""
        query = f"{{__name__=~{quoted('|'.join(host_node.GAUGES))},instance={quoted(self.instance)}}}"
        for labels, value in self.ask(query, ends):
            yield Series(labels.pop("__name__", ""), labels, value)

    def growth(self, family: str, ends: float) -> Iterator[Series]:
        """A family of counters, per second."""
        query = f"rate({family}{{instance={quoted(self.instance)}}}[{self.window.total_seconds():.0f}s])"
        yield from (Series(family, labels, value) for labels, value in self.ask(query, ends))

    def ask(self, query: str, ends: float) -> Iterator[tuple[dict[str, str], float]]:
        """The series that a query gives. Raises SourceError."""
        page = replace(self.page, url=f"{self.page.url.rstrip('/')}/api/v1/query")
        yield from vector(page.body(max(ends - time.monotonic(), 0.001), {"query": query}))


def vector(body: bytes) -> list[tuple[dict[str, str], float]]:
    """Labels and values of an answer. Raises SourceError for one that is none."""
    try:
        answer = json.loads(body)
        rows = answer["data"]["result"]
        return [(labels_of(row), float(row["value"][1])) for row in rows]
    except (ValueError, TypeError, LookupError, AttributeError, RecursionError):
        raise SourceError(f"this is no answer of a Prometheus: {seemly(body[:80].decode('utf-8', 'replace'))}") from None


def labels_of(row: dict[str, Any]) -> dict[str, str]:
    """The labels of a series."""
    return {str(name): str(value) for name, value in row["metric"].items()}


def quoted(text: str) -> str:
    """The text as a string of PromQL."""
    return json.dumps(text, ensure_ascii=False)
