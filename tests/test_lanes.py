"""Each channel is drained by itself: with a mail server that hangs, and a PagerDuty that does not."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from include.channels.email import Email, SmtpSettings
from include.channels.pagerduty import PagerDuty, PagerDutySettings
from include.delivery import Drain
from include.failures import DeliveryError
from include.lanes import MUCH, Lanes, Lazily, busy
from include.message import Message, MessageState, Receipt, Urgency
from include.model import Run, utc_now
from include.store import Store, connect
from include.store.leases import Lease
from include.store.messages import Draft, queue
from include.watchers.escalating import Escalating
from include.watchers.watching import LEASE, Watching
from tests.receivers import KEY, pagerduty, receiving

RUN = Run("tests", "run", utc_now())


@contextmanager
def silence() -> Iterator[int]:
    """A mail server that accepts connections and says nothing; its port."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def put(store: Store, key: str, channel: str, priority: int = Urgency.NORMAL, group: str | None = None) -> None:
    """Queue a message."""
    draft = Draft(key, channel, f"{channel}@example.com", group or key, key, key, {"severity": "warning"}, priority=priority)
    queue(store, RUN, draft, (MessageState.PENDING, None), utc_now() - timedelta(seconds=1))


def states(store: Store) -> dict[str, str]:
    return {row["key"]: row["state"] for row in store.connection.execute("select key, state from message order by id")}


@dataclass
class House:
    """An installation with two channels, drained over connections of their own."""

    store: Store
    dsn: str
    channels: dict[str, Any]
    opened: list[str] = field(default_factory=list)
    planned: int = 0

    @contextmanager
    def lane(self, channel: str) -> Iterator[Drain]:
        store = connect(self.dsn, f"{channel} lane")
        self.opened.append(channel)
        try:
            yield Drain(store, {channel: Lazily(self.channels[channel])}, lambda now: True, utc_now, utc_now() + timedelta(minutes=1))
        finally:
            store.connection.close()

    def busy(self) -> list[str]:
        return busy(self.store, self.channels, (0, 1), utc_now())

    def plan(self) -> int:
        self.planned += 1
        return 0

    @property
    def watch(self) -> Escalating:
        return Escalating(self.store, utc_now, lambda: list(self.channels), self.plan, self.busy, Lanes(self.lane))

    @property
    def lease(self) -> Lease:
        taken = Lease.take(self.store, "escalation", "me", LEASE)
        assert taken
        return taken


@pytest.fixture
def house(store: Store, store_dsn: str) -> Iterator[House]:
    with silence() as port, receiving(pagerduty) as receiver:
        settings = SmtpSettings("127.0.0.1", port, "monitoring@example.com", "none", timeout=8)
        channels = {
            "email": lambda: Email(settings, ZoneInfo("UTC"), utc_now),
            "pagerduty": lambda: PagerDuty(PagerDutySettings(KEY, receiver.url)),
        }
        yield House(store, store_dsn, channels)


def test_a_mail_server_that_hangs_keeps_no_message_of_another_channel_waiting(house: House) -> None:
    lanes = Lanes(house.lane)
    put(house.store, "mail", "email")
    put(house.store, "page", "pagerduty")
    assert lanes.send(house.busy()) == 1
    put(house.store, "another page", "pagerduty")
    started = time.monotonic()
    assert lanes.send(house.busy()) == 1, "the mail server still hangs"
    assert time.monotonic() - started < 1.5
    assert states(house.store) == {"mail": "sending", "page": "sent", "another page": "sent"}
    assert sorted(house.opened) == ["email", "pagerduty", "pagerduty"], "one at a time for each channel"
    lanes.close()


def test_the_lease_is_renewed_and_somebody_outside_hears_of_it_while_a_receiver_hangs(house: House, store_dsn: str) -> None:
    heard: list[float] = []
    bell = connect(store_dsn, "bell")
    watching = Watching("escalation", "me", house.store, bell, house.watch, utc_now, lambda: heard.append(time.monotonic()))
    watching.prepare()
    put(house.store, "mail", "email")
    watching.look()
    beaten = house.store.many("leases.beats")[0]["beaten_at"]
    watching.heard_at = None
    put(house.store, "page", "pagerduty")
    assert watching.look(), "there is news"
    assert states(house.store) == {"mail": "sending", "page": "sent"}
    assert house.store.many("leases.beats")[0]["beaten_at"] > beaten
    assert len(heard) == 2
    watching.close()


def test_nothing_is_opened_while_nothing_is_to_be_sent(house: House) -> None:
    put(house.store, "later", "email")
    house.store.connection.execute("update message set due_at = now() + interval '1 hour'")
    look = house.watch.look(house.lease)
    assert (look.news, house.opened, house.planned) == (False, [], 0)
    assert look.next_at is not None
    assert look.next_at > utc_now()


def test_what_a_dead_drainer_left_is_found_also_where_nothing_else_is_due(house: House) -> None:
    put(house.store, "page", "pagerduty")
    house.store.connection.execute("update message set state = 'sending', drainer = 4711, attempts = 1")
    assert house.watch.look(house.lease).news
    assert states(house.store) == {"page": "sent"}


def test_a_channel_with_much_to_send_is_named_twice_and_one_that_rests_not_at_all(store: Store) -> None:
    for number in range(MUCH):
        put(store, f"mail {number}", "email")
    for channel in ("slack", "sms"):
        put(store, channel, channel)
    put(store, "reminder", "webhook", Urgency.BULK)
    store.one("messages.pause", channel="sms", why="answers 429", until=utc_now() + timedelta(minutes=1))
    channels = {"slack": None, "email": None, "sms": None, "webhook": None, "pagerduty": None}
    assert busy(store, channels, (0, 1), utc_now()) == ["slack", "email", "email"]
    assert busy(store, channels, (0, 1, 2), utc_now()) == ["slack", "email", "email", "webhook"]


def test_lanes_that_are_closed_end_after_the_message_in_hand(store: Store, store_dsn: str) -> None:
    slow = Slow()
    made = House(store, store_dsn, {"email": lambda: slow})
    for number in range(5):
        put(store, str(number), "email")
    lanes = Lanes(made.lane)
    threading.Thread(target=lanes.send, args=[["email"]]).start()
    assert slow.begun.wait(10)
    lanes.close()
    slow.go_on.set()
    lanes.pool.shutdown(wait=True)
    assert list(states(store).values()) == ["sent", "pending", "pending", "pending", "pending"]


@dataclass
class Slow:
    """A channel that takes its time."""

    begun: threading.Event = field(default_factory=threading.Event)
    go_on: threading.Event = field(default_factory=threading.Event)

    def deliver(self, message: Message, body: dict[str, Any] | None) -> Receipt:
        self.begun.set()
        self.go_on.wait(10)
        return Receipt()

    def close(self) -> None:
        """Nothing is open."""


def test_a_connection_that_cannot_be_used_is_misconfigured_and_its_words_stay_secret(store: Store) -> None:
    def make() -> Any:
        return float("a secret")

    channel = Lazily(make)
    put(store, "one", "email")
    with pytest.raises(DeliveryError) as wrong:
        channel.deliver(None, None)  # type: ignore[arg-type]
    assert (wrong.value.misconfigured, "secret" in str(wrong.value)) == (True, False)
    Drain(store, {"email": channel}, lambda now: True, utc_now, utc_now() + timedelta(minutes=1)).run()
    (row,) = store.many("messages.breakers")
    assert (row["channel"], row["why"]) == ("email", "misconfigured: the connection cannot be used: ValueError")
    channel.close()
