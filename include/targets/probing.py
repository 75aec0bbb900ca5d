"""Probing: all targets of a watcher at once, in a loop of their own, whose observations wait here to be judged together."""

from __future__ import annotations

import asyncio
import logging
import queue
import resource
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from include.logs import facts
from include.probes import Observation, Probe, unasked
from include.web import NoRoom

log = logging.getLogger(__name__)
# What is seen within this time is judged together: storms are one transaction, and nothing waits longer.
TOGETHER = 0.05
# More than this has nobody to judge it, as while the store is away: the oldest is forgotten.
MOST = 100_000
MOST_FILES = 65_536
# Seconds until what could not be asked is tried again, and between complaints.
LATER, COMPLAINING = 10.0, 60.0
Key = tuple[str, str | None]


@dataclass
class Probing:
    """The probes, running from `start` to `stop` in a thread of their own."""

    probes: Sequence[Probe]
    seen: queue.Queue[Observation] = field(default_factory=lambda: queue.Queue(MOST))
    loop: asyncio.AbstractEventLoop = field(default_factory=asyncio.new_event_loop)
    thread: threading.Thread | None = None
    complain_at: float = 0.0
    asked: dict[Key, tuple[Probe, asyncio.Task[None]]] = field(default_factory=dict)

    def start(self) -> None:
        """Begin."""
        make_room()
        self.thread = threading.Thread(target=self.run, name="probes", daemon=True)
        self.thread.start()

    def run(self) -> None:
        """The loop, in its thread."""
        asyncio.set_event_loop(self.loop)
        self.ask(self.probes)
        try:
            self.loop.run_forever()
        finally:
            for task in (tasks := asyncio.all_tasks(self.loop)):
                task.cancel()
            self.loop.run_until_complete(asyncio.gather(*tasks, return_exceptions=True))
            self.loop.close()
            self.asked.clear()

    def ask(self, probes: Sequence[Probe]) -> None:
        """Have these from now on: new ones begin, those that are gone end, and one that stays as it was is not disturbed. In the loop."""
        wanted = {key_of(probe): probe for probe in probes}
        for key in [key for key, (probe, _) in self.asked.items() if wanted.get(key) != probe]:
            self.asked.pop(key)[1].cancel()
        for key in wanted.keys() - self.asked.keys():
            self.asked[key] = wanted[key], self.loop.create_task(self.one(wanted[key]))

    async def one(self, probe: Probe) -> None:
        """One probe, for ever: outermost, as one that breaks must not end unnoticed, nor end the others."""
        while True:
            try:
                await probe.run(self.tell)
            except NoRoom as error:
                self.complain(error)
                await self.later(probe, str(error))
            except Exception as error:
                log.exception("a probe broke and begins anew")
                await self.later(probe, f"its probe broke: {type(error).__name__}, see the log of the triggerer")

    async def later(self, probe: Probe, why: str) -> None:
        """Say that a target could not be asked, and wait."""
        if probe.labels.get("target"):
            self.tell(unasked(probe, why))
        await asyncio.sleep(LATER)

    def complain(self, error: NoRoom) -> None:
        """Say that targets are not asked, but not for each of them."""
        now = self.loop.time()
        if now >= self.complain_at:
            facts(log, "targets are not asked: raise the limit of open files (ulimit -n)", why=error, limit=open_files())
            self.complain_at = now + COMPLAINING

    def tell(self, seen: Observation) -> None:
        """Put an observation where it is judged."""
        while True:
            try:
                self.seen.put_nowait(seen)
            except queue.Full:
                self.seen.get_nowait()
            else:
                return

    def take(self, seconds: float) -> list[Observation]:
        """What was seen, oldest first: waits up to so many seconds for the first, and a moment for what comes with it."""
        try:
            found = [self.seen.get(timeout=max(seconds, 0))]
        except queue.Empty:
            return []
        time.sleep(TOGETHER)
        while not self.seen.empty():
            found.append(self.seen.get_nowait())
        return found

    def stop(self) -> None:
        """End them, and wait for that."""
        self.loop.call_soon_threadsafe(self.loop.stop)
        if self.thread:
            self.thread.join(10)


def make_room() -> None:
    """Each target keeps a connection, and shells and services allow a thousand open files as a rule; as many as may be are wanted."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MOST_FILES if hard == resource.RLIM_INFINITY else min(MOST_FILES, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def open_files() -> int:
    """How many this process may have."""
    return resource.getrlimit(resource.RLIMIT_NOFILE)[0]


def key_of(probe: Probe) -> Key:
    """What tells it from the others: what it does, and its target if it has one."""
    return type(probe).__name__, probe.labels.get("target")
