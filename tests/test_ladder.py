"""The ladder in SQL and in Python: the same step for the same end, to the microsecond."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from include.ladder import KINDS, Step, as_parameters, ladder, step_at
from include.reports.account_digest_view import is_past_grace
from include.store import Store

TICK = timedelta(microseconds=1)
TICKS = st.integers(-1, 1).map(lambda ticks: ticks * TICK)
MOMENTS = st.timedeltas(timedelta(0), timedelta(days=36500)).map(lambda age: datetime(2000, 1, 1, tzinfo=UTC) + age)
STEPS = st.lists(st.integers(1, 3650), min_size=1, max_size=6, unique=True)
LEFT = st.timedeltas(timedelta(days=-4000), timedelta(days=4000))
INSERT = """
insert into account_snapshot (source, account, kind, expires_at, items, grace_days, username, full_name, email, organization, department,
                              role, manager_name, manager_email, groups, first_seen)
values ('accounts', %s, %s, %s, %s, %s, '', '', '', 'acme', '', '', '', '', '', now())
"""


@dataclass(frozen=True)
class Entry:
    """One end of the list."""

    account: str
    kind: str
    expires_at: datetime
    items: int
    grace_days: int


@dataclass(frozen=True)
class Listed:
    """A list at a moment, and the steps of its ladder."""

    now: datetime
    steps: list[Step]
    entries: list[Entry]


@st.composite
def lists(draw: st.DrawFn) -> Listed:
    """Ends anywhere, and on, just before and just behind where a step or the time after a grace period begins."""
    now, days = draw(MOMENTS), draw(STEPS)
    entries = []
    for number in range(draw(st.integers(1, 12))):
        grace = draw(st.integers(0, 400))
        edges = st.tuples(st.sampled_from([*days, 0, -grace]), TICKS).map(lambda edge: timedelta(days=edge[0]) + edge[1])
        kind, left, items = draw(st.sampled_from(KINDS)), draw(edges | LEFT), draw(st.integers(1, 3))
        entries.append(Entry(str(number), kind, now + left, items, grace))
    return Listed(now, ladder(days, now), entries)


@given(listed=lists())
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture], database=None)
def test_sql_and_python_put_every_end_on_the_same_step(store: Store, listed: Listed) -> None:
    with store.rehearsal():
        rows = [(entry.account, entry.kind, entry.expires_at, entry.items, entry.grace_days) for entry in listed.entries]
        store.connection.cursor().executemany(INSERT, rows)
        asked = {"source": "accounts", "organization": None, "now": listed.now, **as_parameters(listed.steps)}
        assert counted(store, asked) == counts(listed)
        assert gathered(store, asked) == {
            entry.account: step.name for entry in listed.entries if (step := step_at(listed.steps, entry.expires_at))
        }
        past = {row["account"]: row["past_grace"] for row in store.many("accounts.worst", **asked, most=100)}
        assert past == {entry.account: is_past_grace(vars(entry), listed.now) for entry in listed.entries if entry.account in past}


def counts(listed: Listed) -> Counter[tuple[str, str | None]]:
    """{(kind, step): items} by Python, with None as the step of those past their grace."""
    found = Counter[tuple[str, str | None]]()
    for entry in listed.entries:
        if step := step_at(listed.steps, entry.expires_at):
            found[entry.kind, step.name] += entry.items
        if is_past_grace(vars(entry), listed.now):
            found[entry.kind, None] += entry.items
    return found


def counted(store: Store, asked: dict[str, Any]) -> Counter[tuple[str, str | None]]:
    """The same by SQL; that it has a row for every zero too is part of it."""
    rows: Sequence[Any] = store.many("accounts.counts", **asked, kinds=list(KINDS))
    assert len(rows) == len(KINDS) * (len(asked["steps"]) + 1)
    return Counter({(row["kind"], row["step"]): row["accounts"] for row in rows if row["accounts"]})


def gathered(store: Store, asked: dict[str, Any]) -> dict[str, str]:
    """{account: step} as reminders see it."""
    for query in ("make_room", "clear"):
        store.change(f"reminders.{query}")
    store.change("reminders.gather", **asked, copies=[False] * len(asked["steps"]))
    return {row["account"]: row["step"] for row in store.connection.execute("select account, step from untold").fetchall()}
