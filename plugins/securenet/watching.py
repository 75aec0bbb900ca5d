"""What a watcher of the triggerer works with: it goes on for long, so it reads its connections again now and then."""

from __future__ import annotations

import os
import socket
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from securenet.configuration import at_run
from securenet.connections import heartbeat
from securenet.wiring import Wiring, open_store

if TYPE_CHECKING:
    from include.watching import Watching

CONNECTIONS_LAST = timedelta(minutes=1)


@dataclass
class Lasting:
    """The wiring of a process that goes on: its connections are those of a minute ago at most."""

    wiring: Wiring
    since: datetime

    def __call__(self) -> Wiring:
        """The wiring, made anew now and then."""
        now = self.wiring.clock()
        if now - self.since >= CONNECTIONS_LAST:
            self.wiring, self.since = replace(self.wiring), now
        return self.wiring


def open_watching(duty: str) -> Watching:
    """What a watcher of the triggerer works with."""
    from include.escalating import Escalating
    from include.heartbeats import beat
    from include.lanes import Lanes
    from include.watching import Watching

    opened, bell = open_store(f"{duty} watcher"), open_store(f"{duty} bell")
    wiring = Wiring(opened, at_run(opened))
    lasting = Lasting(wiring, wiring.clock())
    watch = Escalating(
        opened,
        wiring.clock,
        channels=lambda: list(lasting().channels),
        plan=lambda: lasting().dispatch().due(),
        busy=lambda: lasting().busy((0, 1)),
        lanes=Lanes(lambda channel: lasting().lane(channel)),
    )
    holder = f"{socket.gethostname()}/{os.getpid()}/{id(opened):x}"
    outside = heartbeat("watchers")
    watching = Watching(duty, holder, opened, bell, watch, wiring.clock, lambda: beat(outside))
    watching.listen()
    return watching
