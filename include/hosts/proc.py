"""What a Linux host says in /proc, and df of its file systems, as one command prints it: text from elsewhere, any line may be odd."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice

from include.hosts import host_sums
from include.hosts.host_sums import Mount, Space
from include.hosts.processes import MOST, Census, compared
from include.metrics import Reading, unanswered

Sections = Mapping[str, Sequence[str]]
# Begins a section. No name of a process is that long, and df and the kernel print line feeds in names otherwise: nobody can fake it.
MARK = "=== securenet monitoring:"
# So many seconds a file server that is gone may keep df waiting, and processes are looked at.
PATIENCE, LOOKING = 4, 1
KILLED = ("124", "137")
# POSIX shell, no quotes but double ones, as it stands in single quotes itself; nothing of it writes, and it ends by itself.
SCRIPT = f"""
exec 2>/dev/null
m="{MARK}"
for f in uptime stat loadavg meminfo diskstats net/dev sys/fs/file-nr mounts; do echo "$m $f"; cat "/proc/$f"; done
echo "$m page"; getconf PAGESIZE
echo "$m ticks"; getconf CLK_TCK
echo "$m space"; timeout -s KILL {PATIENCE} df -kP; s=$?
if [ "$s" -gt 123 ]; then df -kPl; fi
echo "$m df"; echo "$s"
echo "$m inodes"; timeout -s KILL {PATIENCE} df -iP || df -iPl
echo "$m first"; cat /proc/uptime /proc/[0-9]*/stat
sleep {LOOKING}
echo "$m second"; cat /proc/uptime /proc/[0-9]*/stat
echo "$m end"
"""
COMMAND = f"env LC_ALL=C sh -c '{'; '.join(SCRIPT.strip().splitlines())}'"
# What follows its device, which may be anything: sought from one space on, as a line of nothing but spaces would else take hours.
FILE_SYSTEM = re.compile(r" (\d+|-) +(\d+|-) +(-?\d+|-) +(?:\d+%|-) (/.*)")
PROCESS = re.compile(r"(\d{1,9}) \((.*)\) (\S) (.*)")
ESCAPED = re.compile(r"\\([0-7]{3})")
MODES = ("user", "nice", "system", "idle", "iowait", "irq", "softirq", "steal")
SECTOR, MILLISECOND, KIB = 512, 1000, 1024


def sections(text: str) -> Sections:
    """What was printed, by section; the last is `end` if it is whole. A banner before the first is left out."""
    found: dict[str, Sequence[str]] = {}
    for part in text.split(f"{MARK} ")[1:]:
        name, *lines = part.split("\n")
        found[name] = lines
    return found


def readings(said: Sections, must_run: Sequence[str]) -> Iterator[Reading]:
    """All that can be made of it, under the names that every host has; what is missing or odd is left out."""
    yield from processors(said)
    yield from host_sums.kernel_memory({words[0].rstrip(":"): number(words[1]) * KIB for words in table(said, "meminfo", 2)})
    yield from disks(said)
    yield from interfaces(said)
    yield from mounts(said)
    yield from system(said)
    yield from processes(said, must_run)


def table(said: Sections, name: str, least: int) -> Iterator[list[str]]:
    """The lines of a section as words, those that have enough of them."""
    return (words for line in said.get(name, ()) if len(words := line.split()) >= least)


def number(word: str) -> float:
    """The number, or NaN, which is not stored."""
    try:
        return float(word)
    except ValueError:
        return float("nan")


def one(said: Sections, name: str, otherwise: float) -> float:
    """The one number of a section."""
    return next((number(words[0]) for words in table(said, name, 1) if words[0].isdecimal()), otherwise)


def processors(said: Sections) -> Iterator[Reading]:
    """Time by core and mode, and load."""
    ticks = one(said, "ticks", 100)
    cores = {
        words[0][3:]: {mode: number(word) / ticks for mode, word in zip(MODES, words[1:], strict=False)}
        for words in table(said, "stat", 5)
        if words[0].startswith("cpu") and words[0] != "cpu"
    }
    yield from host_sums.cores(cores)
    yield from (load for words in table(said, "loadavg", 3) for load in host_sums.loads([*map(number, words[:3])], len(cores)))


def disks(said: Sections) -> Iterator[Reading]:
    """Counters of each whole disk."""
    for _, _, device, *words in table(said, "diskstats", 14):
        if host_sums.is_disk(device):
            counts = [*map(number, words)]
            for direction, (done, _, sectors, spent) in (("read", counts[:4]), ("written", counts[4:8])):
                labels = {"device": device, "direction": direction}
                yield Reading("disk_bytes", sectors * SECTOR, labels)
                yield Reading("disk_operations", done, labels)
                yield Reading("disk_operation_seconds", spent / MILLISECOND, labels)
            yield Reading("disk_busy_seconds", counts[9] / MILLISECOND, {"device": device})


def interfaces(said: Sections) -> Iterator[Reading]:
    """Counters of each interface. Its name ends with a colon, behind which old kernels leave no space."""
    for line in said.get("net/dev", ()):
        name, colon, rest = line.strip().rpartition(":")
        if colon and host_sums.is_interface(name) and len(counts := [*map(number, rest.split())]) >= 12:
            for direction, first in (("received", 0), ("sent", 8)):
                for metric, count in zip(("bytes", "packets", "errors", "drops"), counts[first : first + 4], strict=True):
                    yield Reading(f"interface_{metric}", count, {"interface": name, "direction": direction})


def mounts(said: Sections) -> Iterator[Reading]:
    """Each file system that can fill, and whether df was kept waiting, which then says nothing of file servers."""
    sizes, inodes = df(said, "space"), df(said, "inodes")
    listed = (mount(words) for words in table(said, "mounts", 4))
    for found in host_sums.once(mount for mount in listed if mount.mount in sizes):
        total, used, available = (blocks * KIB for blocks in sizes[found.mount])
        all_inodes, _, free_inodes = inodes.get(found.mount, (0, 0, 0))
        yield from host_sums.space(found.mount, Space(total, total - used, available, all_inodes, free_inodes))
    stuck = any(words[0] in KILLED for words in table(said, "df", 1))
    yield from host_sums.stuck(stuck, f"df did not end within {PATIENCE} s" if stuck else None)
    if not (sizes or stuck):
        yield from unanswered(host_sums.OF_MOUNTS, "df says nothing")


def df(said: Sections, name: str) -> dict[str, tuple[float, float, float]]:
    """All, used and free by mount, of those that have them."""
    rows = [found.groups() for line in said.get(name, ()) if (found := FILE_SYSTEM.search(line)) and "-" not in found.groups()[:3]]
    return {path: (number(total), number(used), number(free)) for total, used, free, path in rows}


def mount(words: Sequence[str]) -> Mount:
    """A line of /proc/mounts."""
    device, path = (ESCAPED.sub(lambda found: chr(int(found[1], 8)), word) for word in words[:2])
    return Mount(device, path, words[2], "ro" in words[3].split(","))


def system(said: Sections) -> Iterator[Reading]:
    """What is one number of the whole host."""
    yield from (Reading("uptime", number(words[0])) for words in table(said, "uptime", 1))
    yield from (found for words in table(said, "sys/fs/file-nr", 3) for found in host_sums.open_files(number(words[0]), number(words[2])))


def processes(said: Sections, must_run: Sequence[str]) -> Iterator[Reading]:
    """Two looks at them."""
    page, ticks = one(said, "page", 4096), one(said, "ticks", 100)
    looks = [(moment(said, name), census(said.get(name, ()), page, ticks)) for name in ("first", "second")]
    (began, first), (ended, second) = looks
    usable = len([words for words in table(said, "stat", 5) if words[0].startswith("cpu")]) - 1
    if second.names and ended > began and usable > 0:
        yield from compared(first, second, ended - began, must_run, usable)


def moment(said: Sections, name: str) -> float:
    """When a look was taken, in seconds since the host started."""
    words = next(iter(said.get(name, ())), "").split()
    return number(words[0]) if len(words) == 2 else float("nan")


def census(lines: Sequence[str], page: float, ticks: float) -> Census:
    """Everybody that a look saw."""
    seen = Census()
    for found in islice(filter(None, map(PROCESS.fullmatch, lines)), MOST):
        words = found[4].split()
        if found[3] == "Z":
            seen.zombies += 1
        elif len(words) > 20:
            used, began, size = number(words[10]) + number(words[11]), number(words[18]), number(words[20])
            seen.count(int(found[1]), began, found[2], used / ticks, size * page)
    return seen
