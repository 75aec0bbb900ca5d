"""Groups of alerts: what receivers know of them, what is on its way to them, and when to look again."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from include.model import Alert
from include.store import Row, Store
from include.store.text import dumps
from include.telling import BURST_TIME, Known

Place = tuple[str, str]
"""A channel and a receiver."""
ON_ITS_WAY = ("sending", "uncertain")


@dataclass(frozen=True, slots=True)
class Group:
    """One group as the store has it. `unsent`: messages that wait to leave, by key; `recent`: how many left in the last seconds."""

    key: str
    duty: str
    rule: str
    labels: Mapping[str, str]
    known: Mapping[Place, Known]
    unsent: Mapping[Place, Mapping[str, Row]]
    recent: Mapping[Place, int]
    alerts: Sequence[Alert]


def make(store: Store, groups: Iterable[Mapping[str, Any]]) -> None:
    """Groups that may be new: rows of key, duty, rule, labels."""
    if rows := list(groups):
        store.change("groups.make", groups=dumps(rows))


def read(store: Store, keys: Sequence[str], now: datetime) -> list[Group]:
    """These groups with all that is known of them; locked to the end of the transaction."""
    rows = store.many("groups.lock", keys=list(keys))
    scope = {"keys": [row["key"] for row in rows]}
    underway = [row for row in store.many("groups.underway", **scope) if row["tells"]]
    knowledge = by_group([*store.many("groups.known", **scope), *(told_by(row) for row in underway if row["state"] in ON_ITS_WAY)])
    told = sorted({int(alert) for states in knowledge.values() for row in states for alert in row["marks"]})
    unsent = by_group([row for row in underway if row["state"] not in ON_ITS_WAY])
    recent = by_group(store.many("groups.recent", **scope, since=now - BURST_TIME))
    alerts = by_group(store.many("groups.alerts", **scope, told=told))
    return [
        Group(
            row["key"],
            row["duty"],
            row["rule"],
            row["labels"],
            {place_of(state): Known.from_row(state) for state in knowledge[row["key"]]},
            messages_by_place(unsent[row["key"]]),
            {place_of(count): count["messages"] for count in recent[row["key"]]},
            [Alert.from_row(alert) for alert in alerts[row["key"]]],
        )
        for row in rows
    ]


def told_by(message: Row) -> Row:
    """What a receiver knows once a message has arrived that is on its way: it counts as told."""
    return {**message["tells"], **{name: message[name] for name in ("group_key", "channel", "receiver", "at")}}


def messages_by_place(rows: Sequence[Row]) -> dict[Place, dict[str, Row]]:
    """{place: {key: message}}."""
    found: dict[Place, dict[str, Row]] = {}
    for row in rows:
        found.setdefault(place_of(row), {})[row["key"]] = row
    return found


def by_group(rows: Iterable[Row]) -> dict[str, list[Row]]:
    """{group: its rows, in their order}; [] for a group without."""
    found: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        found[row["group_key"]].append(row)
    return found


def place_of(row: Row) -> Place:
    """Which channel and receiver a row is about."""
    return row["channel"], row["receiver"]
