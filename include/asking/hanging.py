"""Asking what may hang for ever, as a file system whose server is gone: in a thread that is left to itself, and only one for each thing."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Hashable
from typing import TypeVar

Said = TypeVar("Said")
# What was asked and has not answered yet: by whom, and since when, on the monotonic clock.
WAITING: dict[Hashable, tuple[threading.Thread, float]] = {}


class Hangs(Exception):
    """No answer came in time."""


def answer(what: Hashable, ask: Callable[[], Said], seconds: float) -> Said:
    """What `ask` returns, or raises. Raises Hangs where it takes longer, or has been asked before and has not answered since."""
    ends = time.monotonic() + seconds
    if not is_free(what, seconds):
        raise Hangs
    told: queue.SimpleQueue[tuple[Said | None, Exception | None]] = queue.SimpleQueue()
    thread = threading.Thread(target=tell, args=(ask, told), daemon=True, name="may hang")
    WAITING[what] = thread, time.monotonic()
    thread.start()
    try:
        said, error = told.get(timeout=max(ends - time.monotonic(), 0.001))
    except queue.Empty:
        raise Hangs from None
    WAITING.pop(what, None)
    if error:
        raise error
    return said  # type: ignore[return-value]  # there is an answer where there is no error


def is_free(what: Hashable, seconds: float) -> bool:
    """Whether nobody waits for it any more; who has only just begun to wait is given as long as anybody."""
    thread, since = WAITING.get(what, (None, 0.0))
    if thread is None:
        return True
    thread.join(max(since + seconds - time.monotonic(), 0))
    return not thread.is_alive()


def tell(ask: Callable[[], Said], told: queue.SimpleQueue[tuple[Said | None, Exception | None]]) -> None:
    """Ask, and say what came of it."""
    try:
        told.put((ask(), None))
    except Exception as error:  # outermost of its thread: whoever asked gets it
        told.put((None, error))
