"""The targets of the configuration with those that its lists name. One that is wrong leaves out only itself, and is named."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from pydantic import ValidationError

from include.config.complaints import describe
from include.config.discover import Discover
from include.config.spelling import without_secrets
from include.config.targets import KINDS, STORE, Targets, Watched
from include.discovery import Said, key_of, name_of
from include.discovery.keys import keys
from include.scraping.hostile import seemly

# What opens a target, or is read on this machine, stands below `set`: whoever may write a list could else have secrets sent to any address.
OPENING = frozenset({"connection", "verify", "headers", "query", "backup"})


class Complaint(NamedTuple):
    """A target that a list names and nobody watches."""

    entry: str
    target: str
    why: str


class Wrong(Exception):
    """What a list says is no target; why not, and what is allowed."""


def with_listed(targets: Targets, said: Mapping[str, Sequence[Said]]) -> tuple[Targets, list[Complaint]]:
    """All targets, and what is wrong with others. `said`: of each list by its key. A name is whose it was first, that of a list last."""
    named = {kind: {one.name: one for one in getattr(targets, kind)} for kind in KINDS}
    complaints = []
    for entry in targets.discover:
        for one in said.get(key_of(entry), ()):
            try:
                take(target(entry, one), named[entry.kind], one.place)
            except Wrong as wrong:
                complaints.append(Complaint(name_of(entry), called(entry, one), str(wrong)))
    return targets.model_copy(update={kind: tuple(of_kind.values()) for kind, of_kind in named.items()}), complaints


def take(found: Watched, named: dict[str, Watched], place: str) -> None:
    """Watch a target too. Raises Wrong where its name is taken."""
    if found.name in named or found.name == STORE:
        raise Wrong(f"{place}: another target is called {found.name!r} already; allowed: another name")
    named[found.name] = found


def target(entry: Discover, said: Said) -> Watched:
    """The target that a list names. Raises Wrong with the first thing that is."""
    if columns := opening(entry, said):
        raise Wrong(f"{said.place}: {', '.join(columns)} cannot be a column; allowed: below `set` of the list, for all of its targets")
    try:
        return KINDS[entry.kind].model_validate(keys(entry, said))
    except ValidationError as error:
        problem = error.errors()[0]
    problem["loc"] = ("targets", entry.kind, called(entry, said), *problem["loc"])
    raise Wrong(describe(said.place, problem))


def opening(entry: Discover, said: Said) -> list[str]:
    """The columns of a row that it may not have. A connection it may name where that is all that there is, and says by itself where to."""
    given = {name for name, value in said.says.items() if value is not None} if entry.query else set()
    itself = entry.kind == "databases" or (entry.kind == "applications" and "url" not in {*given, *entry.set})
    return sorted(OPENING & given & KINDS[entry.kind].model_fields.keys() - ({"connection"} if itself else set()))


def called(entry: Discover, said: Said) -> str:
    """How a target is called that may have no name."""
    return without_secrets(seemly(str(keys(entry, said).get("name", "?"))))
