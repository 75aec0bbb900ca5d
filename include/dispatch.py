"""Dispatch: from groups of alerts to messages in the outbox."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property

from include.config.settings import Settings
from include.model import Alert, Severity, State
from include.planning import Directory, Plan, Planning
from include.silences.silencing import AFTERMATH, Suppression, may_hide
from include.silences.windows import standing
from include.store import Store, groups
from include.store.alerts import causes, open_alerts
from include.store.text import dumps

__all__ = ["Directory", "Dispatch"]

# So many groups are looked at in one transaction.
MOST = 1000


@dataclass(frozen=True)
class Dispatch:
    """Tells receivers what they do not know, at one moment, within the caller's transaction."""

    store: Store
    settings: Settings
    directory: Directory
    now: datetime

    def due(self) -> int:
        """Look at what is due by now: ended acknowledgements, steps of the matrix, repeats, ended silences. Returns how many groups."""
        ended = self.store.many("groups.end_acknowledgements", now=self.now)
        with self.store.rehearsal():  # their locks go with it: they are locked in one order with those that a change in them hides or shows
            waiting = self.store.many("groups.due", now=self.now, most=MOST)
        return self.groups(row["key"] for row in (*ended, *waiting))

    def groups(self, keys: Iterable[str]) -> int:
        """Look at these groups; how many there were."""
        wanted = self.with_hidden(sorted(set(keys)))
        plans = [self.planning.plan(group) for group in groups.read(self.store, wanted, self.now)] if wanted else []
        self.write(plans)
        return len(plans)

    def with_hidden(self, keys: Sequence[str]) -> Sequence[str]:
        """With these groups, those of the alerts that a change in them may hide or show, however bad or over it was or is."""
        changed = [cause for cause in self.causes if cause.group_key in set(keys)] if keys else []
        if not changed:
            return keys
        if any("severity" in one.source for one in self.settings.alerts.inhibit):
            return sorted({*keys, *(row["key"] for row in self.store.many("groups.open_keys"))})
        at_worst = [replace(cause, severity=Severity.CRITICAL, state=State.FIRING) for cause in changed]
        reach = Suppression((), self.settings.alerts, at_worst, self.now)
        concerned = {alert.group_key for alert in open_alerts(self.store) if alert.group_key and any(reach.causes_of(alert))}
        return sorted({*keys, *concerned})

    def write(self, plans: Sequence[Plan]) -> None:
        """Everything that was planned, in a few statements."""
        if withdrawn := [id for plan in plans for id in plan.withdrawn]:
            self.store.change("groups.withdraw", ids=withdrawn, now=self.now)
        if written := [message for plan in plans for message in plan.messages]:
            self.store.change("groups.write", messages=dumps(written), now=self.now, repeat=self.settings.alerts.repeat_interval)
        if quiets := [{"id": id, "words": quiet and quiet.words} for plan in plans for id, quiet in plan.quiets.items()]:
            self.store.change("groups.set_quiet", quiets=dumps(quiets))
        times = [{"key": plan.group.key, "next_at": plan.next_at and plan.next_at.isoformat()} for plan in plans]
        if times:
            self.store.change("groups.ask_again", groups=dumps(times))

    @cached_property
    def planning(self) -> Planning:
        """Plans with what keeps messages back now."""
        suppression = Suppression(standing(self.store, self.now), self.settings.alerts, self.causes, self.now)
        return Planning(self.settings, self.directory, suppression, self.now)

    @cached_property
    def causes(self) -> Sequence[Alert]:
        """The alerts that may hide others."""
        rules, targets = may_hide(self.settings.alerts)
        return causes(self.store, rules, targets, self.now - AFTERMATH)
