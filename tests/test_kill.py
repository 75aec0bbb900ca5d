"""kill -9 at random moments: what the outbox promises when a drainer dies in the middle of a message."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from include.channels.email import Email, SmtpSettings
from include.delivery import Drain
from include.message import MessageState
from include.model import Run, utc_now
from include.store import Store, connect
from include.store.messages import Draft, queue
from include.writing.mails import message_id
from tests.smtp import free_port

KILLS = int(os.environ.get("KILLS", "50"))
HITS = 5
QUEUES = 40
PLACES = ("before intent", "between intent and accept", "between accept and commit")


@dataclass
class Sink:
    """The SMTP server and its record."""

    port: int
    record: Path

    def accepted(self) -> list[str]:
        """The Message-IDs in the order in which they were accepted."""
        return self.record.read_text().split() if self.record.exists() else []


@pytest.fixture
def sink(tmp_path: Path) -> Iterator[Sink]:
    running = Sink(free_port(), tmp_path / "accepted")
    command = [sys.executable, "-m", "tests.sink", str(running.port), str(running.record)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=Path(__file__).parents[1]) as process:
        assert process.stdout
        assert process.stdout.readline() == b"ready\n"
        yield running
        process.kill()


def drain(dsn: str, port: int, name: str = "survivor") -> None:
    """Drain the mails in this process, over connections of its own."""
    channel = Email(SmtpSettings("127.0.0.1", port, "monitoring@example.com", "none"), ZoneInfo("UTC"), utc_now)
    drain_through(dsn, {"email": channel}, name)


def drain_through(dsn: str, channels: dict[str, Any], name: str, seconds: float = 300) -> None:
    """Drain in this process, over a connection of its own."""
    Drain(connect(dsn, name), channels, lambda now: True, utc_now, utc_now() + timedelta(seconds=seconds)).run()


def killed(store: Store, work: Callable[[str], None], delay: float) -> None:
    """Fork a drainer, let it work for so long, and kill it. Returns when PostgreSQL has noticed. `work` is told its connection's name."""
    name = f"victim {random.random()}"
    pid = os.fork()
    if pid == 0:
        with suppress(BaseException):
            work(name)
        os._exit(0)
    time.sleep(delay)
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    while store.connection.execute("select from pg_stat_activity where application_name = %s", (name,)).fetchone():
        time.sleep(0.002)


def sending(store: Store) -> set[tuple[str, int]]:
    """The messages that a drainer intends to send: (key, attempts)."""
    return {(row["key"], row["attempts"]) for row in store.connection.execute("select key, attempts from message where state = 'sending'")}


def place_of_kill(sink: Sink, before: set[tuple[str, int]], after: set[tuple[str, int]], accepted: int) -> str:
    """Where a kill hit, as the store and the receiver tell together. What an earlier kill left does not count."""
    if not after - before:
        return PLACES[0]
    ((key, _),) = after - before
    return PLACES[2] if id_of(key) in sink.accepted()[accepted:] else PLACES[1]


def id_of(key: str) -> str:
    """The Message-ID, without its domain, of a message's key."""
    return message_id(key, "monitoring@example.com").strip("<>").partition("@")[0]


def queue_messages(store: Store, numbers: range) -> dict[str, tuple[int, int]]:
    """Queue messages for the queues in turn: Message-ID -> (queue, number)."""
    run = Run("kill_test", "run", utc_now())
    ids = {}
    with store.transaction():
        for number in numbers:
            turn = number % QUEUES
            receiver, group = f"r{turn}@example.com", f"group{turn}"
            draft = Draft(f"m{number}", "email", receiver, group, f"t{number}", f"Message {number}", {})
            queue(store, run, draft, (MessageState.PENDING, None), utc_now())
            ids[id_of(draft.key)] = (turn, number)
    return ids


def moment() -> float:
    """Seconds after the fork: one in three early, while the drainer connects, the others while it sends."""
    return random.uniform(0, 0.012) if random.random() < 1 / 3 else random.uniform(0.01, 0.2)


def enough(hits: Counter[str]) -> bool:
    """All the kills that were asked for; on a busy machine some more, until each place was hit often enough."""
    kills = hits.total()
    return kills >= 4 * KILLS or (kills >= KILLS and min(hits[place] for place in PLACES) >= HITS)


def test_a_drainer_killed_at_random_moments_loses_nothing_and_repeats_at_most_what_it_must(
    store: Store, store_dsn: str, sink: Sink, capsys: pytest.CaptureFixture[str]
) -> None:
    ids = queue_messages(store, range(KILLS * 16))
    drain_nothing_to_warm_up(store, sink)
    hits: Counter[str] = Counter()
    while not enough(hits):
        delay = moment()
        before, accepted = sending(store), len(sink.accepted())
        killed(store, lambda name: drain(store_dsn, sink.port, name), delay)
        place = place_of_kill(sink, before, sending(store), accepted)
        hits[place] += 1
        with capsys.disabled():
            print(f"kill {hits.total():3} after {delay * 1000:5.1f} ms: {place}")
        ids |= queue_messages(store, range(len(ids), len(ids) + 4))
    drain(store_dsn, sink.port)
    arrived = sink.accepted()
    repeats = len(arrived) - len(set(arrived))
    with capsys.disabled():
        print(f"{len(ids)} messages, {dict(hits)}, {repeats} repeats")
    assert set(arrived) == set(ids), "nothing is lost"
    assert repeats <= hits[PLACES[2]]
    assert in_order([ids[one] for one in arrived])
    assert {row["state"] for row in store.connection.execute("select distinct state from message")} == {"sent"}
    assert min(hits[place] for place in PLACES) >= HITS, hits


def drain_nothing_to_warm_up(store: Store, sink: Sink) -> None:
    """Touch all that a drainer touches, so that a fork starts warm."""
    channel = Email(SmtpSettings("127.0.0.1", sink.port, "monitoring@example.com", "none"), ZoneInfo("UTC"), utc_now)
    channel.connection()
    channel.close()
    Drain(store, {"email": channel}, lambda now: True, utc_now, utc_now()).run()


def in_order(accepted: list[tuple[int, int]]) -> bool:
    """Whether the numbers of each queue never fall; a repeat follows its original."""
    last: dict[int, int] = {}
    for turn, number in accepted:
        if number < last.get(turn, -1):
            return False
        last[turn] = number
    return True
