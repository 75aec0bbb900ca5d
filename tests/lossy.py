"""A way to an address on which echo requests get lost: a network device behind which nobody but this process answers."""

from __future__ import annotations

import fcntl
import os
import select
import socket
import struct
import threading
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

from include.failures import SourceError
from include.network.echo import checksum, echoes

# As in linux/if_tun.h, linux/sockios.h and net/if.h.
TUNSETIFF, IFF_TUN, IFF_NO_PI = 0x400454CA, 0x0001, 0x1000
SIOCSIFADDR, SIOCSIFDSTADDR, SIOCSIFFLAGS, IFF_UP, IFF_RUNNING = 0x8916, 0x8918, 0x8914, 0x1, 0x40
NETWORK = 198 << 24 | 18 << 16  # which RFC 2544 keeps for tests
ECHO = 8


@dataclass
class Way:
    """The way to `address`. `lost`: the numbers of the requests that do not come back, which each series of requests counts from 0."""

    line: int
    address: str
    lost: Collection[int] = ()
    over: threading.Event = field(default_factory=threading.Event)

    def answer(self) -> None:
        """Until it is over."""
        while not self.over.is_set():
            if select.select([self.line], [], [], 0.1)[0] and (reply := self.reply(os.read(self.line, 2048))):
                os.write(self.line, reply)

    def reply(self, packet: bytes) -> bytes | None:
        """What comes back for a packet, if anything does."""
        length = (packet[0] & 0x0F) * 4
        header, icmp = packet[:length], packet[length:]
        if packet[0] >> 4 != 4 or packet[9] != socket.IPPROTO_ICMP or icmp[0] != ECHO or int.from_bytes(icmp[6:8], "big") in self.lost:
            return None
        body = bytes(4) + icmp[4:]
        return header[:12] + header[16:20] + header[12:16] + header[20:] + body[:2] + struct.pack("!H", checksum(body)) + body[4:]


@contextmanager
def way() -> Iterator[Way | None]:
    """Such a way, on which nothing is lost yet; None where none may be made, or no echo requests may be sent."""
    with suppress(OSError), open("/dev/net/tun", "r+b", buffering=0) as device:
        made = Way(device.fileno(), made_up(device.fileno()))
        answering = threading.Thread(target=made.answer, daemon=True)
        answering.start()
        try:
            yield made if passable(made) else None
        finally:
            made.over.set()
            answering.join()
        return
    yield None


def made_up(line: int) -> str:
    """A device with addresses of its own at both ends, as other tests may have another one; that at the far end. Raises OSError."""
    name, here = f"lossy{os.getpid()}"[:15].encode(), NETWORK + os.getpid() % 2**15 * 2
    ours, theirs = (socket.inet_ntoa(struct.pack("!I", one)) for one in (here, here + 1))
    fcntl.ioctl(line, TUNSETIFF, struct.pack("16sH22x", name, IFF_TUN | IFF_NO_PI))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        for what, address in ((SIOCSIFADDR, ours), (SIOCSIFDSTADDR, theirs)):
            fcntl.ioctl(control, what, struct.pack("16sHH4s16x", name, socket.AF_INET, 0, socket.inet_aton(address)))
        fcntl.ioctl(control, SIOCSIFFLAGS, struct.pack("16sH22x", name, IFF_UP | IFF_RUNNING))
    return theirs


def passable(made: Way) -> bool:
    """Whether an echo request comes back."""
    with suppress(SourceError):
        return bool(echoes((socket.AF_INET, made.address), 1, 1, ()).times)
    return False
