"""Several drainers at once."""

from __future__ import annotations

from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest

from include.channels.email import Email
from include.delivery import Drain, drain_together
from include.model import MessageState, Run, utc_now
from include.store import Store, connect
from include.store.messages import Draft, queue
from tests.smtp import Inbox

QUEUES, EACH = 30, 4


def drains(dsn: str, inbox: Inbox, number: int) -> list[Drain]:
    """Drains over connections of their own."""
    until = utc_now() + timedelta(minutes=5)
    channels = [{"email": Email(inbox.settings, ZoneInfo("UTC"), utc_now)} for _ in range(number)]
    return [Drain(connect(dsn, "drainer"), channel, lambda now: True, utc_now, until) for channel in channels]


def fill(store: Store) -> None:
    """Messages of different texts in queues of their own."""
    for number in range(QUEUES * EACH):
        queue_number, turn = number % QUEUES, number // QUEUES
        draft = Draft(
            f"{queue_number}/{turn}", "email", f"u{queue_number}@example.com", f"{queue_number}", f"line{turn}", f"turn {turn}", {}
        )
        queue(store, Run("duty", "run", utc_now()), draft, (MessageState.PENDING, None), utc_now())


def test_two_drainers_send_everything_once_and_each_queue_in_its_order(store: Store, store_dsn: str, inbox: Inbox) -> None:
    fill(store)
    assert drain_together(drains(store_dsn, inbox, 2)) == {"sent": QUEUES * EACH}
    for number in range(QUEUES):
        assert [mail["Subject"] for mail in inbox.to(f"u{number}@example.com")] == [f"turn {turn}" for turn in range(EACH)]


def test_what_ends_one_drainer_ends_the_other_and_is_told(store: Store, store_dsn: str, inbox: Inbox) -> None:
    fill(store)
    broken, sound = drains(store_dsn, inbox, 2)
    inbox.delay = 0.05
    broken.store.connection.close()
    with pytest.raises(Exception, match="closed"):
        drain_together([broken, sound])
    assert len(inbox.mails) < QUEUES * EACH
    assert store.connection.execute("select count(*) as n from message where state = 'sending'").fetchone() == {"n": 0}
