"""The processes of this machine, by name: a number would make a series of each."""

from __future__ import annotations

import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from operator import itemgetter

import psutil

from include.metrics import Reading

TOP = 5
# Beyond this number the rest are counted, not looked at.
MOST = 20_000


@dataclass(slots=True)
class Census:
    """What runs at a moment: processor time by process, and by name how many and how much memory."""

    seconds: dict[tuple[int, float], tuple[str, float]] = field(default_factory=dict)
    names: Counter[str] = field(default_factory=Counter)
    memory: dict[str, float] = field(default_factory=lambda: defaultdict(float))
    zombies: int = 0

    def count(self, number: int, began: float, name: str, seconds: float, memory: float) -> None:
        """One process: its number and when it began tell it from all others."""
        self.names[name] += 1
        self.memory[name] += memory
        self.seconds[number, began] = (name, seconds)


def processes(must_run: Sequence[str], processors: float, looking: float) -> Iterator[Reading]:
    """What two looks at this machine see."""
    started, first = time.monotonic(), census()
    time.sleep(looking)
    then, second = time.monotonic(), census()
    yield from compared(first, second, then - started, must_run, processors)


def compared(first: Census, second: Census, between: float, must_run: Sequence[str], processors: float) -> Iterator[Reading]:
    """Counts, those that must run, and the largest by memory and by what they used of all processors in the seconds between two looks."""
    yield Reading("processes", second.names.total() + second.zombies)
    yield Reading("zombie_processes", second.zombies)
    yield from (Reading("process_up", float(name in second.names or name[:15] in second.names), {"process": name}) for name in must_run)
    for name, seconds in sorted(usage(first, second).items(), key=itemgetter(1), reverse=True)[:TOP]:
        if seconds:
            yield Reading("process_cpu_usage", 100 * seconds / between / processors, {"process": name})
    yield from (
        Reading("process_memory", size, {"process": name})
        for name, size in sorted(second.memory.items(), key=itemgetter(1), reverse=True)[:TOP]
    )


def usage(first: Census, second: Census) -> dict[str, float]:
    """Processor time by name that passed between two looks; what began between them counts from its beginning."""
    used: dict[str, float] = defaultdict(float)
    for process, (name, seconds) in second.seconds.items():
        used[name] += max(seconds - first.seconds.get(process, (name, 0.0))[1], 0.0)
    return used


def census() -> Census:
    """Everybody who can be seen; one that ends meanwhile is not there."""
    seen = Census()
    for process, _ in zip(psutil.process_iter(), range(MOST), strict=False):
        try:
            with process.oneshot():
                count(seen, process)
        except (psutil.Error, OSError):
            continue
    return seen


def count(seen: Census, process: psutil.Process) -> None:
    """One process; a dead one that was not reaped uses nothing."""
    if process.status() == psutil.STATUS_ZOMBIE:
        seen.zombies += 1
        return
    times = process.cpu_times()
    seen.count(process.pid, process.create_time(), process.name(), times.user + times.system, process.memory_info().rss)
