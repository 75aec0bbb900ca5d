"""One visit to one page, as somebody who opens it for the first time: until it has loaded and rests, or cannot."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from include.browser import Failed, Late, Refused
from include.browser.devtools import Pipe
from include.browser.events import NETWORK_CHANGED, Events, words
from include.scraping.hostile import seemly

LOOK = Path(__file__).with_name("look.js").read_text(encoding="utf-8")
# What is asked of a page may come a little later than the page; some never rest, as those that poll.
PATIENCE, SETTLING = 3.0, 3.0
BETWEEN = 0.25


class Expect(NamedTuple):
    """What a page is to have: a title that contains this, an element that this selector finds."""

    title: str | None = None
    selector: str | None = None


@dataclass
class Visit:
    """A visit as it goes on. `why`: what is wrong with the page, None while nothing is. `phases`: seconds, of a page that has loaded."""

    pipe: Pipe
    url: str = field(repr=False)
    expect: Expect
    seconds: float
    why: str | None = None
    phases: dict[str, float] = field(default_factory=dict)
    events: Events = field(init=False)

    def __post_init__(self) -> None:
        self.events = Events(self.pipe)
        self.pipe.hear = self.events.hear

    def go(self) -> None:
        """Make the visit; what came of it is here then. Raises Gone, and Late when the browser takes all the time."""
        self.open()
        try:
            self.navigate()
            self.settle()
            self.look()
        except Failed as failed:
            self.why = seemly(str(failed), 300)
        except Late:
            self.why = f"{'is not done' if self.events.status else 'no answer'} within {self.seconds:.3g} s"

    def open(self) -> None:
        """An empty page that tells what happens in it."""
        self.pipe.ask("Browser.setDownloadBehavior", behavior="deny")
        self.events.frame = self.pipe.ask("Target.createTarget", url="about:blank")["targetId"]
        self.pipe.session = self.pipe.ask("Target.attachToTarget", targetId=self.events.frame, flatten=True)["sessionId"]
        for domain in ("Page", "Network", "Runtime", "Log", "Inspector"):
            self.pipe.ask(f"{domain}.enable")
        self.pipe.ask("Page.setLifecycleEventsEnabled", enabled=True)

    def navigate(self) -> None:
        """Go there; again when a network of this host came or went meanwhile, as those of containers do: that says nothing of the page."""
        while (answer := self.pipe.ask("Page.navigate", url=self.url)).get("errorText") == NETWORK_CHANGED:
            self.pipe.listen(lambda: False, BETWEEN)
        if answer.get("isDownload"):
            raise Failed("is a download, not a page")
        if self.events.status >= 400:
            raise Failed(f"status {self.events.status}")
        if "errorText" in answer:
            raise Failed(words(answer["errorText"]))
        self.events.shows(answer.get("loaderId", ""))

    def settle(self) -> None:
        """Until it has loaded, and, if it comes to that soon, rests. One that goes on to another page begins anew. Raises Late."""
        done = False
        while not done:
            self.pipe.listen(lambda: self.events.loaded, self.seconds)
            self.pipe.listen(lambda: self.events.rests or not self.events.loaded, SETTLING)
            done = self.events.loaded

    def look(self) -> None:
        """Is it what it should be? What is missing may come a moment later."""
        ends = time.monotonic() + PATIENCE
        while (missing := self.missing(self.seen())) and time.monotonic() < ends:
            self.pipe.listen(lambda: False, BETWEEN)
        if missing or self.events.status >= 400:
            raise Failed(missing or f"status {self.events.status}")

    def seen(self) -> Mapping[str, Any]:
        """What there is to see, from a world that the page has no part in. One that has gone on meanwhile is seen where it rests."""
        call = f"({LOOK.strip()})({json.dumps(self.expect.title)}, {json.dumps(self.expect.selector)})"
        while True:
            try:
                world = self.pipe.ask("Page.createIsolatedWorld", frameId=self.events.frame)["executionContextId"]
                answer = self.pipe.ask("Runtime.evaluate", expression=call, contextId=world, awaitPromise=True, returnByValue=True)
                seen: Mapping[str, Any] = answer["result"]["value"]
                self.phases = {phase: ms / 1000 for phase, ms in seen["phases"].items() if ms is not None}
                return seen
            except (Refused, LookupError):
                self.pipe.listen(lambda: False, BETWEEN)
                self.settle()

    def missing(self, seen: Mapping[str, Any]) -> str | None:
        """What is not there and should be."""
        if not seen["titled"]:
            return f"its title is {seen['title']!r}, expected {self.expect.title!r}"
        if seen["there"] is None:
            return f"{self.expect.selector!r} is no CSS selector"
        return None if seen["there"] else f"there is no {self.expect.selector}"
