"""What is measured: a source lists its metrics by name, and docs/metrics.md is made of these lists."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from importlib import import_module

from include.audience import Labels


@dataclass(frozen=True, slots=True)
class Metric:
    """`labels`: those beside `target` and `environment`. `rate_of`: the counter that this is the growth of, per second, times `scale`.

    `per`: the counter with the same labels by whose growth it is divided in place of the seconds, as for the time that one operation
    took. A counter only grows, until what it counts starts anew; its rate is computed in the store when a further value of it arrives.
    """

    unit: str
    meaning: str
    labels: tuple[str, ...] = ()
    rate_of: str | None = None
    scale: float = 1
    per: str | None = None


@dataclass(frozen=True, slots=True)
class Reading:
    """One value that a target gave for a metric of its source; `labels`: those beside the target's own. `note`: why, where that helps."""

    metric: str
    value: float
    labels: Labels = field(default_factory=dict)
    note: str | None = None


# Says of a metric, by the label `metric`, that a target which answers did not give it at its last reading although it should.
UNANSWERED = "metric_unanswered"


def unanswered(metrics: Iterable[str], why: str | None) -> Iterator[Reading]:
    """What stands of these metrics is not over: it is not known how it goes on, for this reason."""
    return (Reading(UNANSWERED, 1, {"metric": name}, why) for name in metrics)


# Where the lists of a duty's metrics stand: modules, each with a table METRICS or one that is named.
MEASURED = {
    "api_performance": ("include.probes.http_metrics",),
    "database_health": ("include.sources.postgresql", "include.sources.application_metrics", "include.store.derived:OF_DATABASES"),
    "page_load": ("include.sources.page",),
    "system_health": ("include.hosts.host_metrics", "include.sources.network", "include.store.derived:OF_SYSTEMS"),
}


def metrics_of(duty: str) -> dict[str, Metric]:
    """All that a duty measures at its targets, by name."""
    return {name: metric for place in MEASURED.get(duty, ()) for name, metric in listed(place).items()}


def listed(place: str) -> Mapping[str, Metric]:
    """One list."""
    module, _, table = place.partition(":")
    found: Mapping[str, Metric] = getattr(import_module(module), table or "METRICS")
    return found


def rates_of(metrics: Mapping[str, Metric]) -> list[dict[str, object]]:
    """The rates among the metrics, as the store computes them."""
    return [
        {"metric": name, "counter": metric.rate_of, "per": metric.per, "unit": metric.unit, "scale": metric.scale}
        for name, metric in metrics.items()
        if metric.rate_of
    ]
