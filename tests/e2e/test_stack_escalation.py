"""The watcher in a real triggerer: messages leave when they are due, whatever else is stuck, and somebody outside hears who lives."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

import httpx

from include.config.duties import WATCHING, clocked
from include.model import utc_now
from local.layout import ROOT
from tests.e2e.conftest import Stack, processes, wait
from tests.hooks.vendors import pagerduty
from tests.receivers import Receiver

# What an evaluation of the duty `escalation` does when it finds this verdict, and nothing that would send anything.
JUDGE = """
import sys
from datetime import timedelta
from include.model import Level, Run, Traits, Verdict
from securenet.wiring import wired
name, level = sys.argv[1:]
with wired("tests") as wiring:
    now = wiring.clock()
    verdict = Verdict("escalation", "duties_run", {"duty": name}, Level(level), now, f"{name} is {level}")
    judged = [(Traits(group_by=("duty",)), verdict)]
    with wiring.store.transaction():
        wiring.evaluating("escalation", False).apply(wiring.store, judged, Run("escalation", name, now), now)
"""


def judge(stack: Stack, name: str, level: str) -> None:
    """An alert changes in the store; nobody is called."""
    environment = {**stack.exported(), "PYTHONPATH": f"{ROOT}:{ROOT / 'plugins'}"}
    subprocess.run([sys.executable, "-c", JUDGE, name, level], env=environment, cwd=ROOT, check=True, capture_output=True)


def mails(stack: Stack, name: str) -> list[str]:
    """The subjects of the mails about it, in order."""
    return [mail["subject"] for mail in stack.mails() if name in mail["subject"]]


@contextmanager
def frozen(stack: Stack, service: str, session: int | None = None) -> Iterator[None]:
    """A service of the stack hangs, or that of its processes which are of this session."""
    victims = [process for process in processes(stack, service) if session in (None, os.getsid(process.pid))]
    assert victims
    for process in victims:
        process.suspend()
    try:
        yield
    finally:
        for process in victims:
            process.resume()


def beats(outside: Receiver, what: str) -> int:
    """How often it was heard of."""
    return sum(request.path == f"/{what}" for request in outside.accepted)


def test_messages_leave_while_the_scheduler_hangs_and_somebody_outside_notices_that_it_does(stack: Stack, outside: Receiver) -> None:
    wait(lambda: beats(outside, "scheduled") and beats(outside, "watchers"))
    with frozen(stack, "scheduler"):
        time.sleep(10)  # what ran already may still end
        heard = beats(outside, "scheduled"), beats(outside, "watchers")
        judge(stack, "storefront", "critical")
        wait(lambda: len(mails(stack, "storefront")) == 1)
        judge(stack, "storefront", "ok")
        wait(lambda: len(mails(stack, "storefront")) == 2)
        wait(lambda: beats(outside, "watchers") > heard[1])
        assert beats(outside, "scheduled") == heard[0], "the silence is what is noticed"
    assert mails(stack, "storefront") == ["🚨 CRITICAL: storefront is critical", "✅ SUCCESS: storefront is ok"]
    wait(lambda: beats(outside, "scheduled") > heard[0])


def test_an_alert_is_acknowledged_in_the_name_of_whoever_triggered_the_run(stack: Stack) -> None:
    (alert,) = stack.query("select id from monitoring.alert where state = 'firing' order by id limit 1")
    done = stack.run("alert_action", action="acknowledge", alert=str(alert["id"]), comment="on it")
    assert done["state"] == "success"
    (acknowledged,) = stack.query(f"select state, acknowledged_by, comment from monitoring.alert where id = {alert['id']}")
    assert acknowledged == {"state": "acknowledged", "acknowledged_by": "admin", "comment": "on it"}
    assert stack.query("select by, what from monitoring.action") == [{"by": "admin", "what": "acknowledge"}]
    assert stack.run("alert_action")["state"] == "success", "an empty form lists what is open"
    assert stack.run("alert_action", action="acknowledge", alert="nothing like it")["state"] == "failed"
    ends = stack.query("select state, error from monitoring.run where duty = 'alert_action' and stage = 'over' order by id")
    assert [(end["state"], end["error"]) for end in ends] == [("complete", None), ("complete", None), ("failed", "failed in: act")]


def test_the_watch_expects_whatever_runs_by_itself_and_is_not_paused(stack: Stack) -> None:
    everybody = {*clocked({}), *WATCHING}
    with stack.api() as api:
        for paused, expected in ((False, everybody), (True, everybody - {"housekeeping"}), (False, everybody)):
            api.patch("/dags/housekeeping", json={"is_paused": paused}).raise_for_status()
            assert stack.run("escalation")["state"] == "success"
            assert {row["duty"] for row in stack.query("select duty from monitoring.expected")} == expected


def test_what_is_acknowledged_in_pagerduty_is_acknowledged_here_and_nobody_needs_a_login_for_it(stack: Stack) -> None:
    judge(stack, "search", "critical")
    (alert,) = stack.query("select id, group_key from monitoring.alert where labels ->> 'duty' = 'search'")
    call = pagerduty(utc_now(), alert["group_key"])
    address = f"{stack.exported()['SECURENET_UI']}/securenet/hooks/pagerduty"
    assert httpx.post(address, content=call.body, headers=dict(call.headers), timeout=30).json() == {"done": "acknowledged: 1"}
    assert httpx.post(address, content=call.body, timeout=30).status_code == 401
    (acknowledged,) = stack.query(f"select state, acknowledged_by from monitoring.alert where id = {alert['id']}")
    assert acknowledged == {"state": "acknowledged", "acknowledged_by": "Tenex Engineer (pagerduty)"}
    judge(stack, "search", "ok")


def test_a_triggerer_that_hangs_is_an_alert_and_somebody_outside_notices_while_the_scheduler_goes_on(
    stack: Stack, outside: Receiver
) -> None:
    with frozen(stack, "triggerer"):
        time.sleep(1)  # what was on its way may still arrive
        stack.query("update monitoring.lease set beaten_at = now() - interval '2 minutes' returning watcher")
        heard = beats(outside, "scheduled"), beats(outside, "watchers")
        wait(lambda: mails(stack, "watcher escalation is not heard of"))
        wait(lambda: beats(outside, "scheduled") > heard[0] + 1)
        assert beats(outside, "watchers") == heard[1], "for more than a minute: the silence is what is noticed"
    wait(lambda: mails(stack, "watcher escalation watches"))
    wait(lambda: beats(outside, "watchers") > heard[1])
