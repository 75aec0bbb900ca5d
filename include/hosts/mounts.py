"""How full the file systems of this machine are. One whose server is gone never answers: it must not keep the others from it."""

from __future__ import annotations

import os
import queue
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress

import psutil

from include.hosts import host_sums
from include.hosts.host_sums import Mount, Space
from include.metrics import Reading

NETWORK = ("nfs", "nfs4", "cifs", "smb3", "ceph", "glusterfs", "9p", "afs")


def mounts(seconds: float) -> Iterator[Reading]:
    """What each says within so many seconds, and how many did not."""
    listed = host_sums.once(
        Mount(found.device, found.mountpoint, found.fstype, "ro" in found.opts.split(",")) for found in psutil.disk_partitions(all=True)
    )
    # Those of a file server last, as they may hang.
    listed.sort(key=lambda mount: mount.kind in NETWORK or mount.kind.startswith("fuse"))
    answers = asked(listed, seconds)
    for mount, found in answers:
        if found:
            yield from host_sums.space(mount.mount, found)
    stuck = [mount.mount for mount in listed[len(answers) :]]
    yield from host_sums.stuck(len(stuck), f"from {stuck[0]} on" if stuck else None)


def asked(listed: Sequence[Mount], seconds: float) -> list[tuple[Mount, Space | None]]:
    """Each mount with what it says, up to the first that does not answer in time: the thread that waits for it is left to itself."""
    told: queue.SimpleQueue[Space | None] = queue.SimpleQueue()
    threading.Thread(target=tell, args=(listed, told), daemon=True, name="mounts").start()
    ends, answers = time.monotonic() + seconds, []
    with suppress(queue.Empty):
        for mount in listed:
            answers.append((mount, told.get(timeout=max(ends - time.monotonic(), 0.001))))
    return answers


def tell(listed: Sequence[Mount], told: queue.SimpleQueue[Space | None]) -> None:
    """Ask one after the other."""
    for mount in listed:
        told.put(space(mount))


def space(mount: Mount) -> Space | None:
    """How full it is; None for a single file, or for what may not be looked at."""
    try:
        if not os.path.isdir(mount.mount):
            return None
        found = os.statvfs(mount.mount)
    except OSError:
        return None
    unit = found.f_frsize
    return Space(found.f_blocks * unit, found.f_bfree * unit, found.f_bavail * unit, found.f_files, found.f_ffree)
