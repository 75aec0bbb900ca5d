"""The watch over the monitoring itself: who should run and does not, as the administrator hears of it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from types import SimpleNamespace

import pytest
from airflow.sdk.exceptions import AirflowFailException, AirflowRuntimeError, ErrorType
from airflow.sdk.execution_time.comms import ErrorResponse
from airflow.sdk.execution_time.task_runner import RuntimeTaskInstance

from include.acting.actions import Window
from include.model import Run, Stage
from include.store.runs import Attempt, failure_recorded, over
from securenet.commands.check import load_dag
from securenet.rehearsal import stages
from securenet.wiring import is_paused
from tests.story import ADMIN, Story

WATCH = "escalation"
HOURLY = "account_expiration"


@pytest.fixture(autouse=True)
def asleep(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """The duties that Airflow holds back."""
    paused = {"housekeeping", "daily_summary", "database_connectivity", "database_health", "system_health", "api_performance"}
    monkeypatch.setattr("securenet.wiring.is_paused", paused.__contains__)
    return paused


def watch(story: Story, *, heard: bool = True) -> None:
    """One run of the watch, whose own watcher is heard of or not."""
    if heard:
        beat(story, story.now)
    run = Run(WATCH, f"watch {story.now}", story.now, timedelta(minutes=5))
    for verb in stages(load_dag(WATCH)):
        verb.perform(story.wiring, run)


def beat(story: Story, at: datetime) -> None:
    """The watcher was last heard of."""
    story.store.connection.execute(
        "insert into lease (watcher, holder, fence, until, beaten_at) values (%s, 'here', 1, %s, %s)"
        " on conflict (watcher) do update set beaten_at = excluded.beaten_at",
        (WATCH, at, at),
    )


def run_through(story: Story) -> None:
    """A run of a duty comes to its end."""
    over(story.store, Run(HOURLY, f"{HOURLY} {story.now}", story.now), [], lambda: story.now)


def collect(story: Story, state: str = "complete") -> None:
    """A run of a duty begins."""
    run = Run(HOURLY, f"{HOURLY} {story.now}", story.now)
    Attempt(story.store, run, Stage.COLLECT, lambda: story.now, story.now).finish({}, state=state)


def run_in_vain(story: Story) -> None:
    """A run of a duty fails in one stage, and says so in the end."""
    run, clock = Run(HOURLY, f"{HOURLY} {story.now}", story.now), lambda: story.now
    with pytest.raises(ValueError, match="wrong"), failure_recorded(Attempt(story.store, run, Stage.EVALUATE, clock, story.now)):
        raise ValueError("all wrong")
    over(story.store, run, [Stage.EVALUATE], clock)


def subjects(story: Story, name: str) -> list[str]:
    """What the administrator got about it, one after the other."""
    return [str(mail["Subject"]) for mail in story.inbox.to(ADMIN) if name in mail["Subject"]]


def every_hour(story: Story, hours: int, deed: Callable[[Story], None] = lambda story: None) -> None:
    """Time passes, with the watch after each deed and before the first."""
    watch(story)
    for _ in range(hours):
        story.later(hours=1)
        deed(story)
        watch(story)


def test_a_fresh_installation_has_two_intervals_to_begin(story: Story) -> None:
    every_hour(story, 2)
    assert story.alerts(rule="duties_run") == []


def test_a_duty_that_never_ran_is_missed(story: Story) -> None:
    every_hour(story, 3)
    assert subjects(story, HOURLY) == ["🚨 CRITICAL: account_expiration has never run, and should have for 3 hours"]


def test_a_duty_that_stops_is_missed_after_two_intervals_and_its_return_is_told(story: Story) -> None:
    run_through(story)
    every_hour(story, 3)
    run_through(story)
    watch(story.later(minutes=1))
    assert subjects(story, HOURLY) == [
        "🚨 CRITICAL: account_expiration has not run for 3 hours",
        "✅ SUCCESS: account_expiration runs",
    ]


def test_a_duty_whose_every_run_fails_is_an_alert_that_says_so(story: Story) -> None:
    run_through(story)
    every_hour(story, 3, run_in_vain)
    (told,) = subjects(story, HOURLY)
    assert told == (
        "🚨 CRITICAL: account_expiration failed in its last 3 runs, none came through for 3 hours: evaluate: ValueError: all wrong"
    )


def test_one_stage_that_works_does_not_make_a_run_of_one_that_fails(story: Story) -> None:
    run_through(story)

    def collects_and_fails(story: Story) -> None:
        collect(story)
        run_in_vain(story)

    every_hour(story, 3, collects_and_fails)
    assert [alert["state"] for alert in story.alerts(rule="duties_run")] == ["firing"]


def test_a_run_that_nobody_ended_is_none(story: Story) -> None:
    """As when a worker is killed in each: there is a beginning, and no word about its end."""
    run_through(story)
    every_hour(story, 3, collect)
    assert subjects(story, HOURLY) == ["🚨 CRITICAL: account_expiration has not run for 3 hours"]


def test_a_run_with_a_sick_source_is_a_run(story: Story) -> None:
    """Whoever does not answer has an alert of its own; the duty did what it could."""

    def sick(story: Story) -> None:
        collect(story, state="sick")
        run_through(story)

    every_hour(story, 4, sick)
    assert story.alerts(rule="duties_run") == []


def test_a_paused_duty_is_nobodys_alarm_and_has_its_time_when_it_is_back(story: Story, asleep: set[str]) -> None:
    run_through(story)
    asleep.add(HOURLY)
    every_hour(story, 24)
    asleep.discard(HOURLY)
    every_hour(story, 2)
    assert story.alerts(rule="duties_run") == []
    every_hour(story, 2)
    assert [alert["summary"] for alert in story.alerts(rule="duties_run")] == ["account_expiration has not run for 1 day 4 hours"]


def test_pausing_a_duty_ends_its_alert(story: Story, asleep: set[str]) -> None:
    run_through(story)
    every_hour(story, 3)
    asleep.add(HOURLY)
    watch(story.later(minutes=5))
    assert subjects(story, HOURLY)[1:] == ["✅ SUCCESS: account_expiration is paused"]


def test_the_daily_summary_is_watched_over(story: Story, asleep: set[str]) -> None:
    asleep.remove("daily_summary")
    every_hour(story, 49, run_through)
    assert subjects(story, "daily_summary") == ["🚨 CRITICAL: daily_summary has never run, and should have for 2 days 1 hour"]


def test_a_watcher_that_falls_silent_is_an_alert(story: Story) -> None:
    watch(story)
    watch(story.later(minutes=5), heard=False)
    watch(story.later(minutes=5))
    assert subjects(story, "watcher") == [
        "🚨 CRITICAL: watcher escalation is not heard of for 5 minutes",
        "✅ SUCCESS: watcher escalation watches",
    ]


def test_a_watcher_that_was_never_heard_of_is_an_alert_but_not_at_once(story: Story) -> None:
    watch(story, heard=False)
    assert subjects(story, "watcher") == []
    watch(story.later(minutes=5), heard=False)
    assert subjects(story, "watcher") == ["🚨 CRITICAL: watcher escalation is not heard of at all"]


@pytest.mark.parametrize(("status", "paused"), [(404, False), (500, None)])
def test_a_duty_that_airflow_has_lost_is_not_paused_and_an_airflow_that_fails_says_nothing(
    monkeypatch: pytest.MonkeyPatch, status: int, paused: bool | None
) -> None:
    def asked(dag_id: str) -> None:
        raise AirflowRuntimeError(ErrorResponse(error=ErrorType.API_SERVER_ERROR, detail={"status_code": status, "message": "x"}))

    monkeypatch.setattr(RuntimeTaskInstance, "get_dag", staticmethod(asked))
    if paused is None:
        with pytest.raises(AirflowRuntimeError):
            is_paused(HOURLY)
    else:
        assert is_paused(HOURLY) is paused


@pytest.mark.parametrize(("states", "state", "error"), [({}, "complete", None), ({"collect": "failed"}, "failed", "failed in: collect")])
def test_the_last_task_says_how_the_run_ended(
    story: Story, store_dsn: str, monkeypatch: pytest.MonkeyPatch, states: dict[str, str], state: str, error: str | None
) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_MONITORING_DB", store_dsn)
    ti = SimpleNamespace(dag_id=WATCH, run_id="x", task_id="notify", get_task_states=lambda **which: {"x": states})
    dag_run = SimpleNamespace(dag_id=WATCH, run_id="x", run_after=story.now)
    context = {"params": {}, "dag_run": dag_run, "ti": ti}
    tasks = load_dag(WATCH)
    tasks.get_task("evaluate").execute(context)
    if error:
        with pytest.raises(AirflowFailException, match="this run failed earlier, in: collect"):
            tasks.get_task("notify").execute(context)
    else:
        tasks.get_task("notify").execute(context)
    rows = story.store.connection.execute("select stage, state, error from run where stage = 'over'").fetchall()
    assert rows == [{"stage": "over", "state": state, "error": error}]


def test_what_the_watch_says_has_no_time_of_day_whose_zone_would_be_wrong_for_somebody(story: Story) -> None:
    """Since when it lasts, each message says in its receiver's zone."""
    for _ in range(3):
        story.store.one("messages.trip", channel="slack", why="refused", most=3, now=story.now)
    window = Window({"target": "web-*"}, story.now, story.now + timedelta(hours=5))
    story.wiring.actions().silence(window, "ann", "ann", "new disks", maintenance=True)
    every_hour(story, 3)
    watch(story.later(minutes=5), heard=False)
    said = {alert["rule"]: alert["summary"] for alert in story.alerts()}
    assert said == {
        "maintenance": "maintenance of target=web-* for 1 hour, ann: new disks",
        "channels_up": "channel slack is out of order: refused",
        "duties_run": "account_expiration has never run, and should have for 3 hours",
        "watchers_alive": "watcher escalation is not heard of for 5 minutes",
    }
