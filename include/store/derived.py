"""What follows from the samples of HTTP targets. Two counters only grow, so that a window of days is the difference of two values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from include.metrics import Metric
from include.store import Row, Store
from include.store.text import dumps

OBJECTIVE = 0.999
SATISFIED = 0.2
# The window pairs of burn-rate alerts: 5m and 1h, 30m and 6h, 6h and 3d (Google, The Site Reliability Workbook, chapter 5).
WINDOWS = {
    "5m": timedelta(minutes=5),
    "30m": timedelta(minutes=30),
    "1h": timedelta(hours=1),
    "6h": timedelta(hours=6),
    "3d": timedelta(days=3),
}
METRICS = {
    "api_watched_seconds_total": Metric("s", "For how long the target was watched, maintenance left out. Only grows."),
    "api_failed_seconds_total": Metric(
        "s", "For how long of that it failed: from the probe that failed to the one that did not. Only grows."
    ),
    "api_error_rate": Metric("percent", "Share of the last 5 minutes in which the target failed."),
    "api_response_time_mean": Metric("s", "Mean `total` of the probes of the last 5 minutes that were answered as expected."),
    "apdex": Metric(
        "ratio", f"Apdex of the last 5 minutes with T = {SATISFIED:g} s (Apdex Alliance, technical specification 1.1), from 0 to 1."
    ),
    "error_budget_burn": Metric(
        "ratio", "How many times faster than allowed the error budget was spent; 1 uses up all of it.", ("window",)
    ),
    "availability": Metric(
        "percent", "Share of the last 30 days in which the target did not fail; what was not watched, as in maintenance, left out."
    ),
}


def counting_since(store: Store, now: datetime) -> list[Row]:
    """The targets that have something to count: labels, since (what is up to then has been counted)."""
    return store.many("derived.counting_since", now=now)


def count(store: Store, now: datetime, maintained: Sequence[Mapping[str, object]]) -> None:
    """Let the counters arrive. `maintained`: labels, begins, ends of times that do not count; those of a target do not overlap."""
    store.change("derived.count", now=now, maintained=dumps(list(maintained)))


def rates(store: Store, now: datetime, objective: float = OBJECTIVE, satisfied: float = SATISFIED) -> None:
    """Let arrive what the last minutes, hours and days say. `objective`: the share of time in which a target should not fail."""
    windows = [{"name": name, "seconds": length.total_seconds()} for name, length in WINDOWS.items()]
    store.change("derived.budgets", now=now, objective=objective, windows=dumps(windows))
    store.change("derived.responses", now=now, satisfied=satisfied)
