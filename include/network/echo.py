"""Echo requests: an unprivileged ICMP socket where the kernel allows one, else the `ping` binary, else a TCP connection."""

from __future__ import annotations

import os
import re
import select
import shutil
import socket
import struct
import subprocess
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

from include.failures import SourceError

REQUEST = {socket.AF_INET: 8, socket.AF_INET6: 128}
REPLY = {socket.AF_INET: 0, socket.AF_INET6: 129}
PROTOCOL = {socket.AF_INET: socket.IPPROTO_ICMP, socket.AF_INET6: socket.IPPROTO_ICMPV6}
BETWEEN = 0.2
TIMES = re.compile(r"time[=<]([\d.]+) ?ms")
Address = tuple[socket.AddressFamily, str]


@dataclass(frozen=True, slots=True)
class Echoes:
    """So many requests, how long the answers took in seconds, in their order, and by what means."""

    sent: int
    times: Sequence[float]
    means: str

    @property
    def loss(self) -> float:
        """Percent that did not come back."""
        return 100 * (1 - len(self.times) / self.sent)

    @property
    def mean(self) -> float:
        """The average time."""
        return sum(self.times) / len(self.times)

    @property
    def jitter(self) -> float:
        """By how much one differs from the next, on average."""
        steps = [abs(after - before) for before, after in zip(self.times, self.times[1:], strict=False)]
        return sum(steps) / len(steps) if steps else 0.0


def echoes(address: Address, count: int, seconds: float, ports: Sequence[int]) -> Echoes:
    """Ask so often, within so many seconds, by the first means that there is. Raises SourceError without any."""
    for means in (by_socket, by_binary):
        with suppress(PermissionError, FileNotFoundError):
            return means(address, count, seconds)
    if ports:
        return by_tcp(address, count, seconds, ports[0])
    raise SourceError("no echo requests can be sent: net.ipv4.ping_group_range leaves this group out, there is no ping, and no port to try")


def by_socket(address: Address, count: int, seconds: float) -> Echoes:
    """By ICMP; the kernel itself gives us only answers to our own. Raises PermissionError."""
    family, host = address
    ends, secret = time.monotonic() + seconds, os.urandom(8)
    sent: dict[int, float] = {}
    times: dict[int, float] = {}
    with socket.socket(family, socket.SOCK_DGRAM, PROTOCOL[family]) as line:
        if why := unreachable(line, host):
            return Echoes(count, (), f"ICMP: {why}")
        for number in range(count):
            sent[number] = time.monotonic()
            with suppress(OSError):  # no route, or the echo of one that was refused
                line.send(packet(family, number, secret))
            until = min(ends, sent[number] + (BETWEEN if number < count - 1 else seconds))
            while len(times) <= number and (answer := heard(line, until)) is not None:
                if answer[:1] == bytes([REPLY[family]]) and answer[8:16] == secret and (which := number_of(answer)) in sent:
                    times.setdefault(which, time.monotonic() - sent[which])
            time.sleep(max(min(until, sent[number] + BETWEEN) - time.monotonic(), 0) if number < count - 1 else 0)
    return Echoes(count, [times[number] for number in sorted(times)], "ICMP")


def unreachable(line: socket.socket, host: str) -> str | None:
    """Why there is no way to it, as without a route."""
    try:
        line.connect((host, 0))
    except OSError as error:
        return error.strerror or str(error)
    return None


def packet(family: socket.AddressFamily, number: int, secret: bytes) -> bytes:
    """A request; the kernel fills in identifier and, for version 6, the checksum."""
    body = struct.pack("!BBHHH", REQUEST[family], 0, 0, 0, number) + secret
    return body[:2] + struct.pack("!H", checksum(body)) + body[4:]


def number_of(answer: bytes) -> int:
    """Which request it answers."""
    return int.from_bytes(answer[6:8], "big")


def checksum(data: bytes) -> int:
    """That of RFC 1071, for an even number of bytes."""
    total: int = sum(struct.unpack(f"!{len(data) // 2}H", data))
    total = (total >> 16) + (total & 0xFFFF)
    return ~(total + (total >> 16)) & 0xFFFF


def heard(line: socket.socket, until: float) -> bytes | None:
    """The next answer, empty for an error of the network; None when the time is over."""
    left = until - time.monotonic()
    if left <= 0 or not select.select([line], [], [], left)[0]:
        return None
    try:
        return line.recv(1024)
    except OSError:
        return b""


def by_binary(address: Address, count: int, seconds: float) -> Echoes:
    """By the ping that the system has. Raises FileNotFoundError, and PermissionError for one that may not."""
    family, host = address
    command = shutil.which("ping", path=f"{os.environ.get('PATH', '')}:/bin:/usr/bin:/sbin")
    if not command:
        raise FileNotFoundError("ping")
    version = "-6" if family == socket.AF_INET6 else "-4"
    # Without -w, by which ping would go on sending until as many have come back.
    argv = [command, version, "-n", "-c", str(count), "-i", str(BETWEEN), "-W", "1", host]
    try:
        ran = subprocess.run(argv, capture_output=True, timeout=seconds + 1, check=False, env={"LC_ALL": "C"})
    except subprocess.TimeoutExpired:
        return Echoes(count, (), "ping")
    text = ran.stdout[:65536].decode("utf-8", "replace")
    if not text:
        raise PermissionError("ping")
    return Echoes(count, [float(ms) / 1000 for ms in TIMES.findall(text)][:count], "ping")


def by_tcp(address: Address, count: int, seconds: float, port: int) -> Echoes:
    """By connecting; a refusal comes from the host just as well."""
    times: list[float] = []
    for _ in range(count):
        started = time.monotonic()
        why = connected(address, port, seconds / count)
        if why is None or isinstance(why, ConnectionRefusedError):
            times.append(time.monotonic() - started)
    return Echoes(count, times, f"TCP port {port}")


def connected(address: Address, port: int, seconds: float) -> OSError | None:
    """Why no connection comes about within so many seconds; None when one does."""
    family, host = address
    try:
        with socket.socket(family, socket.SOCK_STREAM) as line:
            line.settimeout(max(seconds, 0.001))
            line.connect((host, port))
    except OSError as error:
        return error
    return None
