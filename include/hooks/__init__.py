"""What people do elsewhere: one file per vendor whose webhooks are understood. A line here registers it."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

HOOKS = {
    "pagerduty": "include.hooks.pagerduty:PagerDuty",
    "slack": "include.hooks.slack:Slack",
}


@dataclass(frozen=True, slots=True)
class Call:
    """A request as it came in: header names in lower case, and the body byte by byte, as that is what was signed."""

    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody asked for. `id`: the vendor's own, the same however often it is sent; `what`: `acknowledge` or `resolve`.

    `user`: who, as the vendor knows them; `name`: how they are called there.
    """

    id: str
    what: str
    group: str
    user: str
    name: str
    at: datetime


class Hook(Protocol):
    """Understands one vendor. `KNOWN_ONLY`: who is not in `people` under their id may do nothing. `PATIENCE`: so old a call may be."""

    KNOWN_ONLY: bool
    PATIENCE: timedelta

    def proves(self, call: Call, secret: str) -> bool:
        """Whether the vendor has signed it."""
        ...

    def wish(self, call: Call) -> Wish | None:
        """What it asks for; None for what asks for nothing. Raises ValueError, LookupError or TypeError for what cannot be read."""
        ...


def signed(secret: str, text: bytes, signature: str) -> bool:
    """Whether it is the text's HMAC-SHA256 in hex digits. Takes as long for a wrong one."""
    return bool(secret) and hmac.compare_digest(hmac.new(secret.encode(), text, hashlib.sha256).hexdigest().encode(), signature.encode())
