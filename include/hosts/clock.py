"""How right this machine's clock is, as the kernel knows from whatever keeps it (chrony, ntpd, systemd-timesyncd)."""

from __future__ import annotations

import ctypes
from collections.abc import Iterator

from include.metrics import Reading

ERROR = 5
UNSYNCHRONIZED, NANOSECONDS = 0x0040, 0x2000


class Timex(ctypes.Structure):
    """The beginning of Linux' `struct timex`; the rest is only room."""

    _fields_ = (
        ("modes", ctypes.c_uint),
        ("offset", ctypes.c_long),
        ("frequency", ctypes.c_long),
        ("maxerror", ctypes.c_long),
        ("esterror", ctypes.c_long),
        ("status", ctypes.c_int),
        ("room", ctypes.c_byte * 256),
    )


def clock() -> Iterator[Reading]:
    """Whether it is synchronized, and by how much it is off then; nothing where the kernel does not say."""
    timex = Timex()
    try:
        state = ctypes.CDLL(None).adjtimex(ctypes.byref(timex))
    except (OSError, AttributeError):
        return
    if state < 0:
        return
    kept_right = state != ERROR and not timex.status & UNSYNCHRONIZED
    yield Reading("clock_synchronized", float(kept_right))
    if kept_right:  # nobody measures it otherwise, and the kernel says 0
        yield Reading("clock_offset", timex.offset / (1e9 if timex.status & NANOSECONDS else 1e6))
