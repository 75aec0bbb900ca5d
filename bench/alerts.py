"""Ten thousand verdicts into alerts, transitions and messages, by the code of the task Evaluate."""

from __future__ import annotations

import time
from collections.abc import Sequence
from statistics import median

from bench.page import Bar, Figure, Rows
from bench.process import DURABLE, create
from include.config.settings import Settings
from include.evaluating import Evaluating
from include.model import Level, Run, Traits, Verdict, utc_now
from include.people.audiences import Routes
from include.people.directory import Directory
from include.store import Store, connect, migrations
from local.postgres import Server, throwaway

ALERTS, ROUNDS, LIMIT = 10_000, 5, 2.0
# How many groups the alerts fall into, and for how many of them the bar holds: alerts of one cause are one message.
GROUPS, GROUPED = (1, 100, 10_000), 100
HOW = f"""{ALERTS:,} verdicts of one run, each in breach and new, become alerts, transitions and the messages to an administrator by
mail and to those whom the escalation matrix names, in one transaction with fsync on: `Evaluating.apply` with the configuration as
shipped. {ROUNDS} rounds for each number of groups, each on an empty store. The bar is for alerts that are told together, as one duty's
are; in the last line nothing has anything in common with anything else, and each alert is a message of its own."""
Round = tuple[float, int]


def measure() -> Figure:
    """Every number of groups, each round on a store of its own."""
    with throwaway(**DURABLE) as server:
        return figure({groups: [one_round(server, groups, number) for number in range(ROUNDS)] for groups in GROUPS})


def one_round(server: Server, groups: int, number: int) -> Round:
    """Seconds, and how many messages came of it."""
    store = connect(create(server, f"alerts_{groups}_{number}"), "bench")
    migrations.migrate(store)
    seconds = evaluate(store, verdicts(groups))
    messages = store.connection.execute("select count(*) as messages from message").fetchone()
    store.connection.close()
    return seconds, messages["messages"] if messages else 0


def verdicts(groups: int) -> list[Verdict]:
    """All of them critical."""
    now = utc_now()
    labels = [{"target": f"host-{number}", "rack": f"rack-{number % groups}"} for number in range(ALERTS)]
    return [Verdict("system_health", "cpu_usage", label, Level.CRITICAL, now, f"CPU of {label['target']} at 99 %") for label in labels]


def evaluate(store: Store, judged: Sequence[Verdict]) -> float:
    """Seconds of the transaction."""
    settings, now = Settings(), utc_now()
    routes = Routes(settings, ("email",), frozenset({"email"}), "admin@example.com")
    directory = Directory(settings, routes.default_receiver, routes.standing, lambda rule: Traits())
    evaluating = Evaluating((), settings, directory, None, utc_now)
    traits, started = Traits(group_by=("rack",)), time.perf_counter()
    with store.transaction():
        evaluating.apply(store, [(traits, verdict) for verdict in judged], Run("system_health", "bench", now), now)
    return time.perf_counter() - started


def figure(rounds: dict[int, list[Round]]) -> Figure:
    """The table and its bars."""
    seconds = {groups: [took for took, _ in measured] for groups, measured in rounds.items()}
    rows = [
        (f"{groups:,}", f"{rounds[groups][0][1]:,}", *(f"{pick(took):.2f}" for pick in (median, min, max)))
        for groups, took in seconds.items()
    ]
    bars = [
        Bar(f"{ALERTS:,} alerts in {groups:,} groups, s, median", f"at most {LIMIT}", f"{median(took):.2f}", median(took) <= LIMIT)
        for groups, took in seconds.items()
        if groups <= GROUPED
    ]
    return Figure("alerts", "Alerts", HOW, [Rows("groups", "messages", "median, s", "min", "max", rows=rows)], bars)
