"""What the tests of the gauge of PostgreSQL share: people at work on a server, and what the gauge says of it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import timedelta
from typing import Any

import psycopg

from include.metrics import Reading
from include.sources.postgresql import PostgresGauge

LABELS = {"target": "db1", "environment": "prod"}
WITHIN = timedelta(seconds=60)


@contextmanager
def session(dsn: str, name: str = "till") -> Iterator[psycopg.Connection[Any]]:
    """Somebody who works with the database, and is gone at the end."""
    connection = psycopg.connect(dsn, application_name=name)
    try:
        yield connection
    finally:
        connection.close()


def run(dsn: str, *statements: str) -> None:
    with psycopg.connect(dsn, autocommit=True) as connection:
        for statement in statements:
            connection.execute(statement)


def ask(dsn: str, query: str) -> Any:
    with psycopg.connect(dsn, autocommit=True) as connection:
        row = connection.execute(query).fetchone()
        return row and row[0]


def until(holds: Callable[[], object]) -> None:
    """Wait for the server to come to it."""
    ends = time.monotonic() + 60
    while not holds():
        assert time.monotonic() < ends, "it did not come to it"
        time.sleep(0.05)


def read(dsn: str, within: timedelta = WITHIN, cheap: bool = False, **options: Any) -> list[Reading]:
    return PostgresGauge(LABELS, dsn, **options).read(within, cheap)


def of(readings: Sequence[Reading], metric: str) -> Reading:
    """The only reading of a metric."""
    (found,) = [reading for reading in readings if reading.metric == metric]
    return found


def by(readings: Sequence[Reading], metric: str, label: str) -> dict[str, float]:
    return {reading.labels[label]: reading.value for reading in readings if reading.metric == metric}


def refused(readings: Sequence[Reading]) -> dict[str, str | None]:
    return {one.labels["metric"]: one.note for one in readings if one.metric == "metric_permitted" and not one.value}


def in_background(work: Callable[[], object]) -> threading.Thread:
    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    return thread


def deadlock(dsn: str) -> None:
    """Two people lock two tables, `a` and `b`, each in another order: one of them is refused."""
    met = threading.Barrier(2)

    def lock(first: str, second: str) -> None:
        with session(dsn) as connection:
            connection.execute("set deadlock_timeout = '50ms'")
            connection.execute(f"lock table {first}")
            met.wait()
            with suppress(psycopg.errors.DeadlockDetected):
                connection.execute(f"lock table {second}")

    for thread in [in_background(lambda: lock("a", "b")), in_background(lambda: lock("b", "a"))]:
        thread.join()
