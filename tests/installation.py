"""An installation as its users meet it: they configure, fill in forms, and read what reaches them by mail, in Slack and in PagerDuty."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from textwrap import indent

import pytest

from include.model import Level, Run, Traits, Verdict
from include.store import Row
from securenet.commands.check import load_dag
from securenet.rehearsal import stages
from tests.receivers import KEY, TOKEN, Receiver, pagerduty, receiving, slack
from tests.story import Story, settings

SECOND = timedelta(seconds=1)
PEOPLE = """
ann: {name: Ann Ito, email: ann@example.com}
bob: {name: Bob Lee, email: bob@example.com}
eve: {name: Eve Kay, email: eve@example.com}
"""
numbers = itertools.count(1)


@dataclass(frozen=True)
class Arrival:
    """One mail: when it came, to whom, and its subject."""

    at: datetime
    to: str
    subject: str


@dataclass
class Installation:
    """`ann` is told at once, `bob` and `eve` are who a test says. Time moves only when it says so."""

    story: Story
    slack: Receiver
    pagerduty: Receiver
    arrivals: list[Arrival] = field(default_factory=list)

    def configure(self, text: str = "", people: str = PEOPLE, roles: str = "administrator: [ann]") -> None:
        """The configuration, beside people and roles. PagerDuty is where the test's is."""
        channels = f"channels: {{pagerduty: {{region: '{self.pagerduty.url}'}}}}"
        self.story.settings = settings(f"people:\n{indent(people, '  ')}\nroles:\n{indent(roles, '  ')}\n{channels}\n{text}")

    def judge(self, name: str, level: Level, **labels: str) -> None:
        """A host is found well or not."""
        self.judge_all([name], level, **labels)

    def judge_all(self, names: list[str], level: Level, **labels: str) -> None:
        """Hosts are found well or not, in one run."""
        now = self.story.now
        verdicts = [Verdict("system_health", "cpu_usage", {"target": name, **labels}, level, now, f"{name} is {level}") for name in names]
        evaluating = self.story.wiring.evaluating("system_health", reminders=False)
        with self.story.store.transaction():
            run = Run("system_health", f"run {next(numbers)}", now, timedelta(minutes=1))
            evaluating.apply(self.story.store, [(Traits(), verdict) for verdict in verdicts], run, now)
        self.look()

    def act(self, by: str, **form: str) -> None:
        """Somebody fills in the form of `alert_action`."""
        self.run("alert_action", by=by, form=form)

    def run(self, duty: str, **fields: object) -> None:
        """A run of a duty, as its DAG file says."""
        run = Run(duty, f"run {next(numbers)}", self.story.now, **fields)  # type: ignore[arg-type]
        for verb in stages(load_dag(duty)):
            verb.perform(self.story.wiring, run)
        self.note()

    def look(self) -> datetime | None:
        """What is due is looked at and sent; when the next thing is."""
        wiring = self.story.wiring
        wiring.drain(self.story.now + timedelta(minutes=5))
        self.note()
        due: datetime | None = wiring.store.value("groups.next_due", channels=list(wiring.channels))
        return due

    def later(self, **by: float) -> None:
        """Time passes, and somebody looks whenever something is due, as the watcher does; less often where that does not help."""
        end, patience, due = self.story.now + timedelta(**by), SECOND, self.look()
        while due and max(due, self.story.now + patience) < end:
            patience = SECOND if due > self.story.now else 2 * patience
            self.story.now = max(due, self.story.now + patience)
            due = self.look()
        self.story.now = end
        self.look()

    def until(self, clock: str) -> None:
        """The next time at which clocks in UTC show this."""
        hour, minute = map(int, clock.split(":"))
        end = self.story.now.replace(hour=hour, minute=minute, second=0)
        self.later(seconds=(end - self.story.now).total_seconds() % 86400)

    def note(self) -> None:
        """When the newest mails came."""
        inbox = self.story.inbox
        for mail, recipients in list(zip(inbox.mails, inbox.envelopes, strict=True))[len(self.arrivals) :]:
            self.arrivals.append(Arrival(self.story.now, recipients[0], str(mail["Subject"])))

    def told(self, name: str) -> list[str]:
        """The subjects of what somebody got, in order."""
        return [arrival.subject for arrival in self.arrivals if arrival.to == f"{name}@example.com"]

    def minutes(self, name: str, since: datetime) -> list[float]:
        """When somebody got something, in minutes since a moment."""
        return [(arrival.at - since) / timedelta(minutes=1) for arrival in self.arrivals if arrival.to == f"{name}@example.com"]

    def alert(self, name: str) -> Row:
        """What is on record of a host's newest alert."""
        return self.story.alerts(target=name)[-1]


@contextmanager
def installed(story: Story, store_dsn: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Installation]:
    """An installation whose Slack and PagerDuty check what the vendors check."""
    with receiving(slack) as chat, receiving(pagerduty) as pager:
        monkeypatch.setenv("AIRFLOW_CONN_MONITORING_DB", store_dsn)
        bot = {"conn_type": "slack", "password": TOKEN, "extra": {"base_url": chat.url}}
        monkeypatch.setenv("AIRFLOW_CONN_SLACK_DEFAULT", json.dumps(bot))
        monkeypatch.setenv("AIRFLOW_CONN_PAGERDUTY_EVENTS_DEFAULT", json.dumps({"conn_type": "pagerduty_events", "password": KEY}))
        made = Installation(story, chat, pager)
        made.configure()
        yield made
