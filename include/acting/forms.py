"""A filled-in form becomes an action: acknowledge, resolve, silence, maintenance, unsilence, feedback. Moments are times or durations."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from fnmatch import fnmatchcase
from typing import Any
from zoneinfo import ZoneInfo

from include.acting.actions import Actions
from include.config.times import duration
from include.config.types import known_zone
from include.failures import RequestRefused
from include.people.explaining import ALLOWED
from include.silences.silencing import Window
from include.silences.windows import survey
from include.store import Row, Store
from include.store.runs import Counts
from include.writing.wording import span

CHOICES = ("list", "acknowledge", "resolve", "silence", "unsilence", "maintenance", "feedback")
# Between matchers, as `make explain` writes them.
COMMA = re.compile(r",(?=\s|$|[^\s,=]+=)")
VERDICTS = {"true alarm": True, "false alarm": False}


@dataclass(frozen=True, slots=True)
class Form:
    """What somebody asked for: strings by field, empty ones left out. Raises RequestRefused for what cannot be understood."""

    fields: Mapping[str, str]
    now: datetime
    zone: str

    @classmethod
    def of(cls, form: Mapping[str, Any], now: datetime, zone: str) -> Form:
        """The form as Airflow gives it; `zone`: where it names none."""
        fields = {name: str(value).strip() for name, value in form.items() if value not in (None, "")}
        try:
            return cls(fields, now, known_zone(fields.get("zone") or zone))
        except ValueError as error:
            raise RequestRefused(f"`zone`: {error}") from None

    def need(self, name: str, why: str) -> str:
        """A field that must be filled in."""
        if name not in self.fields:
            raise RequestRefused(f"`{name}` is empty: {why}")
        return self.fields[name]

    def get(self, name: str) -> str:
        """A field that may be empty."""
        return self.fields.get(name, "")

    def moment(self, name: str, default: datetime | None = None) -> datetime | None:
        """`2h` from now, or a time such as 2026-12-24T18:00, in the zone of the form where it names none."""
        text = self.fields.get(name)
        if text is None:
            return default
        try:
            return self.now + duration(text) if text[-1:] in "smhdw" else self.local(datetime.fromisoformat(text))
        except (ValueError, OverflowError):
            raise RequestRefused(f"`{name}` is {text!r}; allowed: a duration such as 2h, or a time such as 2026-12-24T18:00") from None

    def local(self, moment: datetime) -> datetime:
        """The moment, in the zone of the form unless it names one."""
        return moment if moment.tzinfo else moment.replace(tzinfo=ZoneInfo(self.zone))

    def matchers(self) -> dict[str, str]:
        """`duty=system_health target=db-*` as {name: pattern}."""
        text = self.need("matchers", "which alerts, as in duty=system_health target=db-*")
        pairs = [word.partition("=") for word in COMMA.sub(" ", text).split()]
        found = {name: pattern for name, _, pattern in pairs}
        if len(found) < len(pairs) or not all(name and pattern for name, _, pattern in pairs):
            raise RequestRefused(f"`matchers` is {text!r}; allowed: words such as target=db-*, each name once, with blanks between them")
        for name in {"duty", "severity"} & found.keys():
            self.must_be_like_one(found[name], name)
        return found

    def must_be_like_one(self, pattern: str, name: str) -> None:
        """A pattern that is like no duty or severity silences nothing."""
        if not any(fnmatchcase(one, pattern) for one in ALLOWED[name]):
            raise RequestRefused(f"`matchers`: no {name} is like {pattern!r}; allowed: {', '.join(ALLOWED[name])}")

    def verdict(self) -> bool:
        """Whether it was a true alarm."""
        text = self.need("verdict", f"allowed: {', '.join(VERDICTS)}")
        if text not in VERDICTS:
            raise RequestRefused(f"`verdict` is {text!r}; allowed: {', '.join(VERDICTS)}")
        return VERDICTS[text]

    def window(self) -> Window:
        """When and where a silence holds."""
        starts = self.moment("starts") or self.now
        ends = replace(self, now=starts).moment("ends")  # 2h is how long it lasts
        if ends is None:
            raise RequestRefused("`ends` is empty: a silence without an end is forgotten; allowed: 2h, or a time such as 2026-12-24T18:00")
        return Window(self.matchers(), starts, ends, self.get("recurrence") or None, self.length("lasts"), self.zone)

    def length(self, name: str) -> timedelta | None:
        """A duration."""
        try:
            return duration(self.fields[name]) if name in self.fields else None
        except ValueError as error:
            raise RequestRefused(f"`{name}`: {error}") from None


def act(actions: Actions, form: Form, by: str) -> Counts:
    """Do what the form says. Returns counts. Raises RequestRefused."""
    what = form.get("action") or "list"
    if what == "list":
        return {"listed": len(overview(actions.store, form.now))}
    if what == "unsilence":
        actions.unsilence(number(form), by)
        return {"ended": 1}
    if what in ("silence", "maintenance"):
        owner = form.get("owner") or by
        made = actions.silence(form.window(), by, owner, form.need("comment", "why?"), maintenance=what == "maintenance")
        return {"silence": made}
    return {"alerts": about_alerts(actions, form, what, by)}


def about_alerts(actions: Actions, form: Form, what: str, by: str) -> int:
    """Acknowledge, resolve or judge the alerts that the form names; how many."""
    reference = form.need("alert", "which one? Its number, which the action `list` shows, or a fingerprint or a group's key")
    if what == "acknowledge":
        return actions.acknowledge(reference, by, form.get("comment"), form.moment("ends"))
    if what == "resolve":
        return actions.resolve(reference, by, form.need("comment", "what ended it?"), form.get("cause"))
    if what == "feedback":
        return actions.feedback(reference, by, form.verdict(), form.get("comment"))
    raise RequestRefused(f"`action` is {what!r}; allowed: {', '.join(CHOICES)}")


def number(form: Form) -> int:
    """The silence that is meant."""
    text = form.need("silence", "which one? The action `list` shows them")
    if not text.isdecimal():
        raise RequestRefused(f"`silence` is {text!r}; allowed: its number, which the action `list` shows")
    return int(text)


def overview(store: Store, now: datetime) -> list[str]:
    """A line for each open alert, the worst first, and for each silence and maintenance that has not ended, those that end soon first."""
    return [*(words(row, now) for row in store.many("alerts.open_all")), *(one.words for one in survey(store, now))]


def words(alert: Row, now: datetime) -> str:
    """`alert 7       critical  firing        3 hours             db-1 does not answer  (silenced)`."""
    since = span(now - min(alert["fired_at"] or alert["opened_at"], now))
    line = f"alert {alert['id']:<6}  {alert['severity']:<8}  {alert['state']:<12}  {since:<18}  {alert['summary']}"
    notes = (alert["acknowledged_by"] and f"acknowledged by {alert['acknowledged_by']}", alert["quiet"])
    return "  ".join([line, *(f"({note})" for note in notes if note)])
