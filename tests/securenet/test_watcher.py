"""The watcher in a loop of its own: it outlives what goes wrong, and ends in order."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import pytest
from airflow.triggers.base import TriggerEvent

from securenet.triggers.watcher import Watcher, in_thread


@dataclass
class Slow:
    """Watches; its look takes as long as it is told to."""

    deeds: list[str] = field(default_factory=list)
    looking: threading.Event = field(default_factory=threading.Event)
    go_on: threading.Event = field(default_factory=threading.Event)

    def look(self) -> bool:
        self.looking.set()
        self.go_on.wait(10)
        self.deeds.append("looked")
        return True

    def wait(self) -> None:
        self.deeds.append("waited")

    def close(self) -> None:
        self.deeds.append("closed")


@dataclass
class Failing(Slow):
    """Looks once, and then its store is gone."""

    def look(self) -> bool:
        return True

    def wait(self) -> None:
        raise OSError("the store is gone")


class Watched(Watcher):
    """A watcher of what the test gives it."""

    def __init__(self, *found: Any) -> None:
        super().__init__("escalation", "digest")
        self.found = list(found)

    def open(self) -> Any:
        one = self.found.pop(0)
        if isinstance(one, Exception):
            raise one
        return one


async def first_event(events: AsyncIterator[TriggerEvent]) -> TriggerEvent:
    return await anext(events)


def test_a_watcher_that_is_cancelled_closes_its_connections_when_the_look_has_come_to_its_end() -> None:
    slow = Slow()

    async def story() -> None:
        task = asyncio.create_task(first_event(Watched(slow).run()))
        await asyncio.to_thread(slow.looking.wait, 10)
        for _ in range(2):
            task.cancel()
            await asyncio.sleep(0.1)
            assert slow.deeds == [], "it still looks"
        slow.go_on.set()
        with suppress(asyncio.CancelledError):
            await task
        assert task.cancelled()

    asyncio.run(story())
    assert slow.deeds == ["looked", "closed"]


def test_what_a_thread_raises_reaches_whoever_waits_for_it() -> None:
    with pytest.raises(ZeroDivisionError):
        asyncio.run(in_thread(lambda: 1 / 0))
    assert asyncio.run(in_thread(lambda: 7)) == 7


def test_whatever_goes_wrong_begins_anew_after_a_pause_that_grows_and_is_short_again_after_a_look(monkeypatch: pytest.MonkeyPatch) -> None:
    pauses: list[float] = []

    async def sleep(seconds: float) -> None:
        pauses.append(seconds)

    async def story() -> list[TriggerEvent]:
        events = Watched(*[OSError("no store")] * 8, Failing(), Failing()).run()
        return [await anext(events), await anext(events)]

    monkeypatch.setattr(asyncio, "sleep", sleep)
    events = asyncio.run(story())
    assert [event.payload for event in events] == [{"duty": "escalation"}] * 2
    assert pauses == [1, 2, 4, 8, 16, 32, 60, 60, 1]
