"""kill -9 at random moments while alerts leave through every channel: what receivers with and without a key of their own get."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from include.channels.pagerduty import PagerDuty, PagerDutySettings
from include.channels.slack import Slack, SlackSettings
from include.channels.sms import Sms, SmsSettings
from include.channels.webhook import Webhook, WebhookSettings
from include.message import MessageState
from include.model import Run, utc_now
from include.store import Store
from include.store.messages import Draft, queue
from tests.channels.test_vendors import content
from tests.receivers import ACCOUNT, KEY, SECRET, TOKEN
from tests.smtp import free_port
from tests.test_kill import PLACES, drain_through, in_order, killed, moment, sending

KILLS = int(os.environ.get("KILLS", "200"))
HITS = 10
MESSAGE = re.compile(r"Message(?: |\+|%20)(\d+)")
QUEUES = 25
# Whether the receiver knows by a key of its own what it had before.
KEYED = {"pagerduty": True, "webhook": True, "slack": False, "sms": False}
ADDRESS = {"pagerduty": "pagerduty", "webhook": "webhook", "slack": "#ops", "sms": "+4917"}


@dataclass
class Sink:
    """A receiver in a process of its own, and its record."""

    url: str
    record: Path
    read: int = 0
    seen: list[tuple[str, int]] = field(default_factory=list)

    def numbers(self) -> list[int]:
        """The numbers of the messages that it took, in the order in which it did."""
        return [number for _, number in self.taken()]

    def taken(self) -> list[tuple[str, int]]:
        """The same, each with the key by which the receiver knows a repeat."""
        with self.record.open("rb") as record:
            record.seek(self.read)
            whole, end, _ = record.read().rpartition(b"\n")
        self.read += len(whole + end)
        found = ((line.split()[0], MESSAGE.search(line)) for line in whole.decode().splitlines())
        self.seen += [(key, int(number[1])) for key, number in found if number]
        return self.seen

    def known(self) -> int:
        """How many different things it was told of, as it sees them: by key, and within one key by what was said."""
        return len(set(self.taken()))


@contextmanager
def sink(kind: str, folder: Path) -> Iterator[Sink]:
    """A receiver of one kind."""
    port, record = free_port(), folder / kind
    record.touch()
    command = [sys.executable, "-m", "tests.receivers", kind, str(port), str(record)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=Path(__file__).parents[1]) as process:
        assert process.stdout
        assert process.stdout.readline() == b"ready\n"
        yield Sink(f"http://127.0.0.1:{port}", record)
        process.kill()


@pytest.fixture
def sinks(tmp_path: Path) -> Iterator[dict[str, Sink]]:
    with ExitStack() as stack:
        yield {kind: stack.enter_context(sink(kind, tmp_path)) for kind in KEYED}


def channels(sinks: dict[str, Sink]) -> dict[str, Any]:
    """Every channel. A fork of who made them connects by itself, as long as they were not used."""
    return {
        "pagerduty": PagerDuty(PagerDutySettings(KEY, sinks["pagerduty"].url)),
        "webhook": Webhook(WebhookSettings(sinks["webhook"].url, SECRET), utc_now),
        "slack": Slack(SlackSettings(TOKEN, sinks["slack"].url)),
        "sms": Sms(SmsSettings(ACCOUNT, SECRET, "+4930", sinks["sms"].url)),
    }


def queue_messages(store: Store, numbers: range) -> None:
    """Queue messages for each channel's queues in turn."""
    run, names = Run("kill_test", "run", utc_now()), list(KEYED)
    with store.transaction():
        for number in numbers:
            channel, turn = names[number % 4], number // 4 % QUEUES
            told = json.loads(json.dumps(content(title=f"Message {number}", alerts=0)))
            draft = Draft(f"m{number}", channel, ADDRESS[channel], f"group{turn}", f"t{number}", f"🚨 CRITICAL: Message {number}", told)
            queue(store, run, draft, (MessageState.PENDING, None), utc_now())
    store.connection.execute("update message set template = 'alert'")


def kill_one(store: Store, dsn: str, made: dict[str, Any]) -> None:
    """Kill a drainer that was forked with its channels made and unused: making them takes longer than sending."""
    killed(store, lambda name: drain_through(dsn, made, name), moment())


def place(sinks: dict[str, Sink], before: set[tuple[str, int]], after: set[tuple[str, int]], had: dict[str, int]) -> str:
    """Where a kill hit, as the store and the receivers tell together."""
    if not after - before:
        return PLACES[0]
    ((key, _),) = after - before
    number = int(key[1:])
    return PLACES[2] if any(number in one.numbers()[had[kind] :] for kind, one in sinks.items()) else PLACES[1]


def test_alerts_survive_kills_of_their_sender_in_every_channel(
    store: Store, store_dsn: str, sinks: dict[str, Sink], capsys: pytest.CaptureFixture[str]
) -> None:
    total = KILLS
    queue_messages(store, range(total))
    drain_through(store_dsn, channels(sinks), "warm", seconds=0)
    unused = channels(sinks)
    hits: Counter[str] = Counter()
    while hits.total() < KILLS or (min(hits[one] for one in PLACES) < HITS and hits.total() < 3 * KILLS):
        before, had = sending(store), {kind: len(one.numbers()) for kind, one in sinks.items()}
        kill_one(store, store_dsn, unused)
        hits[place(sinks, before, sending(store), had)] += 1
        queue_messages(store, range(total, total + 2))
        total += 2
    drain_through(store_dsn, unused, "survivor")
    repeats = {kind: len(one.numbers()) - len(set(one.numbers())) for kind, one in sinks.items()}
    with capsys.disabled():
        print(f"{total} messages, {dict(hits)}, taken more than once: {repeats}")
    assert {number for one in sinks.values() for number in one.numbers()} == set(range(total)), "nothing is lost"
    assert sum(repeats[kind] for kind, keyed in KEYED.items() if not keyed) <= hits[PLACES[2]]
    assert sum(repeats.values()) <= hits[PLACES[2]]
    for kind in (kind for kind, keyed in KEYED.items() if keyed):
        assert sinks[kind].known() == len(set(sinks[kind].numbers())), f"{kind} knows each repeat by its key: nothing is doubled there"
        assert all(key for key, _ in sinks[kind].taken())
    for one in sinks.values():
        assert in_order([(number // 4 % QUEUES, number) for number in one.numbers()])
    assert min(hits[one] for one in PLACES) >= HITS, hits
