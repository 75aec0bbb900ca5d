"""The machine that this runs on, by psutil: its own numbers, or those of the container's limits where they are tighter."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import ClassVar

import psutil

from include.audience import Labels
from include.failures import SourceError, first_line
from include.hosts import cgroup, host_sums
from include.hosts.clock import clock
from include.hosts.host_metrics import SIGNED
from include.hosts.mounts import mounts
from include.hosts.processes import processes
from include.metrics import Reading
from include.scraping.hostile import clean
from include.writing.wording import binary

# Of the time that there is, what file systems of a dead server may cost, and how long processes are looked at.
PATIENCE, LOOKING = 0.4, 0.25
MILLISECOND = 1000


@dataclass(frozen=True, slots=True)
class LocalHost:
    """This machine. `processes`: names that must be among those that run; `root`: where /proc and /sys are."""

    kind: ClassVar[str] = "hosts"

    labels: Labels
    processes: Sequence[str] = ()
    root: Path = Path("/")

    def read(self, within: timedelta, cheap: bool) -> Iterable[Reading]:
        """All of it, or what costs next to nothing. Raises SourceError where /proc cannot be read."""
        seconds = within.total_seconds()
        try:
            return list(clean(self.all(seconds, cheap), SIGNED))
        except (OSError, psutil.Error, RuntimeError) as error:
            raise SourceError(f"this machine cannot be read: {first_line(error)}") from None

    def all(self, seconds: float, cheap: bool) -> Iterator[Reading]:
        """Whatever there is."""
        yield from self.processors()
        yield from self.memory()
        yield from disks()
        yield from interfaces()
        yield from mounts(seconds * PATIENCE)
        if not cheap:
            yield from self.system()
            limit = self.limit()
            usable = limit.limit if limit else psutil.cpu_count() or 1
            yield from processes(self.processes, usable, min(seconds * LOOKING, 1.0))

    def limit(self) -> cgroup.Processors | None:
        """The container's limit, where it allows less than the host has."""
        found = cgroup.processors(self.root)
        return found if found and found.limit < (psutil.cpu_count() or 1) else None

    def processors(self) -> Iterator[Reading]:
        """Time that they were busy, of the host or of the container, and what the host alone knows."""
        limit = self.limit()
        if limit:
            yield Reading("processors", limit.limit, note="of the container")
            yield Reading("cpu_busy_seconds", limit.seconds / limit.limit, note=f"of the container's {limit.limit:g} processors")
        cores = {str(number): times._asdict() for number, times in enumerate(psutil.cpu_times(percpu=True))}
        of_the_container = ("processors", "cpu_busy_seconds") if limit else ()
        yield from (reading for reading in host_sums.cores(cores) if reading.metric not in of_the_container)
        yield from host_sums.loads(psutil.getloadavg(), len(cores))

    def memory(self) -> Iterator[Reading]:
        """Memory of the host or of the container, and swap."""
        host, limit, swap = psutil.virtual_memory(), cgroup.memory(self.root), psutil.swap_memory()
        if limit and limit.limit < host.total:
            yield from host_sums.memory(limit.limit, limit.limit - limit.used, f"of the container's {binary(limit.limit)}")
        else:
            yield from host_sums.memory(host.total, host.available, f"of the host's {binary(host.total)}")
        yield from host_sums.swap(swap.total, swap.free)

    def system(self) -> Iterator[Reading]:
        """What is asked for less often."""
        held, _, most = (*map(float, cgroup.words(self.root / "proc/sys/fs/file-nr")), 0, 0, 0)[:3]
        if most:
            yield from host_sums.open_files(held, most)
        yield Reading("uptime", time.time() - psutil.boot_time())
        yield from temperatures()
        yield from clock()


def disks() -> Iterator[Reading]:
    """Counters of each whole disk."""
    for device, seen in (psutil.disk_io_counters(perdisk=True) or {}).items():
        if host_sums.is_disk(device):
            for direction, way in (("read", "read"), ("written", "write")):
                labels = {"device": device, "direction": direction}
                yield Reading("disk_bytes", getattr(seen, f"{way}_bytes"), labels)
                yield Reading("disk_operations", getattr(seen, f"{way}_count"), labels)
                yield Reading("disk_operation_seconds", getattr(seen, f"{way}_time") / MILLISECOND, labels)
            yield Reading("disk_busy_seconds", seen.busy_time / MILLISECOND, {"device": device})


def interfaces() -> Iterator[Reading]:
    """Counters of each interface."""
    for name, seen in psutil.net_io_counters(pernic=True).items():
        if host_sums.is_interface(name):
            for direction, way, short in (("received", "recv", "in"), ("sent", "sent", "out")):
                labels = {"interface": name, "direction": direction}
                yield Reading("interface_bytes", getattr(seen, f"bytes_{way}"), labels)
                yield Reading("interface_packets", getattr(seen, f"packets_{way}"), labels)
                yield Reading("interface_errors", getattr(seen, f"err{short}"), labels)
                yield Reading("interface_drops", getattr(seen, f"drop{short}"), labels)


def temperatures() -> Iterator[Reading]:
    """Each sensor; a machine in a cloud has none."""
    for chip, sensors in psutil.sensors_temperatures().items():
        for number, sensor in enumerate(sensors):
            yield Reading("temperature", sensor.current, {"sensor": f"{chip} {sensor.label or number}"})
