"""Lists of targets that are kept elsewhere. What they say is read here, and made into targets."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from include.config.discover import Discover
from include.scraping.hostile import seemly

# So many targets of one list are watched.
MOST = 10_000


@dataclass(frozen=True, slots=True)
class Said:
    """What a list says of one target. `place`: where in it. `says`: `address` and `labels` of a file, or the columns of a row."""

    place: str
    says: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Answer:
    """What a list says. `broken`: its files that are not believed, by path, and why: what they said last goes on to be true."""

    said: Sequence[Said]
    broken: Mapping[str, str] = field(default_factory=dict)


def key_of(entry: Discover) -> str:
    """What tells a list from others, whatever is set for its targets."""
    return hashlib.sha256(json.dumps([entry.kind, entry.file, entry.connection, entry.query]).encode()).hexdigest()


def name_of(entry: Discover) -> str:
    """A list as people read it: the label `entry`."""
    query = " ".join((entry.query or "").split())
    return f"{entry.kind} of {entry.file or seemly(f'{entry.connection}: {query}')}"
