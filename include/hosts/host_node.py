"""What node_exporter's families mean: one table for those who scrape it and for those who ask a Prometheus that does."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping

from include.failures import SourceError
from include.hosts import host_sums
from include.hosts.host_metrics import DISKS, INTERFACES, PROCESSORS
from include.hosts.host_metrics import MEMORY as MEMORY_METRICS
from include.hosts.host_sums import OF_MOUNTS, Mount, Space
from include.metrics import Reading, unanswered
from include.scraping.prometheus_text import Series

Labelled = list[tuple[Mapping[str, str], float]]
Families = Mapping[str, Labelled]

DISK: dict[str, tuple[str, dict[str, str]]] = {
    "node_disk_read_bytes_total": ("disk_bytes", {"direction": "read"}),
    "node_disk_written_bytes_total": ("disk_bytes", {"direction": "written"}),
    "node_disk_reads_completed_total": ("disk_operations", {"direction": "read"}),
    "node_disk_writes_completed_total": ("disk_operations", {"direction": "written"}),
    "node_disk_read_time_seconds_total": ("disk_operation_seconds", {"direction": "read"}),
    "node_disk_write_time_seconds_total": ("disk_operation_seconds", {"direction": "written"}),
    "node_disk_io_time_seconds_total": ("disk_busy_seconds", {}),
}
INTERFACE = {
    f"node_network_{way}_{theirs}_total": (f"interface_{ours}", {"direction": direction})
    for way, direction in (("receive", "received"), ("transmit", "sent"))
    for theirs, ours in (("bytes", "bytes"), ("packets", "packets"), ("errs", "errors"), ("drop", "drops"))
}
MEMORY = ("MemTotal", "MemAvailable", "MemFree", "Cached", "Buffers", "SwapTotal", "SwapFree")
SPACE = ("size_bytes", "free_bytes", "avail_bytes", "files", "files_free", "readonly")
ERRORS = "node_filesystem_device_error"
# What every host has. Who does not say it has not got rid of it.
EVERYWHERE = {
    name: metric for name, metric in {**PROCESSORS, **MEMORY_METRICS, **DISKS, **INTERFACES}.items() if not name.startswith("swap_")
}
COUNTERS = ("node_cpu_seconds_total", *DISK, *INTERFACE)
GAUGES = (
    *(f"node_load{minutes}" for minutes in (1, 5, 15)),
    *(f"node_memory_{name}_bytes" for name in MEMORY),
    *(f"node_filesystem_{what}" for what in SPACE),
    ERRORS,
    *("node_filefd_allocated", "node_filefd_maximum", "node_processes_state", "node_time_seconds", "node_boot_time_seconds"),
    *("node_timex_offset_seconds", "node_timex_sync_status", "node_hwmon_temp_celsius", "node_thermal_zone_temp"),
)
# Hundreds of processors, and thousands of containers with an interface each.
MOST = 30_000
FAMILIES = frozenset({*COUNTERS, *GAUGES})


def families(series: Iterable[Series]) -> Families:
    """The series by family, those that are wanted. Raises SourceError for more than a host has."""
    found: dict[str, Labelled] = defaultdict(list)
    for number, (name, labels, value) in enumerate(one for one in series if one.name in FAMILIES):
        if number >= MOST:
            raise SourceError(f"more than {MOST:,} series of a host came: not read")
        found[name].append((labels, value))
    return found


def readings(found: Families) -> Iterator[Reading]:
    """All that can be made of what there is; a family that is missing is a metric that is missing."""
    for part in (processors, memory, disks, interfaces, mounts, system, temperatures):
        yield from part(found)


def silent(said: Iterable[Reading]) -> Iterator[Reading]:
    """What every host has and this one does not say, as when one of node_exporter's collectors fails, or Prometheus has just begun."""
    there = {reading.metric for reading in said}
    counters = {metric.rate_of for metric in EVERYWHERE.values()}
    missing = [name for name, metric in EVERYWHERE.items() if not {name, metric.rate_of} & there and name not in counters]
    return unanswered(missing, "its node_exporter does not say it")


def value(found: Families, name: str) -> float | None:
    """The value of a family that has one series."""
    return next((value for _, value in found.get(name, ())), None)


def values(found: Families, *names: str) -> tuple[float, ...] | None:
    """Those of several such families, if all are there."""
    known = [value(found, name) for name in names]
    return tuple(one for one in known if one is not None) if None not in known else None


def processors(found: Families) -> Iterator[Reading]:
    """Time by core and mode, and load."""
    times: dict[str, dict[str, float]] = defaultdict(dict)
    for labels, seconds in found.get("node_cpu_seconds_total", ()):
        times[labels.get("cpu", "")][labels.get("mode", "")] = seconds
    yield from host_sums.cores(times)
    yield from host_sums.loads(values(found, "node_load1", "node_load5", "node_load15") or (), len(times))


def memory(found: Families) -> Iterator[Reading]:
    """Memory and swap."""
    yield from host_sums.kernel_memory({name: value(found, f"node_memory_{name}_bytes") for name in MEMORY})


def disks(found: Families) -> Iterator[Reading]:
    """Counters of each whole disk."""
    yield from counters(found, DISK, "device", host_sums.is_disk)


def interfaces(found: Families) -> Iterator[Reading]:
    """Counters of each interface."""
    yield from counters(found, INTERFACE, "interface", host_sums.is_interface)


def counters(
    found: Families, table: Mapping[str, tuple[str, dict[str, str]]], label: str, counts: Callable[[str], bool]
) -> Iterator[Reading]:
    """Counters by device, under our names."""
    for family, (metric, further) in table.items():
        for labels, count in found.get(family, ()):
            if counts(device := labels.get("device", "")):
                yield Reading(metric, count, {label: device, **further})


def mounts(found: Families) -> Iterator[Reading]:
    """Each file system that can fill."""
    facts: dict[Mount, dict[str, float]] = defaultdict(dict)
    for fact in SPACE:
        for labels, number in found.get(f"node_filesystem_{fact}", ()):
            facts[mount_of(labels)][fact] = number
    known = {Mount(one.device, one.mount, one.kind, bool(there.get("readonly"))): there for one, there in facts.items()}
    for mount in host_sums.once(known):
        there = known[mount]
        if there.keys() >= {"size_bytes", "avail_bytes"}:
            free = there.get("free_bytes", there["avail_bytes"])
            space = Space(there["size_bytes"], free, there["avail_bytes"], there.get("files", 0), there.get("files_free", 0))
            yield from host_sums.space(mount.mount, space)
    if unread := [mount for labels, wrong in found.get(ERRORS, ()) if wrong and (mount := mount_of(labels)).counts]:
        yield from unanswered(OF_MOUNTS, f"its node_exporter cannot read {unread[0].mount}")


def mount_of(labels: Mapping[str, str]) -> Mount:
    """The file system that a series is about."""
    return Mount(labels.get("device", ""), labels.get("mountpoint", ""), labels.get("fstype", ""))


def system(found: Families) -> Iterator[Reading]:
    """What is one number of the whole host."""
    if files := values(found, "node_filefd_allocated", "node_filefd_maximum"):
        yield from host_sums.open_files(*files)
    if states := found.get("node_processes_state"):
        yield Reading("processes", sum(count for _, count in states))
        yield Reading("zombie_processes", sum(count for labels, count in states if labels.get("state") == "Z"))
    if times := values(found, "node_time_seconds", "node_boot_time_seconds"):
        yield Reading("uptime", times[0] - times[1])
    if clock := values(found, "node_timex_offset_seconds", "node_timex_sync_status"):
        yield Reading("clock_synchronized", float(clock[1] == 1))
        if clock[1] == 1:
            yield Reading("clock_offset", clock[0])


def temperatures(found: Families) -> Iterator[Reading]:
    """Each sensor."""
    for labels, celsius in found.get("node_hwmon_temp_celsius", ()):
        yield Reading("temperature", celsius, {"sensor": f"{labels.get('chip', '')} {labels.get('sensor', '')}".strip()})
    for labels, celsius in found.get("node_thermal_zone_temp", ()):
        yield Reading("temperature", celsius, {"sensor": f"{labels.get('type', '')} {labels.get('zone', '')}".strip()})
