"""Discovering: lists of targets are read again, and what they say is kept, so that one that cannot be read goes on to be true."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from datetime import datetime, timedelta

from include.config.discover import Discover
from include.config.targets import Targets
from include.discovery import MOST, Said, key_of, name_of
from include.discovery.targets import Complaint, with_listed
from include.failures import SourceError
from include.logs import facts
from include.model import Sample
from include.sources import Source
from include.store import Store
from include.store.text import dumps

log = logging.getLogger(__name__)
# Reads a list within a time, or raises SourceError.
Read = Callable[[timedelta], list[Said]]
AT_ONCE = 8
# So long all lists may take; a source that reads its own before it measures has to share its time with them.
LONGEST = timedelta(seconds=15)
SHARE = 0.25
MOST_LINES = 20


@dataclass(frozen=True, slots=True)
class List:
    """A list, and how it is read."""

    entry: Discover
    read: Read


@dataclass(frozen=True, slots=True)
class Discovered:
    """A source whose targets are looked up anew each time. `source`: reads the targets that are known then."""

    name: str
    duty: str
    targets: Targets
    lists: Callable[[], Sequence[List]]
    source: Callable[[Targets], Source]

    def read(self, store: Store, at: datetime, organization: str | None, within: timedelta) -> Sequence[Sample]:
        """Whether each list could be read, and what its targets say in the time that is left."""
        started = time.monotonic()
        looked = look(store, self.duty, self.targets, self.lists(), at, min(LONGEST, within * SHARE))
        left = within - timedelta(seconds=time.monotonic() - started)
        return [*looked.told, *self.source(looked.targets).read(store, at, organization, left)]


@dataclass(frozen=True, slots=True)
class Looked:
    """What a look at lists came to: whether each could be read, all targets that are known now, and what is wrong with others."""

    told: Sequence[Sample]
    targets: Targets
    complaints: Sequence[Complaint]


def look(
    store: Store, duty: str, targets: Targets, lists: Sequence[List], at: datetime, within: timedelta, before: Sequence[Complaint] = ()
) -> Looked:
    """Read lists of a duty anew, and say what is wrong with the targets that they name, unless that was said `before`."""
    told = refresh(store, lists, duty, at, within)
    found, complaints = known(store, targets)
    mine = {name_of(one.entry) for one in lists}
    complain([one for one in complaints if one.entry in mine and one not in before])
    return Looked(told, found, complaints)


def refresh(store: Store, lists: Sequence[List], duty: str, at: datetime, within: timedelta) -> list[Sample]:
    """Read the lists, keep what they say, and tell of each whether it could be read, or why not."""
    return [told(store, one, said, duty, at) for one, said in zip(lists, answers(lists, within), strict=True)]


def told(store: Store, one: List, answer: list[Said] | str, duty: str, at: datetime) -> Sample:
    """Whether a list could be read as a whole; its targets are kept."""
    why = f"{answer}; what it said last goes on to be watched" if isinstance(answer, str) else None
    if not isinstance(answer, str):
        said = [[target.place, dict(target.says)] for target in answer[:MOST]]
        store.change("discovered.keep", entry=key_of(one.entry), targets=dumps(said))
        why = f"it names more targets than the first {MOST:,}, which are watched" if len(answer) > MOST else None
    return Sample("discovery_up", {"duty": duty, "entry": name_of(one.entry)}, 0 if why else 1, at, "bool", why)


def answers(lists: Sequence[List], within: timedelta) -> Iterator[list[Said] | str]:
    """What each list says, or why it cannot be read; all are asked side by side, and one that takes too long is left behind."""
    pool = ThreadPoolExecutor(max_workers=max(min(AT_ONCE, len(lists)), 1), thread_name_prefix="lists")
    asked = [pool.submit(one.read, within) for one in lists]
    wait(asked, timeout=within.total_seconds())
    pool.shutdown(wait=False, cancel_futures=True)
    return (answer(future, within) for future in asked)


def answer(future: Future[list[Said]], within: timedelta) -> list[Said] | str:
    """What a list came to in time."""
    if not future.done() or future.cancelled():
        return f"no answer within {within.total_seconds():.0f} s"
    try:
        return future.result()
    except SourceError as error:
        return str(error)


def unread(why: str, within: timedelta) -> list[Said]:
    """A list that cannot even be asked. Raises SourceError."""
    raise SourceError(why)


def known(store: Store, targets: Targets) -> tuple[Targets, list[Complaint]]:
    """The targets of the configuration and those that its lists named last, with what is wrong with others."""
    if not targets.discover:
        return targets, []
    rows = store.many("discovered.known", entries=[key_of(entry) for entry in targets.discover])
    return with_listed(targets, {row["entry"]: [Said(place, says) for place, says in row["targets"]] for row in rows})


def complain(complaints: Sequence[Complaint]) -> None:
    """A line for each target that a list names and nobody watches, but not without end."""
    for one in complaints[:MOST_LINES]:
        facts(log, "not watched", target=one.target, list=one.entry, why=one.why)
    if len(complaints) > MOST_LINES:
        facts(log, "not watched", further=len(complaints) - MOST_LINES)
