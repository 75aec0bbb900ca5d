"""What people do with alerts: acknowledge, silence, plan maintenance, resolve, judge. One way in for all, and everything on record."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

from psycopg.types.json import Jsonb

from include.config.settings import Settings
from include.config.times import write_duration
from include.config.types import known_zone
from include.dispatch import Directory, Dispatch
from include.failures import RequestRefused
from include.model import Alert
from include.silences.silencing import Window
from include.store import Row, Store
from include.store.text import dumps, storable

__all__ = ["Actions", "Window"]

LONGEST_SILENCE = timedelta(days=90)
NAMES = "an alert's number, its fingerprint or six digits or more of its beginning, with a letter among them, or a group's key"
# Only digits are the number of an alert, unless there are too many for one.
LONGER_THAN_IDS = 19
BEGINNING = re.compile(r"[0-9a-f]{6,}")
# As often as every hour of all these days.
MOST_OCCURRENCES = 24 * LONGEST_SILENCE.days


@dataclass(frozen=True, slots=True)
class Actions:
    """Everything that a person can do, at one moment. `by` is always who did it; each is one transaction. Raises RequestRefused."""

    store: Store
    settings: Settings
    directory: Directory
    now: datetime

    def acknowledge(self, reference: str, by: str, comment: str = "", until: datetime | None = None) -> int:
        """Somebody looks after the alerts that the reference names; escalation pauses, until `until` if that is given. How many."""
        if until and until <= self.now:
            raise RequestRefused(f"an acknowledgement until {until.isoformat()} would be over already")
        if until and until - self.now > LONGEST_SILENCE:
            raise RequestRefused(f"an acknowledgement ends within {LONGEST_SILENCE.days} days, or has no end")
        return self.change("actions.acknowledge", reference, by, comment=storable(comment), until=until)

    def resolve(self, reference: str, by: str, resolution: str, cause: str = "") -> int:
        """The alerts are over, says a person. A new breach opens new ones. How many."""
        if not resolution.strip():
            raise RequestRefused("a resolution needs words: what ended it?")
        return self.change("actions.resolve", reference, by, resolution=storable(resolution), cause=storable(cause) or None)

    def feedback(self, reference: str, by: str, true_alarm: bool, comment: str = "") -> int:
        """Whether the alerts were right to fire. How many."""
        with self.store.transaction():
            ids = [alert.id for alert in self.find(reference, over=True)]
            self.store.change("actions.feedback", ids=ids, by=storable(by), true_alarm=true_alarm, comment=storable(comment), now=self.now)
            self.note(by, "feedback", reference, true_alarm=true_alarm, comment=comment, alerts=ids)
        return len(ids)

    def silence(self, window: Window, by: str, owner: str, reason: str, *, maintenance: bool = False) -> int:
        """Nobody is told of matching alerts while it holds; they are measured, judged and resolved as ever. Its id."""
        check(window, owner, reason, self.now)
        with self.store.transaction():
            fields = {name: getattr(window, name) for name in window.__dataclass_fields__} | {"matchers": Jsonb(dict(window.matchers))}
            words = {"owner": storable(owner), "reason": storable(reason), "by": storable(by), "maintenance": maintenance}
            number: int = self.store.value("silences.add", **fields, **words, now=self.now)
            what = "maintenance" if maintenance else "silence"
            self.note(by, what, str(number), matchers=dict(window.matchers), ends_at=window.ends_at, owner=owner, reason=reason)
            self.look_again(row["key"] for row in self.store.many("groups.open_keys"))
        return number

    def unsilence(self, number: int, by: str) -> None:
        """End a silence or maintenance before its time."""
        with self.store.transaction():
            if not self.store.change("silences.lift", id=number, by=by, now=self.now):
                raise RequestRefused(f"there is no silence {number} that could be ended; the action `list` shows those that can")
            self.note(by, "unsilence", str(number))
            self.look_again(row["key"] for row in self.store.many("groups.open_keys"))

    def change(self, query: str, reference: str, by: str, **detail: Any) -> int:
        """Change the open alerts that a reference names, and tell whoever has to know."""
        with self.store.transaction():
            found = self.find(reference)
            ids = [alert.id for alert in found]
            self.store.change(query, ids=ids, by=storable(by), now=self.now, **detail)
            self.note(by, query.partition(".")[2], reference, **detail, alerts=ids)
            self.look_again(alert.group_key for alert in found if alert.group_key)
        return len(found)

    def find(self, reference: str, *, over: bool = False) -> list[Alert]:
        """The alerts that a reference names, locked: open ones, or with `over` the newest of each fingerprint. Raises RequestRefused."""
        number = int(reference) if reference.isdecimal() and len(reference) < LONGER_THAN_IDS else None
        prefix = reference if BEGINNING.fullmatch(reference) and number is None else None
        rows = self.store.many("actions.find", reference=storable(reference), number=number, prefix=prefix, over=over)
        if not rows:
            raise RequestRefused(f"no {'' if over else 'open '}alert is named {reference[:100]!r}; allowed: {NAMES}")
        if len(rows) > 1 and rows[0]["by_beginning"]:
            raise RequestRefused(several_begin_with(reference, rows))
        return [Alert.from_row(row) for row in rows]

    def look_again(self, keys: Iterable[str]) -> None:
        """People may have to be told something else now."""
        Dispatch(self.store, self.settings, self.directory, self.now).groups(keys)

    def note(self, by: str, what: str, subject: str, **detail: Any) -> None:
        """Put it on record."""
        words = dumps({name: value.isoformat() if isinstance(value, datetime) else value for name, value in detail.items()})
        self.store.value("actions.note", by=storable(by), what=what, subject=storable(subject), detail=words, now=self.now)


def several_begin_with(reference: str, rows: Sequence[Row]) -> str:
    """What to say of a beginning that names several."""
    found = ", ".join(f"{row['id']} ({row['summary']})" for row in rows[:5])
    return f"the fingerprints of {len(rows)} alerts begin with {reference!r}; allowed: the number of one of them, as in {found}"


def check(window: Window, owner: str, reason: str, now: datetime) -> None:
    """Raises RequestRefused for a silence that nobody answers for, that never ends, or that means nothing."""
    if not window.matchers:
        raise RequestRefused("a silence needs matchers, as in duty=system_health target=db-*; one for everything would hide what it hides")
    if not owner.strip() or not reason.strip():
        raise RequestRefused("a silence needs an owner and a reason: somebody will ask")
    check_time(window, now)
    check_zone(window.zone)
    if (window.recurrence is None) != (window.lasts is None):
        raise RequestRefused("a recurrence needs to know how long each occurrence lasts, and the other way round")
    if window.recurrence and window.lasts:
        check_recurrence(window, window.recurrence, window.lasts)
        check_occurrences(window, now)


def check_time(window: Window, now: datetime) -> None:
    """Raises RequestRefused for a time that is over, or too long."""
    if window.ends_at <= max(now, window.starts_at):
        raise RequestRefused(f"a silence until {window.ends_at.isoformat()} would never hold: it must end after now and after its start")
    if window.ends_at - now > LONGEST_SILENCE:
        raise RequestRefused(f"a silence ends within {LONGEST_SILENCE.days} days; what is longer is forgotten: change the rule instead")
    if now - window.starts_at > LONGEST_SILENCE:
        raise RequestRefused(f"a silence from {window.starts_at.isoformat()} on; allowed: a start in the last {LONGEST_SILENCE.days} days")


def check_zone(zone: str) -> None:
    """Raises RequestRefused for a zone that nobody knows."""
    try:
        known_zone(zone)
    except ValueError as error:
        raise RequestRefused(str(error)) from None


def check_recurrence(window: Window, recurrence: str, lasts: timedelta) -> None:
    """Raises RequestRefused for a recurrence that is none, or of which each occurrence is too long."""
    if lasts > LONGEST_SILENCE:
        raise RequestRefused(f"each time for {write_duration(lasts)}; allowed: at most {LONGEST_SILENCE.days}d")
    try:
        window.rule(recurrence)
    except ValueError as error:
        raise RequestRefused(f"{recurrence[:200]!r} is no recurrence of a silence: {error}") from None


def check_occurrences(window: Window, now: datetime) -> None:
    """Raises RequestRefused for what never or all too often recurs."""
    often = len(list(islice(window.spans(now, window.ends_at), MOST_OCCURRENCES + 1)))
    if not often:
        raise RequestRefused(f"{window.recurrence!r} never holds until {window.ends_at.isoformat()}; allowed: what holds before then")
    if often > MOST_OCCURRENCES:
        raise RequestRefused(f"{window.recurrence!r} holds more than {MOST_OCCURRENCES} times; allowed: at most as often as every hour")
