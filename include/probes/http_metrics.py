"""What is measured of HTTP targets, by their probes and out of what these store."""

from __future__ import annotations

from include.metrics import Metric

METRICS = {
    "api_up": Metric("bool", "Whether the target answered as expected. The note says why not."),
    "api_response_time": Metric(
        "s",
        "How long a probe took: `dns`, `connect` and `tls` of a new connection only, `first_byte`, `transfer`, and `total`, which is there"
        " when the whole answer was read.",
        ("phase",),
    ),
    "api_response_bytes": Metric("bytes", "How much of a body there was, or was read of it at most."),
    "api_throughput": Metric("bytes/s", "How much of a body came in each second of a probe."),
    "certificate_expiry": Metric(
        "s", "How long the target's certificate is still valid; negative when it has expired. Of new connections."
    ),
    "api_watched_seconds_total": Metric("s", "For how long the target was watched, maintenance left out. Only grows."),
    "api_failed_seconds_total": Metric("s", "For how long of that it failed: from a probe that failed to one that did not. Only grows."),
    "api_error_rate": Metric("percent", "Share of the last 5 minutes in which the target failed."),
    "api_response_time_mean": Metric("s", "Mean `total` of the probes of the last 5 minutes that were answered as expected."),
    "apdex": Metric("ratio", "Apdex of the last 5 minutes with T = 0.2 s (Apdex Alliance, technical specification 1.1), from 0 to 1."),
    "error_budget_burn": Metric(
        "ratio",
        "How many times faster than allowed the error budget is spent, in both windows of a pair: `fast` is 1 h and 5 min, `slow` 6 h and"
        " 30 min, `ticket` 3 days and 6 h (The Site Reliability Workbook, chapter 5). At 1, nothing is left at the end.",
        ("pair",),
    ),
    "availability": Metric("percent", "Share of the last 30 days in which the target did not fail, of the time that it was watched."),
}
