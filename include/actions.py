"""What people do with alerts: acknowledge, silence, plan maintenance, resolve, judge. One way in for all, and everything on record."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from dateutil.rrule import rrulestr
from psycopg.types.json import Jsonb

from include.config.settings import Settings
from include.dispatch import Directory, Dispatch
from include.failures import RequestRefused
from include.model import Alert
from include.store import Store
from include.store.text import dumps, storable

LONGEST_SILENCE = timedelta(days=90)


@dataclass(frozen=True, slots=True)
class Window:
    """When and where a silence or maintenance holds. `matchers`: {`duty`, `rule`, `severity` or a label: pattern}; with `recurrence`,
    an RRULE, it holds for `lasts` from each occurrence on, counted from `starts_at` in `zone`, until `ends_at`."""

    matchers: Mapping[str, str]
    starts_at: datetime
    ends_at: datetime
    recurrence: str | None = None
    lasts: timedelta | None = None
    zone: str = "UTC"


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
        return self.change("actions.acknowledge", reference, by, comment=storable(comment), until=until)

    def resolve(self, reference: str, by: str, resolution: str, cause: str = "") -> int:
        """The alerts are over, says a person. A new breach opens new ones. How many."""
        if not resolution.strip():
            raise RequestRefused("a resolution needs words: what ended it?")
        return self.change("actions.resolve", reference, by, resolution=storable(resolution), cause=storable(cause) or None)

    def feedback(self, reference: str, by: str, true_alarm: bool, comment: str = "") -> int:
        """Whether the alerts were right to fire. How many."""
        with self.store.transaction():
            ids = [row["id"] for row in self.store.many("actions.find_any", reference=reference)]
            if not ids:
                raise RequestRefused(nothing_named(reference))
            self.store.change("actions.feedback", ids=ids, by=by, true_alarm=true_alarm, comment=storable(comment), now=self.now)
            self.note(by, "feedback", reference, true_alarm=true_alarm, comment=comment, alerts=ids)
        return len(ids)

    def silence(self, window: Window, by: str, owner: str, reason: str, *, maintenance: bool = False) -> int:
        """Nobody is told of matching alerts while it holds; they are measured, judged and resolved as ever. Its id."""
        check(window, owner, reason, self.now)
        with self.store.transaction():
            fields = {name: getattr(window, name) for name in window.__dataclass_fields__} | {"matchers": Jsonb(dict(window.matchers))}
            words = {"owner": storable(owner), "reason": storable(reason), "by": by, "maintenance": maintenance}
            number: int = self.store.value("silences.add", **fields, **words, now=self.now)
            what = "maintenance" if maintenance else "silence"
            self.note(by, what, str(number), matchers=dict(window.matchers), ends_at=window.ends_at, owner=owner, reason=reason)
            self.look_again(row["key"] for row in self.store.many("groups.open_keys"))
        return number

    def unsilence(self, number: int, by: str) -> None:
        """End a silence or maintenance before its time."""
        with self.store.transaction():
            if not self.store.change("silences.lift", id=number, by=by, now=self.now):
                raise RequestRefused(f"there is no silence {number} that could be ended; `make silences` lists them")
            self.note(by, "unsilence", str(number))
            self.look_again(row["key"] for row in self.store.many("groups.open_keys"))

    def change(self, query: str, reference: str, by: str, **detail: Any) -> int:
        """Change the open alerts that a reference names, and tell whoever has to know."""
        with self.store.transaction():
            found = [Alert.from_row(row) for row in self.store.many("actions.find", reference=reference)]
            if not found:
                raise RequestRefused(nothing_named(reference))
            ids = [alert.id for alert in found]
            self.store.change(query, ids=ids, by=storable(by), now=self.now, **detail)
            self.note(by, query.partition(".")[2], reference, **detail, alerts=ids)
            self.look_again(alert.group_key for alert in found if alert.group_key)
        return len(found)

    def look_again(self, keys: Iterable[str]) -> None:
        """People may have to be told something else now."""
        Dispatch(self.store, self.settings, self.directory, self.now).groups(keys)

    def note(self, by: str, what: str, subject: str, **detail: Any) -> None:
        """Put it on record."""
        words = dumps({name: value.isoformat() if isinstance(value, datetime) else value for name, value in detail.items()})
        self.store.value("actions.note", by=storable(by), what=what, subject=storable(subject), detail=words, now=self.now)


def nothing_named(reference: str) -> str:
    """What to say of a reference that names nothing."""
    return f"no open alert is named {reference!r}; allowed: an alert's id, its fingerprint or the first six digits of it, or a group's key"


def check(window: Window, owner: str, reason: str, now: datetime) -> None:
    """Raises RequestRefused for a silence that nobody answers for, that never ends, or that means nothing."""
    if not window.matchers:
        raise RequestRefused("a silence needs matchers, as in duty=system_health target=db-*; one for everything would hide what it hides")
    if not owner.strip() or not reason.strip():
        raise RequestRefused("a silence needs an owner and a reason: somebody will ask")
    if window.ends_at <= max(now, window.starts_at):
        raise RequestRefused(f"a silence until {window.ends_at.isoformat()} would never hold: it must end after now and after its start")
    if window.ends_at - now > LONGEST_SILENCE:
        raise RequestRefused(f"a silence ends within {LONGEST_SILENCE.days} days; what is longer is forgotten: change the rule instead")
    check_recurrence(window)


def check_recurrence(window: Window) -> None:
    """Raises RequestRefused for a recurrence that is none, or a zone that nobody knows."""
    try:
        ZoneInfo(window.zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise RequestRefused(f"{window.zone!r} is not a time zone; allowed: names such as UTC or Europe/Berlin") from None
    if (window.recurrence is None) != (window.lasts is None):
        raise RequestRefused("a recurrence needs to know how long each occurrence lasts, and the other way round")
    if window.recurrence is None:
        return
    try:
        rrulestr(window.recurrence, dtstart=window.starts_at.replace(tzinfo=None))
    except (ValueError, TypeError, AttributeError) as error:
        raise RequestRefused(f"{window.recurrence!r} is no RRULE: {error}; allowed: as in FREQ=WEEKLY;BYDAY=SU") from None
    if any(word in window.recurrence.upper() for word in ("SECONDLY", "MINUTELY", "DTSTART", "\n")):
        raise RequestRefused("a silence recurs at most hourly, and its start stands in starts_at: allowed FREQ are HOURLY to YEARLY")
