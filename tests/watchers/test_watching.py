"""Watching: one at a time, in turn when one falls silent, and from where the last one stood."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import psycopg
import pytest

from include.message import MessageState
from include.model import Run
from include.store import Store, connect
from include.store.leases import Lease, LeaseLost
from include.store.messages import Draft, queue
from include.watchers.watching import BEAT, HEARTBEAT, LEAST, Look, Watch, Watching
from tests.conftest import NOW


@dataclass
class Counting(Watch):
    """Counts its looks in the store. `meanwhile`: what happens before it writes."""

    store: Store
    meanwhile: Callable[[], object] = lambda: None
    next_at: datetime | None = None
    closed: int = 0

    def look(self, lease: Lease) -> Look:
        seen = (lease.position(self.store, "looks") or 0) + 1
        self.meanwhile()
        with self.store.transaction():
            lease.hold(self.store)
            lease.move(self.store, "looks", seen)
        return Look(True, self.next_at)

    def close(self) -> None:
        self.closed += 1


@dataclass
class Two:
    """Two who would watch the same, over connections of their own."""

    dsn: str
    now: datetime = NOW
    heard: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.first, self.second = self.made("first"), self.made("second")

    def made(self, name: str) -> Watching:
        store, bell = connect(self.dsn, name), connect(self.dsn, f"{name} bell")
        made = Watching("counting", name, store, bell, Counting(store), lambda: self.now, lambda: self.heard.append(name))
        made.prepare()
        return made

    def silent_for_long(self) -> None:
        """The lease has run out."""
        with connect(self.dsn, "time").connection as connection:
            connection.execute("update lease set until = now() - interval '1 second'")

    def looks(self) -> int:
        """How many were written down."""
        with connect(self.dsn, "reader").connection as connection:
            row = connection.execute("select position from cursor").fetchone()
        return row["position"] if row else 0


@pytest.fixture
def two(store: Store, store_dsn: str) -> Two:
    return Two(store_dsn)


def test_a_request_for_the_lease_that_was_given_up_and_heard_later_keeps_nobody_from_watching(two: Two) -> None:
    assert two.first.look()
    two.silent_for_long()
    with connect(two.dsn, "late").connection as late:
        assert Lease.take(Store(late), "counting", "second", timedelta(seconds=30))
    assert two.made("second").look() is True, "who opens everything anew is the same as before"


def test_while_one_watches_the_other_does_not(two: Two) -> None:
    assert [two.first.look(), two.second.look(), two.first.look()] == [True, False, True]
    assert two.looks() == 2


def test_when_one_falls_silent_the_other_goes_on_from_where_it_stood_and_whoever_wakes_writes_nothing(two: Two) -> None:
    two.first.look()
    two.silent_for_long()
    assert two.second.look()
    assert (two.first.lease.fence, two.second.lease.fence, two.looks()) == (1, 2, 2)  # type: ignore[union-attr]
    assert not two.first.look(), "the lease is lost"
    assert two.first.lease is None
    assert not two.first.look(), "and the other has it"
    assert two.looks() == 2


def test_one_that_hangs_in_the_middle_of_a_look_writes_nothing_when_it_wakes(two: Two) -> None:
    def hang() -> None:
        two.silent_for_long()
        two.second.look()

    two.first.watch = Counting(two.first.store, hang)
    assert not two.first.look()
    assert two.looks() == 1, "what the second has seen"
    assert two.first.lease is None


def test_nobody_takes_over_in_the_middle_of_a_transaction_that_holds_the_lease(two: Two) -> None:
    two.first.look()
    two.silent_for_long()
    lease, taken = two.first.lease, []
    assert lease
    other = threading.Thread(target=lambda: taken.append(two.second.look()))
    with two.first.store.transaction():
        lease.hold(two.first.store)
        other.start()
        other.join(0.3)
        assert taken == [], "the other waits"
        lease.move(two.first.store, "looks", 10)
    other.join()
    assert (taken, two.looks()) == ([True], 11)


def test_one_that_hangs_in_such_a_transaction_loses_it_so_that_the_other_takes_over(two: Two, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("include.watchers.watching.HUNG", timedelta(seconds=0.5))
    two.first.prepare()
    two.first.look()
    two.silent_for_long()
    with pytest.raises(psycopg.Error, match="idle-in-transaction"):
        hang_in_transaction(two)
    assert two.looks() == 2, "one of each"


def hang_in_transaction(two: Two) -> None:
    """The first holds the lease's row, and wakes when the second has looked."""
    lease, store = two.first.lease, two.first.store
    assert lease
    with store.transaction():
        lease.hold(store)
        assert two.second.look()
        lease.move(store, "looks", 10)


def test_a_place_moves_with_the_transaction_that_has_seen_what_is_before_it(two: Two) -> None:
    two.first.look()
    lease, store = two.first.lease, two.first.store
    assert lease
    assert lease.position(store, "log") is None, "at the beginning"
    with store.rehearsal():
        lease.move(store, "log", {"file": "a", "byte": 7})
    assert lease.position(store, "log") is None
    lease.move(store, "log", {"file": "a", "byte": 7})
    assert lease.position(store, "log") == {"file": "a", "byte": 7}


def test_a_lease_that_is_lost_says_so_wherever_it_is_used(store: Store) -> None:
    first = Lease.take(store, "counting", "first", timedelta(seconds=-1))
    second = Lease.take(store, "counting", "second", timedelta(minutes=1))
    assert first
    assert second
    assert Lease.take(store, "counting", "third", timedelta(minutes=1)) is None
    for use in (first.renew, first.hold):
        with pytest.raises(LeaseLost, match="counting is watched by somebody else now"):
            use(store)
    first.give_back(store)
    second.hold(store)


def test_whoever_ends_lets_the_other_watch_at_once(two: Two) -> None:
    two.first.look()
    two.first.close()
    assert two.first.store.connection.closed
    assert two.first.bell.connection.closed
    assert two.first.watch.closed == 1  # type: ignore[attr-defined]
    assert two.second.look()


def test_somebody_outside_hears_now_and_then_of_the_one_who_watches(two: Two) -> None:
    for _ in range(3):
        two.first.look()
        two.second.look()
    assert two.heard == ["first"]
    two.now += HEARTBEAT
    two.first.look()
    assert two.heard == ["first", "first"]


def test_a_message_in_the_outbox_ends_the_waiting(two: Two, store: Store) -> None:
    two.first.look()
    draft = Draft("key", "email", "ops", "group", "", "s", {})
    soon = threading.Timer(0.2, lambda: queue(store, Run("d", "r", NOW), draft, (MessageState.PENDING, None), NOW))
    soon.start()
    assert 0.1 < waited(two.first) < 2
    soon.join()


@pytest.mark.parametrize(("due_in", "seconds"), [(None, BEAT), (2, timedelta(seconds=2)), (3600, BEAT), (-5, LEAST)])
def test_it_waits_until_something_is_due_and_never_for_long(two: Two, due_in: float | None, seconds: timedelta) -> None:
    two.first.next_at = None if due_in is None else two.now + timedelta(seconds=due_in)
    assert waited(two.first) == pytest.approx(seconds.total_seconds(), abs=0.5)


def waited(watching: Watching) -> float:
    """How long it waits."""
    started = time.monotonic()
    watching.wait()
    return time.monotonic() - started


def test_a_store_that_is_gone_is_noticed_at_the_next_look(two: Two) -> None:
    two.first.look()
    with connect(two.dsn, "killer").connection as connection:
        connection.execute("select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'first'")
    with pytest.raises(psycopg.OperationalError):
        two.first.look()
