"""What the raw numbers of a host come to: the same sums, however they were asked for."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from include.hosts.host_metrics import CHEAP, METRICS
from include.metrics import Reading, unanswered

BUSY = ("user", "nice", "system", "irq", "softirq", "steal")
OF_MOUNTS = ("disk_total", "disk_free", "disk_usage", "disk_full_in", "inodes_usage")
# Parts of disks, and what is not one; the same as node_exporter leaves out.
NO_DISK = re.compile(r"(z?ram|loop|fd|sr|(h|s|v|xv)d[a-z]+|nvme\d+n\d+p|mmcblk\d+p)\d+")
# The host's end of what a container or virtual machine has: they come and go.
NO_INTERFACE = re.compile(r"lo|ifb\d+|(veth|cali|lxc|vnet|tap|fwpr|fwln).*")
NO_FILE_SYSTEM = re.compile(
    "autofs|binfmt_misc|bpf|cgroup2?|configfs|debugfs|devpts|devtmpfs|efivarfs|fuse.gvfsd-fuse|fuse.lxcfs|fuse.portal|fusectl|hugetlbfs"
    "|iso9660|udf|mqueue|nsfs|proc|procfs|pstore|ramfs|rpc_pipefs|securityfs|selinuxfs|squashfs|erofs|cramfs|sysfs|tracefs|"
)
NO_MOUNT = re.compile(r"/(dev|proc|sys|run|boot/efi|snap|var/lib/(docker|containers/storage|kubelet)|var/snap)(/.*)?")


@dataclass(frozen=True, slots=True)
class Mount:
    """A file system and where it is mounted. `read_only`: nobody may write."""

    device: str
    mount: str
    kind: str
    read_only: bool = False

    @property
    def counts(self) -> bool:
        """Whether it can fill: no pseudo file system, no image that is always full, no layer of a container."""
        image = self.read_only and (self.kind == "tmpfs" or self.device.startswith("/dev/loop"))
        layer = self.kind == "overlay" and self.mount != "/"
        return not (image or layer or NO_FILE_SYSTEM.fullmatch(self.kind) or NO_MOUNT.fullmatch(self.mount))


@dataclass(frozen=True, slots=True)
class Space:
    """How full a file system is, in bytes and inodes. `available`: without what only root may still write."""

    total: float
    free: float
    available: float
    inodes: float = 0
    inodes_free: float = 0


def asked(readings: Iterable[Reading], cheap: bool) -> Iterator[Reading]:
    """Those that are wanted now."""
    return (reading for reading in readings if not cheap or reading.metric in CHEAP)


def percent(part: float, whole: float) -> float:
    """The share in percent, from 0 to 100, whatever was counted between two looks; of what is no number, no number."""
    return 0.0 if whole <= 0 else min(max(100 * part / whole, 0.0), 100.0)


def once(mounts: Iterable[Mount]) -> list[Mount]:
    """Those that count, each device at its shortest path only, as one may be mounted at many."""
    kept: dict[str, Mount] = {}
    for mount in sorted(mounts, key=lambda mount: (len(mount.mount), mount.mount)):
        if mount.counts:
            kept.setdefault(mount.device if mount.device.startswith("/") else mount.mount, mount)
    return list(kept.values())


def is_disk(device: str) -> bool:
    """Whether it is a whole disk, and a real one."""
    return not NO_DISK.fullmatch(device)


def is_interface(name: str) -> bool:
    """Whether the network interface is the host's own."""
    return not NO_INTERFACE.fullmatch(name)


def cores(times: Mapping[str, Mapping[str, float]]) -> Iterator[Reading]:
    """Processor times by core and mode: counters of each core, and averaged over them."""
    busy = {cpu: sum(modes.get(mode, 0.0) for mode in BUSY) for cpu, modes in times.items()}
    if not busy:
        return
    yield Reading("cpu_busy_seconds", sum(busy.values()) / len(busy), note=f"of the host's {len(busy)} processors")
    yield Reading("processors", len(busy), note="of the host")
    for mode in {mode for modes in times.values() for mode in modes} & {"iowait", "steal"}:
        yield Reading(f"cpu_{mode}_seconds", sum(modes.get(mode, 0.0) for modes in times.values()) / len(times))
    yield from (Reading("cpu_core_busy_seconds", seconds, {"cpu": cpu}) for cpu, seconds in busy.items())


def loads(averages: Sequence[float], processors: int) -> Iterator[Reading]:
    """Load over 1, 5 and 15 minutes."""
    for minutes, load in zip(("1", "5", "15"), averages, strict=False):
        yield Reading("load_average", load, {"minutes": minutes})
        if processors:
            yield Reading("load_per_processor", load / processors, {"minutes": minutes})


def memory(total: float, available: float, note: str = "of the host's memory") -> Iterator[Reading]:
    """Memory in bytes; nothing for a host that would have none."""
    if total <= 0:
        return
    yield Reading("memory_total", total, note=note)
    yield Reading("memory_available", available, note=note)
    yield Reading("memory_usage", percent(total - available, total), note=note)


def kernel_memory(known: Mapping[str, float | None]) -> Iterator[Reading]:
    """Memory and swap in bytes, by the names of /proc/meminfo; what old kernels and containers do not say is estimated as psutil does."""
    total, available = known.get("MemTotal"), known.get("MemAvailable")
    if available is None and (free := known.get("MemFree")) is not None:
        available = free + (known.get("Cached") or 0) + (known.get("Buffers") or 0)
    if total is not None and available is not None:
        yield from memory(total, available)
    if (all_of_it := known.get("SwapTotal")) is not None and (free := known.get("SwapFree")) is not None:
        yield from swap(all_of_it, free)


def swap(total: float, free: float) -> Iterator[Reading]:
    """Swap in bytes; a share only where there is any."""
    yield Reading("swap_total", total)
    yield Reading("swap_used", max(total - free, 0))
    if total > 0:
        yield Reading("swap_usage", percent(total - free, total))


def space(mount: str, found: Space) -> Iterator[Reading]:
    """One file system; nothing for one without a size."""
    labels, used = {"mount": mount}, found.total - found.free
    if found.total <= 0:
        return
    yield Reading("disk_total", found.total, labels)
    yield Reading("disk_free", found.available, labels)
    yield Reading("disk_usage", percent(used, used + found.available), labels)
    if found.inodes > 0:
        yield Reading("inodes_usage", percent(found.inodes - found.inodes_free, found.inodes), labels)


def stuck(mounts: int, why: str | None) -> Iterator[Reading]:
    """How many file systems did not answer; of any file system it is not known then whether it is gone."""
    yield Reading("mounts_stuck", float(mounts), note=why)
    if mounts:
        yield from unanswered(OF_MOUNTS, why)


def open_files(held: float, most: float) -> Iterator[Reading]:
    """Open files of the whole host."""
    yield Reading("open_files", held)
    yield Reading("open_files_usage", percent(held, most))


def as_rates(readings: Iterable[Reading]) -> Iterator[Reading]:
    """Where counters were asked for as their growth per second: the rates that METRICS makes of them, in place of the counters."""
    found = {(reading.metric, frozenset(reading.labels.items())): reading for reading in readings}
    counters = {metric.rate_of for metric in METRICS.values()}
    for name, metric in METRICS.items():
        for (counter, labels), reading in found.items():
            if counter == metric.rate_of:
                divisor = found.get((metric.per, labels)) if metric.per else Reading("", 1)
                if divisor and divisor.value > 0:
                    yield Reading(name, reading.value / divisor.value * metric.scale, reading.labels, reading.note)
    yield from (reading for reading in found.values() if reading.metric not in counters)
