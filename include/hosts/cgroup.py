"""What a container may use of its host: the limits of its control group, versions 1 and 2."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

MOUNTED = "sys/fs/cgroup"
# What version 1 says for "no limit" is a number near the largest.
NO_LIMIT = 1 << 60


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
    """The tightest limit of processors among the group and those that it is in; None without one."""
    found = [limit for group in groups(root, "cpu") if (limit := quota(group))]
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
    """How many processors the group may use; None for all."""
    if two := words(group / "cpu.max"):
        most, period = number(two[0]), number(two[-1])
        used = number(stat(group / "cpu.stat").get("usage_usec"))
        return Processors(most / period, (used or 0) / 1e6) if most and period and used is not None else None
    most, period = number(text(group / "cpu.cfs_quota_us")), number(text(group / "cpu.cfs_period_us"))
    beside = Path(str(group).replace(f"{MOUNTED}/cpu", f"{MOUNTED}/cpuacct", 1))
    used = number(text(group / "cpuacct.usage")) or number(text(beside / "cpuacct.usage"))
    return Processors(most / period, (used or 0) / 1e9) if most and most > 0 and period and used is not None else None


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
