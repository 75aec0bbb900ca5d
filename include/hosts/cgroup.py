"""What a container may use of its host: the limits of its control group, versions 1 and 2."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

MOUNTED = "sys/fs/cgroup"
# What version 1 says for "no limit" is a number near the largest.
NO_LIMIT = 1 << 60
RANGE = re.compile(r"(\d+)(?:-(\d+))?")


@dataclass(frozen=True, slots=True)
class Processors:
    """So many processors may be used, and this much processor time was."""

    limit: float
    seconds: float


@dataclass(frozen=True, slots=True)
class Memory:
    """So many bytes may be used, and so many are, without caches that can be given up."""

    limit: int
    used: int


def processors(root: Path = Path("/")) -> Processors | None:
    """The tightest limit of processors, a quota or a set, among the group and those that it is in; None without one."""
    ways = (("cpu", quota), ("cpuset", pinned))
    found = [limit for controller, way in ways for group in groups(root, controller) if (limit := way(group))]
    return min(found, key=lambda found: found.limit, default=None)


def memory(root: Path = Path("/")) -> Memory | None:
    """Of the limits of memory of the group and of those that it is in, the one that is nearest to its end; None without one."""
    found = [limit for group in groups(root, "memory") if (limit := allowance(group))]
    return max(found, key=lambda found: (found.used / found.limit, -found.limit), default=None)


def groups(root: Path, controller: str) -> Iterator[Path]:
    """Folders of the group that this process is in, as far as they can be seen, and of those around it."""
    for line in words(root / "proc/self/cgroup", "\n"):
        number, controllers, path = (*line.split(":", 2), "", "")[:3]
        if number == "0" and not controllers:
            yield from upwards(root / MOUNTED, path)
            yield from upwards(root / MOUNTED / "unified", path)
        elif controller in controllers.split(","):
            yield from upwards(root / MOUNTED / controller, path)


def upwards(top: Path, path: str) -> Iterator[Path]:
    """The folder, which inside a container may be the top itself, and all above it."""
    inner = Path(os.path.normpath(f"{top}/{path.strip('/')}"))
    if not inner.is_relative_to(top) or not inner.is_dir():
        inner = top
    yield from (folder for folder in (inner, *inner.parents) if folder.is_relative_to(top))


def quota(group: Path) -> Processors | None:
    """How much of the processors' time the group may use; None for all."""
    two = words(group / "cpu.max") or [text(group / f"cpu.cfs_{part}_us") for part in ("quota", "period")]
    most, period, used = number(two[0]), number(two[-1]), spent(group)
    return Processors(most / period, used) if most and most > 0 and period and used is not None else None


def pinned(group: Path) -> Processors | None:
    """The processors that the group may run on; None where that is not said."""
    names = ("cpuset.cpus.effective", "cpuset.effective_cpus", "cpuset.cpus")
    most, used = how_many(next(filter(None, (text(group / name) for name in names)), "")), spent(group)
    return Processors(most, used) if most and used is not None else None


def how_many(processors: str) -> int:
    """4 for `0-2,7`; 0 for what is no such list."""
    return sum(int(last or first) - int(first) + 1 for first, last in RANGE.findall(processors))


def spent(group: Path) -> float | None:
    """Seconds of processor time that the group used so far: version 1 may count them in a folder beside."""
    if (used := number(stat(group / "cpu.stat").get("usage_usec"))) is not None:
        return used / 1e6
    beside = Path(re.sub(f"{MOUNTED}/cpu[a-z]*", f"{MOUNTED}/cpuacct", str(group), count=1))
    used = number(text(group / "cpuacct.usage") or text(beside / "cpuacct.usage"))
    return None if used is None else used / 1e9


def allowance(group: Path) -> Memory | None:
    """How much memory the group may use; None for all."""
    most = number(text(group / "memory.max")) or number(text(group / "memory.limit_in_bytes"))
    used = number(text(group / "memory.current")) or number(text(group / "memory.usage_in_bytes"))
    if not most or most >= NO_LIMIT or used is None:
        return None
    caches = stat(group / "memory.stat")
    return Memory(most, max(used - (number(caches.get("total_inactive_file") or caches.get("inactive_file")) or 0), 0))


def stat(file: Path) -> dict[str, str]:
    """A file of names and numbers."""
    return dict(pair for line in words(file, "\n") if len(pair := line.split()) == 2)


def words(file: Path, separator: str | None = None) -> list[str]:
    """The parts of a file; none where it cannot be read."""
    return text(file).split(separator)


def text(file: Path) -> str:
    """A small file; empty where it cannot be read."""
    try:
        return file.read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return ""


def number(word: str | None) -> int | None:
    """A whole number, or None for `max` and anything else."""
    try:
        return int(word or "")
    except ValueError:
        return None
