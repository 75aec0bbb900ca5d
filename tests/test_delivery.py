"""The outbox with more than one drainer, more than one urgency, and little time."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pytest

from include.delivery import Drain, pause
from include.failures import DeliveryError
from include.lanes import drain_together
from include.message import Message, MessageState, Outcome, Receipt, Urgency
from include.model import Run
from include.store import Store, connect
from include.store.messages import Draft, Drainer, queue
from tests.conftest import NOW

RUN = Run("tests", "run", NOW)
ALWAYS: Callable[[datetime], bool] = lambda now: True  # noqa: E731


@dataclass
class Recorder:
    """A channel that keeps what it gets, and fails on demand."""

    told: list[str] = field(default_factory=list)
    failing: dict[str, Exception] = field(default_factory=dict)
    closed: int = 0

    def deliver(self, message: Message, body: dict[str, Any] | None) -> Receipt:
        if message.key in self.failing:
            raise self.failing[message.key]
        self.told.append(message.key)
        return Receipt()

    def close(self) -> None:
        self.closed += 1


def put(store: Store, key: str, receiver: str = "r", priority: int = Urgency.NORMAL, group: str = "g", template: str = "") -> None:
    """Queue a message; a template of its own keeps it from superseding the one before."""
    draft = Draft(key, "email", receiver, group, template or key, key, {}, priority=priority)
    queue(store, RUN, draft, (MessageState.PENDING, None), NOW)


def drain(store: Store, channel: Recorder, now: datetime = NOW, **changes: Any) -> dict[str, int]:
    settings = {"bulk_open": ALWAYS, "clock": lambda: now, "until": now + timedelta(minutes=5), **changes}
    return Drain(store, {"email": channel}, **settings).run()


def states(store: Store) -> dict[str, str]:
    return {row["key"]: row["state"] for row in store.connection.execute("select key, state from message order by id")}


def test_critical_leaves_first_and_bulk_last(store: Store) -> None:
    for key, priority in (("bulk", Urgency.BULK), ("normal", Urgency.NORMAL), ("critical", Urgency.CRITICAL)):
        put(store, key, receiver=key, priority=priority)
    channel = Recorder()
    drain(store, channel)
    assert channel.told == ["critical", "normal", "bulk"]


def test_messages_of_one_receiver_and_group_leave_in_their_order_whatever_their_urgency(store: Store) -> None:
    put(store, "first", priority=Urgency.NORMAL)
    put(store, "second", priority=Urgency.CRITICAL)
    channel = Recorder()
    drain(store, channel)
    assert channel.told == ["first", "second"]


def test_a_head_that_has_to_wait_holds_its_queue_and_no_other(store: Store) -> None:
    put(store, "head")
    put(store, "next")
    put(store, "other", receiver="s")
    channel = Recorder(failing={"head": DeliveryError("not now", permanent=False)})
    assert drain(store, channel) == {"postponed": 1, "sent": 1}
    assert channel.told == ["other"]
    channel.failing.clear()
    drain(store, channel, NOW + timedelta(hours=1))
    assert channel.told == ["other", "head", "next"]


def test_a_head_that_fails_for_good_frees_the_next(store: Store) -> None:
    put(store, "head")
    put(store, "next")
    channel = Recorder(failing={"head": DeliveryError("no such user", permanent=True)})
    drain(store, channel)
    assert states(store) == {"head": "failed", "next": "sent"}


def test_a_message_that_cannot_be_made_stops_nobody(store: Store) -> None:
    put(store, "sick")
    put(store, "well", receiver="s")
    channel = Recorder(failing={"sick": KeyError("template")})
    drain(store, channel)
    assert states(store) == {"sick": "failed", "well": "sent"}


def test_an_unsent_message_is_superseded_by_the_next_of_its_kind_and_a_sent_one_is_not(store: Store) -> None:
    put(store, "old", template="digest")
    put(store, "new", template="digest")
    assert states(store) == {"old": "superseded", "new": "pending"}
    drain(store, Recorder())
    put(store, "newest", template="digest")
    assert states(store) == {"old": "superseded", "new": "sent", "newest": "pending"}


def test_a_key_is_queued_once(store: Store) -> None:
    put(store, "one")
    drain(store, Recorder())
    put(store, "one")
    assert states(store) == {"one": "sent"}


def test_bulk_waits_for_its_hours(store: Store) -> None:
    put(store, "bulk", priority=Urgency.BULK)
    put(store, "normal", receiver="s")
    drain(store, Recorder(), bulk_open=lambda now: False)
    assert states(store) == {"bulk": "pending", "normal": "sent"}


def test_a_drain_stops_when_its_time_is_up(store: Store) -> None:
    for number in range(5):
        put(store, str(number), receiver=str(number))
    moments = iter([NOW + timedelta(seconds=10 * step) for step in range(100)])
    channel = Recorder()
    drain(store, channel, clock=lambda: next(moments), until=NOW + timedelta(seconds=45))
    assert 0 < len(channel.told) < 5
    assert set(states(store).values()) == {"sent", "pending"}


def test_a_channel_that_is_out_of_order_rests_and_the_others_go_on(store: Store) -> None:
    for number in range(10):
        put(store, str(number), receiver=str(number))
    outage = DeliveryError("connection refused", permanent=False, outage=True)
    channel = Recorder(failing={str(number): outage for number in range(10)})
    assert drain(store, channel) == {"postponed": 3}


def test_a_channel_without_connection_leaves_its_messages_where_they_are(store: Store) -> None:
    put(store, "one")
    Drain(store, {}, ALWAYS, lambda: NOW, NOW + timedelta(minutes=1)).run()
    assert states(store) == {"one": "pending"}


def test_the_channels_are_closed_whatever_happens(store: Store) -> None:
    channel = Recorder(failing={"one": SystemExit()})
    put(store, "one")
    with pytest.raises(SystemExit):
        drain(store, channel)
    assert channel.closed == 1


def test_two_drainers_share_the_work_and_send_nothing_twice(store: Store, store_dsn: str) -> None:
    for number in range(200):
        put(store, f"{number:03}", receiver=str(number % 20), group=str(number % 20))
    channels = [Recorder(), Recorder()]
    stores = [store, connect(store_dsn, "second")]
    drains = [
        Drain(opened, {"email": channel}, ALWAYS, lambda: NOW, NOW + timedelta(minutes=1))
        for opened, channel in zip(stores, channels, strict=True)
    ]
    assert drain_together(drains) == {"sent": 200}
    stores[1].connection.close()
    told = [*channels[0].told, *channels[1].told]
    assert len(told) == len(set(told)) == 200
    for channel in channels:
        for queue_number in range(20):
            own = [key for key in channel.told if int(key) % 20 == queue_number]
            assert own == sorted(own)


def test_a_living_drainer_keeps_its_message_and_a_dead_one_loses_it(store: Store, store_dsn: str) -> None:
    put(store, "one")
    other = connect(store_dsn, "other")
    living = Drainer.enrol(other)
    assert living.claim([Urgency.NORMAL], ["email"], NOW)
    channel = Recorder()
    drain(store, channel)
    assert (channel.told, states(store)) == ([], {"one": "sending"})
    pid = other.connection.info.backend_pid
    other.connection.close()
    while store.connection.execute("select from pg_locks where pid = %s and locktype = 'advisory'", (pid,)).fetchone():
        time.sleep(0.01)
    drain(store, channel, NOW + timedelta(seconds=1))
    assert (channel.told, states(store)) == (["one"], {"one": "sent"})
    assert store.connection.execute("select possible_repeat from message").fetchone() == {"possible_repeat": True}


def test_a_claim_takes_no_message_that_another_is_about_to_take(store: Store, store_dsn: str) -> None:
    put(store, "one")
    other = connect(store_dsn, "other")
    taken: list[Message | None] = []
    with other.transaction():
        assert Drainer.enrol(other).claim([Urgency.NORMAL], ["email"], NOW)
        thread = threading.Thread(target=lambda: taken.append(Drainer.enrol(store).claim([Urgency.NORMAL], ["email"], NOW)))
        thread.start()
        thread.join(5)
        assert not thread.is_alive(), "it does not wait"
    other.connection.close()
    assert taken == [None]


def test_pauses_grow_and_a_second_doubt_waits_a_day() -> None:
    def after(attempts: int, state: MessageState = MessageState.PENDING, *, repeat: bool = False) -> timedelta:
        message = Message(1, "k", "d", "email", "r", "g", 1, "t", "", "s", {}, attempts, repeat, (), None, NOW, {})
        return pause(message, Outcome(state))

    assert [after(attempts).total_seconds() for attempts in (1, 2, 3, 9, 99)] == [30, 60, 120, 900, 900]
    assert after(1, MessageState.UNCERTAIN) == timedelta(seconds=30)
    assert after(2, MessageState.UNCERTAIN, repeat=True) == timedelta(days=1)
