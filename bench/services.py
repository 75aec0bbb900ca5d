"""A whole stack for a benchmark, and what its services cost."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import psutil
import psycopg

from local.apart import apart
from local.daemon import Daemon


@contextmanager
def stack(overlay: str = "", **variables: str) -> Iterator[dict[str, str]]:
    """A whole one of its own, by its environment."""
    with tempfile.TemporaryDirectory(prefix="securenet-bench-") as folder:
        Path(folder).chmod(0o711)
        with apart(Path(folder), overlay, **variables) as environment:
            yield environment


def cpu(run: Path, service: str) -> float:
    """CPU seconds of a service: of its processes, and of those that they have waited for."""
    return sum(map(times, processes(run, service)))


def times(process: psutil.Process) -> float:
    """CPU seconds of a process and of its ended children; of one that has just ended, what it used is its parent's now."""
    try:
        return float(sum(process.cpu_times()[:4]))
    except psutil.NoSuchProcess:
        return 0.0


def processes(run: Path, service: str) -> Iterator[psutil.Process]:
    """The process that was started, and all below it."""
    first = psutil.Process(Daemon(run / service / "pid", run).pid)
    yield first
    yield from first.children(recursive=True)


def until(stack: Mapping[str, str], question: str, *values: object) -> None:
    """Wait until the store says so. Raises TimeoutError."""
    end = time.monotonic() + 180
    while not store(stack, question, *values):
        if time.monotonic() > end:
            raise TimeoutError(f"not after 180 s: {question}")
        time.sleep(1)


def store(stack: Mapping[str, str], question: str, *values: object) -> object:
    """One value from the store."""
    with psycopg.connect(stack["AIRFLOW_CONN_MONITORING_DB"]) as connection:
        row = connection.execute(question.encode(), values).fetchone()
        return row[0] if row else None
