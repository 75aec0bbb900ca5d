"""A web page as people see it: a real Chromium opens it with an empty cache, and says how long that took and what went wrong."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import ClassVar

from include.audience import Labels
from include.browser.chromium import chromium
from include.browser.visit import Expect, Visit
from include.metrics import Metric, Reading
from include.scraping.hostile import clean

METRICS = {
    "page_up": Metric("bool", "Whether the page loaded, with what is expected of it. The note says why not."),
    "page_load_time": Metric(
        "s",
        "How long a first visit took: looking up its name (`dns`), connecting (`connect`), and from the beginning until the first byte came"
        " (`first_byte`), the document was ready (`dom_ready`), all of it was there (`load`), its largest part was painted (`lcp`, Largest"
        " Contentful Paint).",
        ("phase",),
    ),
    "page_failed_requests": Metric(
        "requests", "Requests of the page that failed or were answered with 400 and more; the note has the first."
    ),
    "page_console_errors": Metric(
        "errors", "Errors on its console, among its first 1,000 lines, without those of requests; the note has the first."
    ),
}
# The rest of the time is for the browser to come and go.
VISITING = 0.85


@dataclass(frozen=True, slots=True)
class PageGauge:
    """A page. Its address may hold a secret."""

    kind: ClassVar[str] = "pages"

    labels: Labels
    url: str = field(repr=False)
    expect: Expect = field(default_factory=Expect)

    def read(self, within: timedelta, cheap: bool) -> Iterable[Reading]:
        """What a visit comes to. Raises SourceError when there is no browser here."""
        seconds = within.total_seconds() * VISITING
        with chromium(seconds) as pipe:
            visit = Visit(pipe, self.url, self.expect, seconds)
            visit.go()
        return list(clean(readings(visit)))


def readings(visit: Visit) -> Iterator[Reading]:
    """What came of the visit."""
    yield Reading("page_up", float(not visit.why), note=visit.why)
    yield from (Reading("page_load_time", seconds, {"phase": phase}) for phase, seconds in visit.phases.items())
    yield counted("page_failed_requests", visit.events.failed)
    yield counted("page_console_errors", visit.events.errors)


def counted(metric: str, found: Sequence[str]) -> Reading:
    """How many there were, with the first of them."""
    return Reading(metric, len(found), note=f"the first: {found[0]}" if found else None)
