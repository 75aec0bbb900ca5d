"""How full the file systems of this machine are. One whose server is gone never answers: it must not keep the others from it."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from functools import partial

import psutil

from include.asking.hanging import Hangs, answer
from include.hosts import host_sums
from include.hosts.host_sums import Mount, Space
from include.metrics import Reading

# Of the time that there is, what one that hangs may take.
SHARE = 0.3
NETWORK = ("nfs", "nfs4", "cifs", "smb3", "ceph", "glusterfs", "9p", "afs")


def mounts(seconds: float) -> Iterator[Reading]:
    """What each says within so many seconds, and how many did not."""
    listed = host_sums.once(
        Mount(found.device, found.mountpoint, found.fstype, "ro" in found.opts.split(",")) for found in psutil.disk_partitions(all=True)
    )
    # Those of a file server last, as they may hang.
    listed.sort(key=lambda mount: mount.kind in NETWORK or mount.kind.startswith("fuse"))
    ends, stuck = time.monotonic() + seconds, []
    for mount in listed:
        try:
            found = answer(("mount", mount), partial(space, mount), min(ends - time.monotonic(), seconds * SHARE))
        except Hangs:
            stuck.append(mount.mount)
        else:
            yield from host_sums.space(mount.mount, found) if found else ()
    yield from host_sums.stuck(len(stuck), f"as {stuck[0]}" if stuck else None)


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
