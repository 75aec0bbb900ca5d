"""How much anybody may ask for who has not shown who they are: so many calls from one address, and so many bytes in each."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field

from fastapi import HTTPException, Request

LARGEST = 64 * 1024
MOST_ADDRESSES = 10_000


@dataclass
class RateLimit:
    """A token bucket for each address: `burst` calls at once, `rate` in a second. What an attacker can fill is bounded."""

    burst: float = 30
    rate: float = 5
    clock: Callable[[], float] = time.monotonic
    buckets: OrderedDict[str, tuple[float, float]] = field(default_factory=OrderedDict)

    def take(self, address: str) -> None:
        """Raises 429 for an address that has called too often."""
        now = self.clock()
        tokens, at = self.buckets.pop(address, (self.burst, now))
        tokens = min(self.burst, tokens + (now - at) * self.rate)
        spent = 1 if tokens >= 1 else 0
        self.buckets[address] = (tokens - spent, now)
        if len(self.buckets) > MOST_ADDRESSES:
            self.buckets.popitem(last=False)
        if not spent:
            raise HTTPException(429, "too many calls", {"Retry-After": str(int((1 - tokens) / self.rate) + 1)})


async def body_of(request: Request) -> bytes:
    """The body, byte by byte as it came. Raises 413 for one that is too large, before it has all come."""
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > LARGEST:
            raise HTTPException(413, f"more than {LARGEST} bytes")
    return body
