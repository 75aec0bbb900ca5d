"""Two triggerers: one of them watches, whichever hangs and wakes, and nothing is judged or told twice."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from include.config.duties import WATCHING
from local.layout import ROOT
from tests.e2e.conftest import Stack, processes, wait
from tests.e2e.shop import Shop
from tests.e2e.test_stack_api import goes_up_and_down, mails, told
from tests.e2e.test_stack_escalation import beats, frozen
from tests.receivers import Receiver

FAILED, WELL = "🚨 CRITICAL: API failed: shop: ", "✅ SUCCESS: API shop answers again"
CHANGES = """select t.reason, split_part(t.run_id, '__', 2)::int as fence from monitoring.transition t
join monitoring.alert a on a.id = t.alert_id where a.rule = 'api_up' and a.labels ->> 'target' = 'shop' order by t.id"""


def holders(stack: Stack) -> dict[str, str]:
    """Who watches, by duty."""
    return {row["watcher"]: row["holder"] for row in stack.query("select watcher, holder from monitoring.lease")}


@contextmanager
def another_triggerer(stack: Stack) -> Iterator[int]:
    """A second one beside that of the stack; its session."""
    command = [sys.executable, "-m", "airflow", "triggerer", "--skip-serve-logs"]
    silent = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    second = subprocess.Popen(command, env={**os.environ, **stack.exported()}, cwd=ROOT, start_new_session=True, **silent)
    try:
        yield second.pid
    finally:
        os.killpg(second.pid, signal.SIGTERM)
        second.wait(30)


def one_hangs(stack: Stack, shop: Shop, outside: Receiver, session: int) -> None:
    """One triggerer hangs while the shop fails, comes back, and fails again; it wakes, and the shop comes back."""
    watched, fences = holders(stack), stack.fences()
    before, heard = len(mails(stack)), beats(outside, "watchers")
    with frozen(stack, "triggerer", session):
        shop.status = 503  # and nobody sees it yet
        wait(lambda: stack.passed_on(fences))
        assert told(stack, before).startswith(FAILED)
        shop.status = 200
        assert told(stack, before + 1) == WELL
        shop.status = 503
        assert told(stack, before + 2).startswith(FAILED)
        wait(lambda: beats(outside, "watchers") > heard)
    shop.status = 200
    assert told(stack, before + 3) == WELL
    assert {duty for duty, holder in holders(stack).items() if holder != watched[duty]} == set(WATCHING)


def test_of_two_triggerers_one_watches_whichever_hangs_and_wakes_and_nothing_is_told_twice(
    stack: Stack, shop: Shop, outside: Receiver
) -> None:
    wait(lambda: processes(stack, "triggerer"))  # one that was just brought back takes a moment
    (first,) = {os.getsid(process.pid) for process in processes(stack, "triggerer")}
    told_before, changed_before = len(mails(stack)), len(stack.query(CHANGES))
    with another_triggerer(stack) as second:
        one_hangs(stack, shop, outside, first)
        one_hangs(stack, shop, outside, second)
        goes_up_and_down(stack, shop)
        time.sleep(10)  # what is said twice is said by now
    changes = stack.query(CHANGES)[changed_before:]
    assert [change["reason"] for change in changes] == ["opened", "recovered"] * 5
    fences = [change["fence"] for change in changes]
    assert fences == sorted(fences), "whoever woke up has written nothing"
    assert len(mails(stack)) == told_before + 2 * 5
