"""A host by SSH: one login and one command, which prints what the kernel and df say. Nothing is installed there, nothing written."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import ClassVar

from include.audience import Labels
from include.failures import SourceError
from include.hosts import proc
from include.hosts.host_metrics import SIGNED
from include.metrics import Reading
from include.scraping.hostile import clean, seemly

# What is printed by a command that has so many seconds. Raises SourceError.
Shell = Callable[[str, float], bytes]


@dataclass(frozen=True, slots=True)
class SshHost:
    """A host where `shell` runs a command. `processes`: names that must be among those that run."""

    kind: ClassVar[str] = "hosts"

    labels: Labels
    shell: Shell = field(compare=False)
    processes: Sequence[str] = ()

    def read(self, within: timedelta, cheap: bool) -> Iterable[Reading]:
        """All that is known of the host; nothing of it is cheap, as a login each minute would fill its log. Raises SourceError."""
        if cheap:
            return ()
        said = proc.sections(printed := self.shell(proc.COMMAND, within.total_seconds()).decode("utf-8", "replace"))
        if not any(said.get("stat", ())):
            raise SourceError(f"this is no Linux host{f': it says {seemly(printed.strip(), 80)}' if printed.strip() else ''}")
        if "end" not in said:
            raise SourceError("it did not say all of it: the command was ended")
        return list(clean(proc.readings(said, self.processes), SIGNED))
