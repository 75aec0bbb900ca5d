"""`python -m bench.probes schedule|rounds URL AUTHORITY TARGETS AMOUNT`: probes in a process of their own; prints their cost.

`schedule`: probed for AMOUNT seconds, after a first interval. `rounds`: asked AMOUNT times back to back.
"""

from __future__ import annotations

import asyncio
import json
import resource
import sys
import time
from collections.abc import Callable, Sequence
from datetime import timedelta
from pathlib import Path

from include.model import utc_now
from include.probes import Observation, Pace
from include.probes.http import HttpProbe, offset
from include.probing import Probing
from include.web.client import Call
from include.web.expecting import Expect

INTERVAL = 30
EARLY = 20
PACE = Pace(interval=timedelta(seconds=INTERVAL), timeout=timedelta(seconds=10))
AT_ONCE = 50
# The wall clock, by which a turn is told, is corrected while the probes go by one that is not.
EARLIER = 0.1


def probes(url: str, authority: str, number: int) -> list[HttpProbe]:
    """So many targets, which are one server."""
    call = Call(url, expect=Expect(json={"status": "ok"}), authority=authority if url.startswith("https") else None)
    return [HttpProbe({"target": f"target-{one}"}, call, utc_now, PACE) for one in range(number)]


def schedule(asked: Sequence[HttpProbe], seconds: float) -> dict[str, float]:
    """Each at its turns: how late, at what cost, and how many of them."""
    probing = Probing(asked)
    probing.start()
    collect(probing, INTERVAL + 1)
    cpu, seen = time.process_time(), collect(probing, seconds)
    cpu = time.process_time() - cpu
    probing.stop()
    late = sorted(map(lateness, seen))
    return {
        "probes": len(seen),
        "failed": sum(not one.up for one in seen),
        "late": late[-1] if late else 0,
        "typical": late[len(late) // 2] if late else 0,
        "cpu": cpu / seconds,
        "mib": resident(),
    }


def collect(probing: Probing, seconds: float) -> list[Observation]:
    """What is seen within so many seconds, taken as the watcher takes it."""
    end, seen = time.monotonic() + seconds, list[Observation]()
    while (left := end - time.monotonic()) > 0:
        seen += probing.take(min(left, 1))
    return seen


def lateness(seen: Observation) -> float:
    """Seconds since the target's turn."""
    return (seen.at.timestamp() - offset(seen.labels["target"]) * INTERVAL + EARLIER) % INTERVAL - EARLIER


def rounds(asked: Sequence[HttpProbe], number: float) -> dict[str, float]:
    """All of them again and again: memory early and at the end."""

    async def ask() -> dict[str, float]:
        free, memory = asyncio.Semaphore(AT_ONCE), list[float]()
        for _ in range(int(number)):
            seen = await asyncio.gather(*(within(free, one) for one in asked))
            assert all(one.up for one in seen), next(one.why for one in seen if not one.up)
            memory.append(resident())
        return {"early": memory[min(EARLY, len(memory)) - 1], "end": memory[-1]}

    return asyncio.run(ask())


async def within(free: asyncio.Semaphore, one: HttpProbe) -> Observation:
    """Ask when there is room."""
    async with free:
        return await one.confirmed()


def resident() -> float:
    """Memory of this process, in MiB."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize() / 2**20


MODES: dict[str, Callable[[Sequence[HttpProbe], float], dict[str, float]]] = {"schedule": schedule, "rounds": rounds}

if __name__ == "__main__":
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    mode, address, trusted, targets, amount = sys.argv[1:]
    print(json.dumps(MODES[mode](probes(address, trusted, int(targets)), float(amount))))
