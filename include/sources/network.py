"""Whatever is reached over a network: does it answer, how fast and how steadily, are its ports open, does it know what it should?"""

from __future__ import annotations

import contextlib
import queue
import socket
import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import ClassVar

from include.audience import Labels
from include.failures import SourceError
from include.metrics import Metric, Reading
from include.network.echo import Address, connected, echoes
from include.network.name_server import NameCheck, answer
from include.scraping.hostile import clean, seemly

METRICS: dict[str, Metric] = {
    "network_up": Metric("bool", "Whether a single one of the echo requests came back; the note says by what means they were sent"),
    "network_packet_loss": Metric("percent", "Echo requests that did not come back"),
    "network_round_trip": Metric("s", "Time until they did, on average"),
    "network_jitter": Metric("s", "By how much one took longer or shorter than the one before, on average"),
    "port_up": Metric("bool", "Whether a TCP port is open", ("port",)),
    "port_connect_time": Metric("s", "Time until a connection to it was there", ("port",)),
    "dns_up": Metric("bool", "Whether the name server finds a name, with the right addresses", ("name",)),
    "dns_response_time": Metric("s", "Time until it answered", ("name",)),
}
ECHOES = 5
# The share of the time for each part; the rest is spare.
LOOKING_UP, ECHOING, PORTS, NAMES = 0.2, 0.3, 0.2, 0.2
PATIENCE = 3.0
AT_ONCE = 50


@dataclass(frozen=True, slots=True)
class NetworkGauge:
    """A host at the other end. `ping`: whether it answers echo requests; `ports`: TCP ports that are open; `names`: what it must know."""

    kind: ClassVar[str] = "networks"

    labels: Labels
    address: str
    ping: bool = True
    ports: Sequence[int] = ()
    names: Sequence[NameCheck] = ()

    def read(self, within: timedelta, cheap: bool) -> Iterable[Reading]:
        """All that was asked for, silence included. Raises SourceError for a name without an address, and when there is no way to ask."""
        seconds = within.total_seconds()
        try:
            address = looked_up(self.address, min(seconds * LOOKING_UP, PATIENCE))
            return list(clean(self.all(address, seconds)))
        except OSError as error:
            raise SourceError(f"{seemly(self.address)}: {error.strerror or seemly(str(error))}") from None

    def all(self, address: Address, seconds: float) -> Iterator[Reading]:
        """Echoes, ports, names."""
        if self.ping:
            yield from echoed(address, min(seconds * ECHOING, PATIENCE), self.ports)
        batches = [self.ports[first : first + AT_ONCE] for first in range(0, len(self.ports), AT_ONCE)]
        for ports in batches:
            yield from opened(address, ports, min(seconds * PORTS / len(batches), PATIENCE))
        for check in self.names:
            yield from known(check, address, min(seconds * NAMES / len(self.names), PATIENCE))


def looked_up(name: str, seconds: float) -> Address:
    """The address of a name. Raises OSError; a resolver that hangs is left to itself."""
    found: queue.SimpleQueue[Address | OSError] = queue.SimpleQueue()

    def look() -> None:
        try:
            family, _, _, _, where = socket.getaddrinfo(name, None, type=socket.SOCK_STREAM)[0]
            found.put((family, str(where[0])))
        except (OSError, ValueError) as error:
            found.put(error if isinstance(error, OSError) else OSError(0, "this is no name"))

    threading.Thread(target=look, daemon=True, name="look up").start()
    with contextlib.suppress(queue.Empty):
        address = found.get(timeout=seconds)
        if isinstance(address, OSError):
            raise address
        return address
    raise OSError(0, f"its name was not found within {seconds:.3g} s")


def echoed(address: Address, seconds: float, ports: Sequence[int]) -> Iterator[Reading]:
    """Whether it answers, and how."""
    seen = echoes(address, ECHOES, seconds, ports)
    yield Reading("network_up", float(bool(seen.times)), note=f"by {seen.means}")
    yield Reading("network_packet_loss", seen.loss, note=f"{len(seen.times)} of {seen.sent} came back")
    if seen.times:
        yield Reading("network_round_trip", seen.mean)
        yield Reading("network_jitter", seen.jitter)


def opened(address: Address, ports: Sequence[int], seconds: float) -> Iterator[Reading]:
    """Each port, side by side."""
    told: queue.SimpleQueue[tuple[int, float, OSError | None]] = queue.SimpleQueue()

    def ask(port: int) -> None:
        started = time.monotonic()
        why = connected(address, port, seconds)
        told.put((port, time.monotonic() - started, why))

    for port in ports:
        threading.Thread(target=ask, args=(port,), daemon=True, name="port").start()
    for port, took, why in sorted((told.get() for _ in ports), key=lambda one: one[0]):
        labels = {"port": str(port)}
        yield Reading("port_up", float(why is None), labels, (why.strerror or str(why)) if why else None)
        if why is None:
            yield Reading("port_connect_time", took, labels)


def known(check: NameCheck, address: Address, seconds: float) -> Iterator[Reading]:
    """Whether a name server knows a name."""
    found, labels = answer(check, check.server or address[1], seconds), {"name": check.name}
    yield Reading("dns_up", float(found.why is None), labels, found.why)
    if found.why is None:
        yield Reading("dns_response_time", found.seconds, labels)
