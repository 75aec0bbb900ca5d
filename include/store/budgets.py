"""What follows from the samples of HTTP targets. Two counters only grow, so that a window of days is the difference of two values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from include.store import Row, Store
from include.store.text import dumps

# Pair -> seconds of its short and its long window.
PAIRS = {"fast": (300, 3600), "slow": (1800, 21600), "ticket": (21600, 259200)}
MONTH = 30 * 86400
SHORT = 300


def counting_since(store: Store, now: datetime) -> list[Row]:
    """The targets that have something to count: labels, since (what is up to then has been counted)."""
    return store.many("budgets.counting_since", now=now)


def count(store: Store, since: datetime, now: datetime, maintained: Sequence[Mapping[str, object]]) -> None:
    """Let the counters arrive. `since`: when the first has something to count. `maintained`: labels, begins, ends of times that do not
    count; those of a target do not overlap."""
    store.change("budgets.count", since=since, now=now, maintained=dumps(list(maintained)))


def shares(store: Store, now: datetime, objectives: Mapping[str, float], otherwise: float) -> None:
    """Let burn rates, error rate and availability of what was just counted arrive. `objectives`: percent without failure."""
    lengths = sorted({SHORT, MONTH, *(length for pair in PAIRS.values() for length in pair)})
    pairs = [{"name": name, "short": short, "long": long} for name, (short, long) in PAIRS.items()]
    asked = {"objectives": dumps(dict(objectives)), "otherwise": otherwise, "pairs": dumps(pairs), "lengths": lengths}
    store.change("budgets.shares", now=now, short=SHORT, month=MONTH, **asked)


def responses(store: Store, now: datetime, satisfied: float) -> None:
    """Let mean response time and Apdex arrive. `satisfied`: up to so many seconds nobody minds."""
    store.change("budgets.responses", now=now, satisfied=satisfied)
