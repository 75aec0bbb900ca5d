"""A watcher in the triggerer: it looks when something is due, and rings for a run of its duty when there is something to show."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from typing import TYPE_CHECKING, Any, TypeVar

from airflow.triggers.base import BaseEventTrigger, TriggerEvent
from asgiref.sync import sync_to_async

if TYPE_CHECKING:
    from include.watchers.watching import Watching

log = logging.getLogger(__name__)
FIRST_PAUSE, LONGEST_PAUSE = 1.0, 60.0
Result = TypeVar("Result")


class Watcher(BaseEventTrigger):
    """Watches for one duty. Its arguments are that duty's name and the digest of the configuration: another one makes another watcher."""

    def __init__(self, duty: str, digest: str) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.duty = duty
        self.digest = digest
        self.holder = ""

    def serialize(self) -> tuple[str, dict[str, Any]]:
        """As Airflow stores it, for everybody to read."""
        return "securenet.triggers.watcher.Watcher", {"duty": self.duty, "digest": self.digest}

    async def run(self) -> AsyncIterator[TriggerEvent]:
        """Watch for ever. Whatever goes wrong is logged, and begins anew after a pause that grows: Airflow would not wait."""
        pause = FIRST_PAUSE
        while True:
            try:
                async for event in self.watch():
                    pause = FIRST_PAUSE
                    if event:
                        yield event
            except Exception as error:  # outermost loop: an exception here would take the trigger away without a pause
                log.warning("%s: watching failed, again in %.0f s: %s: %s", self.duty, pause, type(error).__name__, error)
                await asyncio.sleep(pause)
                pause = min(2 * pause, LONGEST_PAUSE)

    async def watch(self) -> AsyncIterator[TriggerEvent | None]:
        """An event for each look: the bell for a run, or None where there is nothing to show."""
        watching = await in_thread(self.open)
        try:
            while True:
                news = await in_thread(watching.look)
                yield TriggerEvent({"duty": self.duty}) if news else None  # type: ignore[no-untyped-call]
                await in_thread(watching.wait)
        finally:
            await in_thread(watching.close)

    def open(self) -> Watching:
        """Everything that watching needs, with its connections open."""
        from securenet.watching import new_holder, open_watching

        self.holder = self.holder or new_holder()
        return open_watching(self.duty, self.holder)


async def in_thread(work: Callable[[], Result]) -> Result:
    """Work that blocks, out of the loop's way. Airflow's own connections can be asked for from there.

    A watcher that is cancelled meanwhile is so when the work has come to its end: its connections are not closed under it.
    """
    running = asyncio.ensure_future(sync_to_async(work, thread_sensitive=False)())
    cancelled: asyncio.CancelledError | None = None
    while not running.done():
        try:
            await asyncio.wait([running])
        except asyncio.CancelledError as error:
            cancelled = error
    if cancelled:
        running.exception()
        raise cancelled
    return running.result()
