"""What is asked of one target, over connections that stay open: redirects are followed, and what is secret stays with its server."""

from __future__ import annotations

import ssl
import time
from collections.abc import Mapping, Set
from dataclasses import dataclass, field, replace

import h11
from cryptography import x509

from include.web import Failed, HungUp
from include.web.address import Origin, Place
from include.web.certificates import looking, trusting
from include.web.expecting import Expect
from include.web.line import Answer, Line, Phases, dial

AGENT = "securenet-monitoring"
MOST_READ = 1024 * 1024
REDIRECTS = {301, 302, 303, 307, 308}
GET_AFTER = {301, 302, 303}


@dataclass(frozen=True, slots=True)
class Call:
    """What is asked, and what should come of it. `headers` and `body` may hold secrets, and so may the address.

    `most`: bytes of the body that are read. `authority`: a PEM file, where the system's authorities are not those of the target; with
    `verify` off, anybody is trusted.
    """

    url: str = field(repr=False)
    method: str = "GET"
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: bytes = field(default=b"", repr=False)
    expect: Expect = field(default_factory=Expect)
    redirects: int = 5
    most: int = MOST_READ
    authority: str | None = None
    verify: bool = True

    @property
    def context(self) -> ssl.SSLContext:
        """Who is trusted. Raises OSError for an authority that cannot be read."""
        return trusting(self.authority) if self.verify else looking()

    def request(self, place: Place) -> h11.Request:
        """As it is sent to a place."""
        own = [(name, value) for name, value in self.headers.items() if name.lower() not in ("host", "content-length")]
        length = [("Content-Length", str(len(self.body)))] if self.body or self.method not in ("GET", "HEAD") else []
        basics = {"User-Agent": AGENT, "Accept": "*/*", "Accept-Encoding": "identity"}
        given = {name.lower() for name, _ in own}
        rest = [(name, value) for name, value in basics.items() if name.lower() not in given]
        return h11.Request(method=self.method, target=place.path, headers=[("Host", place.origin.host_header), *rest, *own, *length])

    def redirected(self, status: int, elsewhere: bool) -> Call:
        """What is asked at the place to which a redirect leads; `elsewhere`: of another server, which is told nothing of this one."""
        call = replace(self, headers={}, body=b"") if elsewhere else self
        return replace(call, method="GET", body=b"") if status in GET_AFTER and self.method != "HEAD" else call


@dataclass
class Client:
    """Asks one thing again and again. `found`: the certificate of the target as a new connection last saw it, until it is taken."""

    call: Call
    lines: dict[Origin, Line] = field(default_factory=dict)
    found: x509.Certificate | None = None

    async def ask(self, phases: Phases) -> Answer:
        """The answer, that behind redirects too; `phases` gets what each took. Raises Failed."""
        started = time.perf_counter()
        call, place, been = self.call, Place.of(self.call.url), set[tuple[Place, str]]()
        while leads_on(call, answer := await self.exchange(call, place, phases)):
            been.add((place, call.method))
            there = place.joined(answer.headers["location"])
            call = call.redirected(answer.status, there.origin != place.origin)
            place = there
            if (place, call.method) in been:
                raise Failed("redirects in a loop")
            if len(been) > call.redirects:
                raise Failed(f"more than {call.redirects} redirects")
        phases["total"] = time.perf_counter() - started
        self.keep({place.origin, *(one.origin for one, _ in been)})
        return answer

    async def exchange(self, call: Call, place: Place, phases: Phases) -> Answer:
        """One request; over a new connection when the one that was kept is gone. Raises Failed."""
        kept = self.lines.get(place.origin)
        if kept and await kept.is_open():
            try:
                return await kept.ask(request_of(call, place), call.body, call.most, phases)
            except HungUp:
                pass
        line = await self.connect(place.origin, phases)
        return await line.ask(request_of(call, place), call.body, call.most, phases)

    async def connect(self, origin: Origin, phases: Phases) -> Line:
        """A new connection, in place of one that there was. Raises Failed, and BadCertificate."""
        if old := self.lines.pop(origin, None):
            old.hang_up()
        line = await dial(origin, context_of(self.call), phases)
        self.lines[origin] = line
        self.found = self.found or line.certificate
        return line

    def keep(self, origins: Set[Origin]) -> None:
        """Keep connections to these, and no others: redirects may lead elsewhere each time."""
        for origin in self.lines.keys() - origins:
            self.lines.pop(origin).hang_up()

    def hang_up(self) -> None:
        """Keep no connection."""
        self.keep(set())


def leads_on(call: Call, answer: Answer) -> bool:
    """Whether an answer is a redirect to follow; one that is expected by its number is not."""
    follow = answer.status in REDIRECTS and "location" in answer.headers
    return follow and call.redirects > 0 and answer.status not in call.expect.status


def request_of(call: Call, place: Place) -> h11.Request:
    """As `Call.request`. Raises Failed, which shows no header."""
    try:
        return call.request(place)
    except (h11.LocalProtocolError, UnicodeError):
        raise Failed("request cannot be sent: its method, address or headers are not valid") from None


def context_of(call: Call) -> ssl.SSLContext:
    """As `Call.context`. Raises Failed."""
    try:
        return call.context
    except OSError:
        raise Failed("the file of the certificate authority cannot be read") from None
