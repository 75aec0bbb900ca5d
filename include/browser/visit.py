"""One visit to one page, as somebody who opens it for the first time: until it has loaded and rests, or cannot."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from include.browser import Failed, Late, Refused
from include.browser.devtools import Message, Pipe
from include.scraping.hostile import seemly

LOOK = Path(__file__).with_name("look.js").read_text(encoding="utf-8")
# What is asked of a page may come a little later than the page; some never rest, as those that poll.
PATIENCE, SETTLING = 3.0, 3.0
BETWEEN = 0.25
MOST_BYTES = 64 * 1024 * 1024
# So many lines of its console are read, so many dialogs closed, and so many pages followed that each lead to the next.
MOST_SAID, MOST_DIALOGS, MOST_MOVES = 1000, 20, 20
CONSOLE = tuple(f'{{"method":"{event}"'.encode() for event in ("Runtime.consoleAPICalled", "Runtime.exceptionThrown", "Log.entryAdded"))
# Browsers ask for it by themselves, and many sites have none.
UNASKED = "/favicon.ico"
QUERY = re.compile(r"\?\S+")


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
    frame: str = ""
    document: str = ""
    status: int = 0
    loaded: bool = False
    rests: bool = False
    taken: int = 0
    said: int = 0
    dialogs: int = 0
    moves: int = 0
    requests: dict[str, str] = field(default_factory=dict)
    failed: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    def go(self) -> None:
        """Make the visit; what came of it is here then. Raises Gone, and Late when the browser takes all the time."""
        self.pipe.hear = self.hear
        self.open()
        try:
            self.navigate()
            self.settle()
            self.look()
        except Failed as failed:
            self.why = seemly(str(failed), 300)
        except Late:
            self.why = f"{'is not done' if self.status else 'no answer'} within {self.seconds:.3g} s"

    def open(self) -> None:
        """An empty page that tells what happens in it."""
        self.pipe.ask("Browser.setDownloadBehavior", behavior="deny")
        self.frame = self.pipe.ask("Target.createTarget", url="about:blank")["targetId"]
        self.pipe.session = self.pipe.ask("Target.attachToTarget", targetId=self.frame, flatten=True)["sessionId"]
        for domain in ("Page", "Network", "Runtime", "Log", "Inspector"):
            self.pipe.ask(f"{domain}.enable")
        self.pipe.ask("Page.setLifecycleEventsEnabled", enabled=True)

    def navigate(self) -> None:
        """Go there."""
        answer = self.pipe.ask("Page.navigate", url=self.url)
        if answer.get("isDownload"):
            raise Failed("is a download, not a page")
        if self.status >= 400:
            raise Failed(f"status {self.status}")
        if "errorText" in answer:
            raise Failed(words(answer["errorText"]))
        self.shows(answer.get("loaderId", ""))

    def settle(self) -> None:
        """Until it has loaded, and, if it comes to that soon, rests. One that goes on to another page begins anew. Raises Late."""
        done = False
        while not done:
            self.pipe.listen(lambda: self.loaded, self.seconds)
            self.pipe.listen(lambda: self.rests or not self.loaded, SETTLING)
            done = self.loaded

    def look(self) -> None:
        """Is it what it should be? What is missing may come a moment later."""
        ends = time.monotonic() + PATIENCE
        while (missing := self.missing(self.seen())) and time.monotonic() < ends:
            self.pipe.listen(lambda: False, BETWEEN)
        if missing or self.status >= 400:
            raise Failed(missing or f"status {self.status}")

    def seen(self) -> Mapping[str, Any]:
        """What there is to see, from a world that the page has no part in. One that has gone on meanwhile is seen where it rests."""
        call = f"({LOOK.strip()})({json.dumps(self.expect.title)}, {json.dumps(self.expect.selector)})"
        while True:
            try:
                world = self.pipe.ask("Page.createIsolatedWorld", frameId=self.frame)["executionContextId"]
                answer = self.pipe.ask("Runtime.evaluate", expression=call, contextId=world, awaitPromise=True, returnByValue=True)
                seen: Mapping[str, Any] = answer["result"]["value"]
                self.phases = {phase: float(ms) / 1000 for phase, ms in seen["phases"].items()}
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

    def hear(self, event: str, about: Message) -> None:
        """What happens in the page."""
        if event in HEARD:
            HEARD[event](self, about)

    def moved(self, about: Message) -> None:
        """A frame shows another document."""
        if about["frame"]["id"] == self.frame:
            self.shows(about["frame"]["loaderId"])

    def shows(self, document: str) -> None:
        """What was known of the document before is of no use for this one."""
        if document != self.document:
            self.document, self.loaded, self.rests = document, False, False
            self.moves += 1
        if self.moves > MOST_MOVES:
            raise Failed("leads on to another page again and again")

    def lived(self, about: Message) -> None:
        """The page has come further."""
        if about["loaderId"] == self.document:
            self.loaded = self.loaded or about["name"] == "load"
            self.rests = self.rests or about["name"] == "networkIdle"

    def asked(self, about: Message) -> None:
        """A dialog, which nobody sees: it is closed."""
        self.pipe.send("Page.handleJavaScriptDialog", accept=False)
        self.dialogs += 1
        if self.dialogs > MOST_DIALOGS:
            raise Failed("opens one dialog after the other")

    def answered(self, about: Message) -> None:
        """The head of an answer."""
        status, url = int(about["response"]["status"]), about["response"]["url"]
        if about["type"] == "Document" and about.get("frameId") == self.frame:
            self.status = status
        if status >= 400 and not place(url).endswith(UNASKED):
            self.failed.append(f"{status} {place(url)}")

    def began(self, about: Message) -> None:
        """A request."""
        if len(self.requests) < MOST_SAID:
            self.requests[about["requestId"]] = about["request"]["url"]

    def broke(self, about: Message) -> None:
        """A request without a whole answer; those that the page itself gave up do not count."""
        if not about.get("canceled"):
            self.failed.append(f"{words(about['errorText'])} {place(self.requests.get(about['requestId'], ''))}")

    def came(self, about: Message) -> None:
        """A piece of an answer."""
        self.taken += int(about["dataLength"])
        if self.taken > MOST_BYTES:
            raise Failed(f"more than {MOST_BYTES // 1024 // 1024} MiB came: not loaded to its end")

    def logged(self, about: Message) -> None:
        """A line of its console."""
        if about["type"] in ("error", "assert"):
            self.erred(" ".join(str(one.get("value", one.get("description", ""))) for one in about["args"]))
        self.heard()

    def threw(self, about: Message) -> None:
        """An error that nobody caught."""
        details = about["exceptionDetails"]
        self.erred(str(details.get("exception", {}).get("description") or details["text"]))
        self.heard()

    def noted(self, about: Message) -> None:
        """What the browser has to say; of requests, it is counted already."""
        if about["entry"]["level"] == "error" and about["entry"]["source"] != "network":
            self.erred(str(about["entry"]["text"]))
        self.heard()

    def erred(self, text: str) -> None:
        """An error on the console."""
        if self.said < MOST_SAID:
            self.errors.append(seemly(QUERY.sub("?…", (text.strip().splitlines() or [""])[0])))

    def heard(self) -> None:
        """A page that floods its console is not listened to any longer."""
        self.said += 1
        if self.said == MOST_SAID:
            self.pipe.deaf = CONSOLE
            self.pipe.send("Runtime.disable")
            self.pipe.send("Log.disable")

    def crashed(self, about: Message) -> None:
        """The page's process is gone."""
        raise Failed("makes its tab crash")


HEARD: dict[str, Callable[[Visit, Message], None]] = {
    "Inspector.targetCrashed": Visit.crashed,
    "Log.entryAdded": Visit.noted,
    "Network.dataReceived": Visit.came,
    "Network.loadingFailed": Visit.broke,
    "Network.requestWillBeSent": Visit.began,
    "Network.responseReceived": Visit.answered,
    "Page.frameNavigated": Visit.moved,
    "Page.javascriptDialogOpening": Visit.asked,
    "Page.lifecycleEvent": Visit.lived,
    "Runtime.consoleAPICalled": Visit.logged,
    "Runtime.exceptionThrown": Visit.threw,
}


def words(error: str) -> str:
    """`net::ERR_CONNECTION_REFUSED` as `connection refused`."""
    return error.removeprefix("net::").removeprefix("ERR_").replace("_", " ").lower()


def place(url: str) -> str:
    """Where a request went, without what may be secret: no query."""
    parts = urlsplit(url)
    return f"{parts.hostname or ''}{parts.path}"
