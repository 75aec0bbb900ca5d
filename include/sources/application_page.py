"""An application's own numbers from its Prometheus metrics: the user says which are taken, and how they are called here."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import ClassVar, NamedTuple

from include.audience import Labels
from include.failures import SourceError
from include.metrics import Metric, Reading, unanswered
from include.scraping.hostile import clean, seemly
from include.scraping.prometheus_text import Exposition
from include.scraping.scrape import Page

MOST_TAKEN = 50
OURS = re.compile(r"[a-z][a-z0-9_]{0,99}")
SELECTOR = re.compile(r"\s*([a-zA-Z_:][a-zA-Z0-9_:]*)\s*(?:\{(.*)\})?\s*", re.DOTALL)
FILTER = re.compile(r'\s*([a-zA-Z_]\w*)\s*(=~|!~|!=|=)\s*"((?:[^"\\]|\\.)*)"\s*(?:,|$)')
# What is counted under a name with this end is the part of it that failed.
FAILED = "_failed"
COUNTED = ("_total", "_count", "_sum", "_bucket")
TESTS: dict[str, Callable[[str, str], bool]] = {
    "=": lambda wanted, there: wanted == there,
    "!=": lambda wanted, there: wanted != there,
    "=~": lambda wanted, there: re.fullmatch(wanted, there) is not None,
    "!~": lambda wanted, there: re.fullmatch(wanted, there) is None,
}


class Filter(NamedTuple):
    """What a label must be: an operator of PromQL and a value."""

    label: str
    test: str
    value: str


@dataclass(frozen=True, slots=True)
class Selector:
    """Series of the application, by name and labels."""

    name: str
    filters: tuple[Filter, ...] = ()

    @property
    def counts(self) -> bool:
        """Whether it is a counter, by its name."""
        return self.name.endswith(COUNTED)

    def takes(self, labels: Mapping[str, str]) -> bool:
        """Whether a series of that name is meant; one without a label has it empty."""
        return all(TESTS[test](value, seemly(labels.get(label, ""))) for label, test, value in self.filters)


def selector(text: str) -> Selector:
    """A selector as in PromQL: `app_requests_total{status=~"5.."}`. Raises ValueError."""
    found = SELECTOR.fullmatch(text)
    if not found:
        raise ValueError(f'{text!r} selects no metric; allowed: as in app_requests_total{{status=~"5.."}}')
    filters, rest, at = [], (found[2] or "").strip(), 0
    while at < len(rest):
        part = FILTER.match(rest, at)
        if not part:
            raise ValueError(f'{text!r}: {rest[at:]!r} is no condition; allowed: label="value", and != =~ !~')
        filters.append(Filter(part[1], part[2], re.sub(r"\\(.)", r"\1", part[3]) if "~" not in part[2] else compiled(part[3])))
        at = part.end()
    return Selector(found[1], tuple(filters))


def compiled(pattern: str) -> str:
    """A pattern that can be used. Raises ValueError."""
    pattern = pattern.replace("\\\\", "\\")
    try:
        re.compile(pattern)
    except re.error as error:
        raise ValueError(f"{pattern!r} is no pattern: {error}") from None
    return pattern


def selectors(take: Mapping[str, str]) -> dict[str, Selector]:
    """Our names with what they stand for. Raises ValueError."""
    if len(take) > MOST_TAKEN:
        raise ValueError(f"{len(take)} metrics are too many; allowed: up to {MOST_TAKEN}")
    if wrong := [name for name in take if not OURS.fullmatch(name)]:
        raise ValueError(f"{wrong[0]!r} is no name for a metric; allowed: as in active_users")
    return {name: selector(text) for name, text in take.items()}


def metrics(take: Mapping[str, str]) -> dict[str, Metric]:
    """What these come to: each metric, and the rate of each counter. Raises ValueError."""
    found: dict[str, Metric] = {}
    for name, chosen in selectors(take).items():
        unit = "s" if "_seconds" in chosen.name else "bytes" if "_bytes" in chosen.name else "count"
        found[name] = Metric(unit, f"{'Counter: ' if chosen.counts else ''}sum of the application's {take[name]}")
        if chosen.counts:
            per_second = {"s": "ratio", "bytes": "bytes/s", "count": "1/s"}[unit]
            found[f"{name}_rate"] = Metric(per_second, f"The growth of {name} per second", rate_of=name)
    return found | shares(found)


def shares(found: Mapping[str, Metric]) -> dict[str, Metric]:
    """`requests_error_rate` where `requests` and `requests_failed` are counted."""
    pairs = [(name, f"{name}{FAILED}") for name in found if {f"{name}_rate", f"{name}{FAILED}_rate"} <= found.keys()]
    return {
        f"{name}_error_rate": Metric("percent", f"How many percent of {name} were {failed}", rate_of=failed, per=name, scale=100)
        for name, failed in pairs
    }


@dataclass(frozen=True, slots=True)
class ApplicationPage:
    """An application whose metrics stand at `page`; `take`: our name -> what is summed up under it."""

    kind: ClassVar[str] = "applications"

    labels: Labels
    page: Page
    take: Mapping[str, str]

    @property
    def metrics(self) -> dict[str, Metric]:
        """What it says; nothing where what is taken cannot be, which its reading says, as other targets must not suffer from it."""
        with suppress(ValueError):
            return metrics(self.take)
        return {}

    def read(self, within: timedelta, cheap: bool) -> Iterable[Reading]:
        """The sums, and which of the metrics are not on the page. Raises SourceError where that is all of them."""
        try:
            chosen = selectors(self.take)
        except ValueError as error:
            raise SourceError(seemly(str(error))) from None
        exposition = Exposition(self.page.lines(within.total_seconds()), {one.name for one in chosen.values()})
        sums = summed(exposition, chosen)
        said = list(clean((Reading(name, value) for name, value in sums.items()), [name for name, one in chosen.items() if not one.counts]))
        missing = sorted(chosen.keys() - {reading.metric for reading in said})
        if missing and not said:
            raise SourceError(f"nothing of what is taken is on its page, as {chosen[missing[0]].name}")
        yield from said
        lost = [name for name, metric in self.metrics.items() if {name, metric.rate_of, metric.per} & set(missing)]
        yield from unanswered(lost, "it is not on the application's page")
        yield Reading("metrics_missing", len(missing), note=", ".join(missing)[:200] or None)
        yield exposition.outcome()


def summed(exposition: Exposition, chosen: Mapping[str, Selector]) -> dict[str, float]:
    """The sum of the series that each selector takes, each once; a value that is no number is left out.

    A counter that is there for other labels alone has counted none yet, as of requests that failed.
    """
    sums: dict[str, float] = {}
    seen: set[tuple[str, int]] = set()
    for series in exposition:
        if abs(series.value) < float("inf") and (line := (series.name, hash(frozenset(series.labels.items())))) not in seen:
            seen.add(line)
            for name, one in chosen.items():
                if series.name == one.name and ((taken := one.takes(series.labels)) or one.counts):
                    sums[name] = sums.get(name, 0.0) + taken * series.value
    return sums
