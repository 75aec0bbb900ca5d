"""The tables of metrics and of shipped rules, from their lists."""

from __future__ import annotations

from collections.abc import Iterator

from include.config.rules import RuleEntry, shipped
from include.metrics import MEASURED, Metric, metrics_of
from include.writing.wording import measured


def metrics() -> str:
    """One table per duty."""
    return "\n\n".join(f"### `{duty}`\n\n" + "\n".join(metric_rows(metrics_of(duty))) for duty in sorted(MEASURED))


def metric_rows(found: dict[str, Metric]) -> Iterator[str]:
    """The rows of one table."""
    yield from ("| metric | unit | labels | meaning |", "|---|---|---|---|")
    for name, metric in sorted(found.items()):
        rate = f"; the growth of `{metric.rate_of}` per second" if metric.rate_of else ""
        yield f"| `{name}` | {metric.unit} | {', '.join(metric.labels)} | {metric.meaning}{rate} |"


def rules() -> str:
    """One table of all shipped rules."""
    rows = ["| rule | duty | limits | for | why |", "|---|---|---|---|---|"]
    return "\n".join([*rows, *(rule_row(entry) for entry in shipped().values())])


def rule_row(entry: RuleEntry) -> str:
    """One rule. What to do about it stands in its message."""
    duties = ", ".join(f"`{duty}`" for duty in entry.duty)
    unit = next((metric.unit for duty in MEASURED for name, metric in metrics_of(duty).items() if name == entry.metric), "")
    wait = measured(entry.wait.total_seconds(), "s") if entry.wait else "at once"
    given = [(name, getattr(entry, name)) for name in ("warning", "critical", "clear")]
    limits = ", ".join(f"{name} {side(entry, name)}{measured(level, unit)}" for name, level in given if level is not None)
    return f"| `{entry.name}` | {duties} | {limits} | {wait} | {entry.why} |"


def side(entry: RuleEntry, name: str) -> str:
    """Which way a limit is passed, where that is not upwards."""
    if not entry.below:
        return ""
    return "at least " if name == "clear" else "at most "
