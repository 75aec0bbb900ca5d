"""`python -m bench.probes URL AUTHORITY TARGETS ROUNDS`: probes in a process of their own, again and again; prints its memory."""

from __future__ import annotations

import asyncio
import json
import resource
import sys
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

from include.model import utc_now
from include.probes import Observation, Pace
from include.probes.http import HttpProbe
from include.web.client import Call
from include.web.expecting import Expect

EARLY = 20
PACE = Pace(interval=timedelta(seconds=30), timeout=timedelta(seconds=10))
AT_ONCE = 50


def probes(url: str, authority: str, number: int) -> list[HttpProbe]:
    """So many targets, which are one server."""
    call = Call(url, expect=Expect(json={"status": "ok"}), authority=authority if url.startswith("https") else None)
    return [HttpProbe({"target": f"target-{one}"}, call, utc_now, PACE) for one in range(number)]


async def rounds(asked: Sequence[HttpProbe], number: int) -> dict[str, float]:
    """All of them again and again: memory early and at the end."""
    free, memory = asyncio.Semaphore(AT_ONCE), list[float]()
    for _ in range(number):
        seen = await asyncio.gather(*(within(free, one) for one in asked))
        assert all(one.up for one in seen), next(one.why for one in seen if not one.up)
        memory.append(resident())
    return {"early": memory[min(EARLY, len(memory)) - 1], "end": memory[-1]}


async def within(free: asyncio.Semaphore, one: HttpProbe) -> Observation:
    """Ask when there is room."""
    async with free:
        return await one.confirmed()


def resident() -> float:
    """Memory of this process, in MiB."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize() / 2**20


if __name__ == "__main__":
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    address, trusted, targets, amount = sys.argv[1:]
    print(json.dumps(asyncio.run(rounds(probes(address, trusted, int(targets)), int(amount)))))
