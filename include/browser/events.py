"""What the browser tells of a page while somebody visits it: how far it is, and what goes wrong in it."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from include.browser import Failed
from include.browser.devtools import Message, Pipe
from include.scraping.hostile import seemly

MOST_BYTES = 64 * 1024 * 1024
# So many lines of its console are read, so many dialogs closed, and so many pages followed that each lead to the next.
MOST_SAID, MOST_DIALOGS, MOST_MOVES = 1000, 20, 20
MOST_OF_AN_ADDRESS = 2000
CONSOLE = tuple(f'{{"method":"{event}"'.encode() for event in ("Runtime.consoleAPICalled", "Runtime.exceptionThrown", "Log.entryAdded"))
NETWORK_CHANGED = "net::ERR_NETWORK_CHANGED"
# Browsers ask for it by themselves, and many sites have none.
UNASKED = "/favicon.ico"
QUERY = re.compile(r"\?\S+")


@dataclass
class Events:
    """`frame`: that of the page itself, which shows a `document`, whose answer had this `status`. `loaded`, `rests`: how far that is.

    `failed`: requests, `errors`: on the console. Each handler raises Failed for a page that is up to something.
    """

    pipe: Pipe
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
        status, where = int(about["response"]["status"]), place(about["response"]["url"])
        if about["type"] == "Document" and about.get("frameId") == self.frame:
            self.status = status
        if status >= 400 and not where.endswith(UNASKED):
            self.failed.append(f"{status} {where}")

    def began(self, about: Message) -> None:
        """A request."""
        if len(self.requests) < MOST_SAID:
            self.requests[about["requestId"]] = place(about["request"]["url"])

    def broke(self, about: Message) -> None:
        """A request without a whole answer; those that the page itself gave up do not count, nor those that this host did."""
        if not about.get("canceled") and about["errorText"] != NETWORK_CHANGED:
            self.failed.append(f"{words(about['errorText'])} {self.requests.get(about['requestId'], '')}")

    def came(self, about: Message) -> None:
        """A piece of an answer."""
        self.taken += int(about["dataLength"])
        if self.taken > MOST_BYTES:
            raise Failed(f"more than {MOST_BYTES // 1024 // 1024} MiB came: not loaded to its end")

    def logged(self, about: Message) -> None:
        """A line of its console."""
        if about["type"] in ("error", "assert"):
            self.erred(" ".join(str(one.get("value", one.get("description", ""))) for one in about["args"]))
        self.enough()

    def threw(self, about: Message) -> None:
        """An error that nobody caught."""
        details = about["exceptionDetails"]
        self.erred(str(details.get("exception", {}).get("description") or details["text"]))
        self.enough()

    def noted(self, about: Message) -> None:
        """What the browser has to say; of requests, it is counted already."""
        if about["entry"]["level"] == "error" and about["entry"]["source"] != "network":
            self.erred(str(about["entry"]["text"]))
        self.enough()

    def erred(self, text: str) -> None:
        """An error on the console."""
        if self.said < MOST_SAID:
            self.errors.append(seemly(QUERY.sub("?…", (text.strip().splitlines() or [""])[0])))

    def enough(self) -> None:
        """A page that floods its console is not listened to any longer."""
        self.said += 1
        if self.said == MOST_SAID:
            self.pipe.deaf = CONSOLE
            self.pipe.send("Runtime.disable")
            self.pipe.send("Log.disable")

    def crashed(self, about: Message) -> None:
        """The page's process is gone."""
        raise Failed("makes its tab crash")


HEARD: dict[str, Callable[[Events, Message], None]] = {
    "Inspector.targetCrashed": Events.crashed,
    "Log.entryAdded": Events.noted,
    "Network.dataReceived": Events.came,
    "Network.loadingFailed": Events.broke,
    "Network.requestWillBeSent": Events.began,
    "Network.responseReceived": Events.answered,
    "Page.frameNavigated": Events.moved,
    "Page.javascriptDialogOpening": Events.asked,
    "Page.lifecycleEvent": Events.lived,
    "Runtime.consoleAPICalled": Events.logged,
    "Runtime.exceptionThrown": Events.threw,
}


def words(error: str) -> str:
    """`net::ERR_CONNECTION_REFUSED` as `connection refused`."""
    return error.removeprefix("net::").removeprefix("ERR_").replace("_", " ").lower()


def place(url: str) -> str:
    """Where a request went, without what may be secret: no query; and cut, as a page may ask for anything."""
    parts = urlsplit(url[:MOST_OF_AN_ADDRESS])  # which remembers what it was asked
    return seemly(f"{parts.hostname or ''}{parts.path}")
