"""`python -m bench [NAME ...] [--users N ...]`: measure, print, and write docs/benchmarks.md. Without names: all."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable

from bench import accounts, alerts, channels, idle, latency, notify, page, parse, resting, rules, targets
from bench.page import Figure

FIGURES = ("accounts", "parse", "notify", "alerts", "rules", "channels", "targets", "latency", "idle", "resting")
USERS = (1_000_000, 10_000_000)


def main(arguments: list[str]) -> int:
    """Measure the figures that were asked for; 1 when a bar is missed."""
    parser = argparse.ArgumentParser(prog="bench", description=__doc__)
    parser.add_argument("figures", nargs="*", metavar="|".join((*FIGURES, "all")), choices=(*FIGURES, "all", []), default="all")
    parser.add_argument("--users", type=int, nargs="+", default=USERS, help="how many users the watched system has, once for each number")
    chosen = parser.parse_args(arguments)
    measures: dict[str, Callable[[], Figure]] = {
        "accounts": lambda: accounts.measure(chosen.users),
        "parse": parse.measure,
        "notify": notify.measure,
        "alerts": alerts.measure,
        "rules": rules.measure,
        "channels": channels.measure,
        "targets": targets.measure,
        "latency": latency.measure,
        "idle": idle.measure,
        "resting": resting.measure,
    }
    return max([tell(measures[name]()) for name in FIGURES if name in chosen.figures or "all" in chosen.figures], default=0)


def tell(figure: Figure) -> int:
    """Print a figure and write it down; 1 when it misses a bar."""
    print(figure.markdown(), end="\n\n", flush=True)
    page.write(figure)
    return int(not all(bar.met for bar in figure.bars))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
