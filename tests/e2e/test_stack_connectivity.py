"""Databases that die, hang and come back, watched by a real triggerer; what is said of it arrives in a real inbox."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import psutil

from tests.e2e.conftest import Stack, port, wait
from tests.e2e.test_stack_escalation import frozen

NAME = "securenet"


def mails(stack: Stack) -> list[str]:
    """The subjects of the mails about the demo's database, in order."""
    return [mail["subject"] for mail in stack.mails() if f"database {NAME} " in mail["subject"] or f"failed: {NAME}" in mail["subject"]]


def told(stack: Stack, behind: int) -> str:
    """The next mail after so many."""
    found: list[str] = wait(lambda: len(mails(stack)) > behind and mails(stack))
    return found[behind]


def servers(stack: Stack, name: str) -> list[psutil.Process]:
    """All processes of one of the stack's PostgreSQL servers."""
    mark = f"port={port(stack, name)}"
    (first,) = [process for process in psutil.process_iter(["cmdline"]) if mark in (process.info["cmdline"] or ())]
    return [first, *first.children(recursive=True)]


@contextmanager
def hanging(processes: list[psutil.Process]) -> Iterator[None]:
    """Processes that do nothing for a while."""
    for process in processes:
        process.suspend()
    try:
        yield
    finally:
        for process in processes:
            process.resume()


def went_well(stack: Stack, break_it: Callable[[], object], mend_it: Callable[[], object]) -> None:
    """A fault leads to its mail, and its repair to another, each once."""
    before = len(mails(stack))
    break_it()
    assert told(stack, before).startswith(f"🚨 CRITICAL: Database connection failed: {NAME}")
    mend_it()
    assert told(stack, before + 1) == f"✅ SUCCESS: database {NAME} answers again"
    time.sleep(3)
    assert len(mails(stack)) == before + 2


def test_a_database_that_is_stopped_is_told_within_seconds_and_so_is_its_return(stack: Stack) -> None:
    seen = stack.runs("database_connectivity")
    went_well(stack, lambda: stack.make("stop-demo"), lambda: stack.make("start-demo"))
    wait(lambda: stack.runs("database_connectivity") > seen)
    assert {row["phase"] for row in stack.query(PHASES)} == {"connect", "query"}


PHASES = """select s.labels ->> 'phase' as phase from monitoring.latest l join monitoring.series s on s.id = l.series_id
where s.metric = 'database_response_time' and s.labels ->> 'target' = 'securenet'"""


def test_a_frozen_database_is_told_while_the_scheduler_hangs_too(stack: Stack) -> None:
    with frozen(stack, "scheduler"):
        processes = servers(stack, "SECURENET")
        went_well(stack, lambda: [one.suspend() for one in processes], lambda: [one.resume() for one in processes])


def test_while_the_store_hangs_a_failure_is_told_from_memory_and_once(stack: Stack) -> None:
    before = len(mails(stack))
    with hanging(servers(stack, "POSTGRES")):
        time.sleep(1)
        for one in servers(stack, "SECURENET"):
            one.suspend()
        subject = told(stack, before)
    for one in servers(stack, "SECURENET"):
        one.resume()
    assert subject.endswith("(store unreachable)")
    assert told(stack, before + 1) == f"✅ SUCCESS: database {NAME} answers again"
    time.sleep(5)
    assert len(mails(stack)) == before + 2, "the store knows what was told without it"
    kept = stack.query(f"select state, subject from monitoring.message where subject like '%{NAME}%store unreachable%'")
    assert [row["state"] for row in kept] == ["sent"]
