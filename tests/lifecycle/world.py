"""What is true in a story, and what receivers must have heard of it: nothing here knows how alerts, groups or messages are kept."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from tests.lifecycle.stage import Got, by_queue, once

# A group is told again every four hours, at most every five minutes.
REMINDED_WITHIN = timedelta(hours=4, minutes=6)


@dataclass
class Span:
    """A time in which something holds."""

    begins: datetime
    ends: datetime

    def holds(self, at: datetime) -> bool:
        """Whether it does at a moment."""
        return self.begins <= at < self.ends


@dataclass
class World:
    """When which thing is silenced, and when only what is critical may be told."""

    silences: dict[int, tuple[str, Span]] = field(default_factory=dict)
    quiet: list[Span] = field(default_factory=list)

    def quiet_hours(self, now: datetime, until: datetime) -> None:
        """Other quiet hours than before."""
        for span in self.quiet:
            span.ends = min(span.ends, now)
        self.quiet.append(Span(now, until))

    def lifted(self, number: int, now: datetime) -> None:
        """A silence ends before its time."""
        span = self.silences[number][1]
        span.ends = min(span.ends, now)

    def is_silenced(self, thing: str, at: datetime) -> bool:
        """Whether nobody is to be told of a thing."""
        return any(name == thing and span.holds(at) for name, span in self.silences.values())

    def check(self, got: Sequence[Got], excused: Callable[[Got], bool], crashes: int) -> None:
        """Problem and end alternate in each queue, the end is the last that everybody heard, and what was to be withheld was."""
        for queue in by_queue(unbundled(got)).values():
            check_repeats(queue, crashes)
            news = once(queue)
            for before, one in zip([None, *news], news, strict=False):
                problem = before is not None and not before.good
                assert not one.good or problem or excused(one), f"an end without a problem: {words(news)}"
            assert news[-1].good or excused(news[-1]), f"never closed: {words(news)}"
        for one in once(got):
            self.check_that_it_was_to_be_told(one)

    def check_that_it_was_to_be_told(self, one: Got) -> None:
        """An end always; a problem unless it is silenced, or can wait until quiet hours are over."""
        if one.good or one.repeat:
            return
        assert not all(self.is_silenced(thing, one.at) for thing in one.things), f"told under a silence: {words([one])}"
        waits = "critical" not in one.things.values() and not one.message.content["recovered"]
        assert not (waits and any(span.holds(one.at) for span in self.quiet)), f"told in quiet hours: {words([one])}"


def unbundled(got: Iterable[Got]) -> list[Got]:
    """What was heard, one thing at a time: a message may say of others that they were held back."""
    found: list[Got] = []
    for one in got:
        held = one.message.content.get("held_back") or {"messages": [], "subjects": []}
        for told, subject in zip(held["messages"], held["subjects"], strict=True):
            line = replace(one.message, subject=subject, content={"alerts": [], "recovered": []})
            found.append(Got(told["key"], one.place, told["group_key"], subject.startswith("✅"), False, one.at, line))
        found.append(one)
    return found


def check_that_all_is_known(got: Sequence[Got], receivers: Iterable[str], things: Iterable[str], now: datetime) -> None:
    """Each of the things has been critical for long: each receiver has heard so of each, and was reminded of late."""
    wanted = dict.fromkeys(things, "critical")
    for receiver in receivers:
        newest = [queue[-1] for queue in by_queue([one for one in once(got) if one.place[1] == receiver]).values()]
        heard = {thing: level for one in sorted(newest, key=lambda one: one.at) if not one.good for thing, level in one.things.items()}
        assert heard == wanted, f"{receiver} knows of {heard}"
        assert now - max(one.at for one in newest) <= REMINDED_WITHIN, f"{receiver} was not reminded"


def check_repeats(got: Sequence[Got], crashes: int) -> None:
    """What came twice came because a sender died, says so, and stands where it stood."""
    again = [one for index, one in enumerate(got) if one.key in {other.key for other in got[:index]}]
    assert len(again) <= crashes
    assert all(one.repeat for one in again)
    for one in again:
        assert got[[other is one for other in got].index(True) - 1].key == one.key, "a repeat overtook something"


def words(got: Sequence[Got]) -> list[str]:
    """What was heard, for the reader of a failure."""
    return [f"{one.at:%d %H:%M:%S} {one.message.reason}: {one.message.subject}" for one in got]
