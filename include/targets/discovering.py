"""Discovering: lists of targets are read again, and what they say is kept, so that one that cannot be read goes on to be true."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice

from include.config.discover import Discover
from include.config.targets import Targets
from include.discovery import MOST, Answer, Said, key_of, name_of
from include.discovery.file_sd import came_from
from include.discovery.targets import Complaint, with_listed
from include.failures import SourceError
from include.logs import facts
from include.model import Sample
from include.sources import Source
from include.store import Store
from include.store.text import dumps

log = logging.getLogger(__name__)
# Reads a list within a time, or raises SourceError.
Read = Callable[[timedelta], Answer]
AT_ONCE = 8
# So long all lists may take; a source that reads its own before it measures has to share its time with them.
LONGEST = timedelta(seconds=15)
SHARE = 0.25
MOST_LINES, MOST_NAMED = 20, 3
GOES_ON = "what it said last goes on to be watched"


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


def told(store: Store, one: List, answer: Answer | str, duty: str, at: datetime) -> Sample:
    """Whether a list could be read as a whole; its targets are kept."""
    why = f"{answer}; {GOES_ON}" if isinstance(answer, str) else keep(store, one.entry, answer)
    return Sample("discovery_up", {"duty": duty, "entry": name_of(one.entry)}, 0 if why else 1, at, "bool", why)


def keep(store: Store, entry: Discover, answer: Answer) -> str | None:
    """Keep what a list says, and of its files that are broken what they said last; what is wrong with it."""
    before = said_last(store, [entry]).get(key_of(entry), []) if answer.broken else []
    said = [*answer.said, *(one for one in before if came_from(one, answer.broken))]
    store.change("discovered.keep", entry=key_of(entry), targets=dumps([[one.place, dict(one.says)] for one in said[:MOST]]))
    if len(said) > MOST:
        return f"it names more targets than the first {MOST:,}, which are watched"
    return "; ".join([*islice(answer.broken.values(), MOST_NAMED), GOES_ON]) if answer.broken else None


def answers(lists: Sequence[List], within: timedelta) -> Iterator[Answer | str]:
    """What each list says, or why it cannot be read; all are asked side by side, and one that takes too long is left behind."""
    pool = ThreadPoolExecutor(max_workers=max(min(AT_ONCE, len(lists)), 1), thread_name_prefix="lists")
    asked = [pool.submit(one.read, within) for one in lists]
    wait(asked, timeout=within.total_seconds())
    pool.shutdown(wait=False, cancel_futures=True)
    return (answer(future, within) for future in asked)


def answer(future: Future[Answer], within: timedelta) -> Answer | str:
    """What a list came to in time."""
    if not future.done() or future.cancelled():
        return f"no answer within {within.total_seconds():.0f} s"
    try:
        return future.result()
    except SourceError as error:
        return str(error)


def unread(why: str, within: timedelta) -> Answer:
    """A list that cannot even be asked. Raises SourceError."""
    raise SourceError(why)


def known(store: Store, targets: Targets) -> tuple[Targets, list[Complaint]]:
    """The targets of the configuration and those that its lists named last, with what is wrong with others."""
    if not targets.discover:
        return targets, []
    return with_listed(targets, said_last(store, targets.discover))


def said_last(store: Store, entries: Sequence[Discover]) -> dict[str, list[Said]]:
    """What lists said when they could be read last, by their keys."""
    rows = store.many("discovered.known", entries=[key_of(entry) for entry in entries])
    return {row["entry"]: [Said(place, says) for place, says in row["targets"]] for row in rows}


def complain(complaints: Sequence[Complaint]) -> None:
    """A line for each target that a list names and nobody watches, but not without end."""
    for one in complaints[:MOST_LINES]:
        facts(log, "not watched", target=one.target, list=one.entry, why=one.why)
    if len(complaints) > MOST_LINES:
        facts(log, "not watched", further=len(complaints) - MOST_LINES)
