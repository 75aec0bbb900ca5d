"""What applications say of themselves: SecureNet's numbers, and how reading them went. What a user adds, the gauge itself lists."""

from __future__ import annotations

from include.hosts.host_metrics import OUTCOMES
from include.metrics import Metric
from include.sources.application_sql import SECURENET, questions

METRICS: dict[str, Metric] = {
    **{one.name: one.metric for one in questions(SECURENET)},
    "query_up": Metric("bool", "Whether a query of the user's file could be asked; the note says why not", ("query",)),
    "metrics_missing": Metric("count", "Metrics that are taken from the application's page and are not on it; the note names them"),
    "lines_refused": OUTCOMES["lines_refused"],
}
