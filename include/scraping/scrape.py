"""Text that a target gives over HTTP, whatever it tries: the whole of it takes no longer than it may, and no more room."""

from __future__ import annotations

import os
import socket
import ssl
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx

from include.asking.cutting import hang_up
from include.failures import SourceError
from include.scraping.hostile import seemly
from include.web.certificates import looking, trusting

MOST_BYTES = 16 * 1024 * 1024
LONGEST_LINE = 64 * 1024
TOO_LONG = f"<a line of more than {LONGEST_LINE // 1024} KiB>"
REDIRECTS = 3
CONNECTING = 5.0
HEADERS = {"Accept": "text/plain;version=0.0.4, application/json;q=0.9, */*;q=0.1", "Accept-Encoding": "identity"}


@dataclass(frozen=True, slots=True)
class Page:
    """An address and what opens it: headers, which are secret. `verify`: whether its certificate must be valid, or a file to trust."""

    url: str
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    verify: bool | str = True

    def lines(self, seconds: float) -> Iterator[str]:
        """The page line by line; one that is too long comes as `TOO_LONG`. Raises SourceError."""
        rest = b""
        for chunk in self.chunks(seconds):
            *whole, rest = (rest + chunk).split(b"\n")
            yield from (readable(line) for line in whole)
            rest = rest[: LONGEST_LINE + 1]
        yield readable(rest)

    def body(self, seconds: float, form: Mapping[str, str]) -> bytes:
        """All that is answered to a form. Raises SourceError."""
        return b"".join(self.chunks(seconds, form))

    def chunks(self, seconds: float, form: Mapping[str, str] | None = None) -> Iterator[bytes]:
        """The body in pieces, all of it within so many seconds. Raises SourceError."""
        ends, taken = time.monotonic() + seconds, 0
        with outcomes(ends, seconds), Line(seconds) as line, self.client(seconds) as client:
            request = {"method": "POST", "data": form} if form is not None else {"method": "GET"}
            with client.stream(url=self.url, extensions={"trace": line.trace}, **request) as answer:  # type: ignore[arg-type]
                usable(answer)
                for chunk in answer.iter_raw():
                    taken += len(chunk)
                    if taken > MOST_BYTES:
                        raise SourceError(f"more than {MOST_BYTES // 1024 // 1024} MiB came: not read")
                    yield chunk
            if line.over:  # a body without a length seems to end where it was cut
                raise SourceError(f"there was no whole answer within {seconds:.3g} s")

    @property
    def context(self) -> ssl.SSLContext:
        """Who is trusted; one for all pages, as making one takes longer than most pages. Raises OSError for a file that cannot be read."""
        if self.verify is False:
            return looking()
        return trusting(self.verify if isinstance(self.verify, str) else None)

    def client(self, seconds: float) -> httpx.Client:
        """A client that waits no longer than there is time."""
        return httpx.Client(
            headers={**HEADERS, **self.headers},  # httpx takes an Authorization to no other host
            timeout=httpx.Timeout(seconds, connect=min(seconds, CONNECTING)),
            follow_redirects=True,
            max_redirects=REDIRECTS,
            verify=self.context,
            trust_env=False,
        )


class Line:
    """The connections of a request; all are hung up when the time is over, as a server that drips keeps every timeout of a single read."""

    def __init__(self, seconds: float) -> None:
        self.sockets: list[socket.socket] = []
        self.over = False
        self.timer = threading.Timer(seconds, self.end)
        self.timer.daemon = True

    def __enter__(self) -> Line:
        self.timer.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.timer.cancel()
        for line in self.sockets:
            line.close()

    def end(self) -> None:
        """Hang up."""
        self.over = True
        for line in list(self.sockets):
            hang_up(line)

    def trace(self, event: str, info: Mapping[str, Any]) -> None:
        """Keep a handle of each connection that httpcore opens."""
        if event == "connection.connect_tcp.complete":
            opened = info["return_value"].get_extra_info("socket")
            self.sockets.append(socket.socket(fileno=os.dup(opened.fileno())))
            if self.over:
                self.end()


def readable(line: bytes) -> str:
    """A line as text, whatever its bytes are."""
    return line.decode("utf-8", "replace") if len(line) <= LONGEST_LINE else TOO_LONG


@contextmanager
def outcomes(ends: float, seconds: float) -> Iterator[None]:
    """Each way to fail by its name, as a SourceError."""
    try:
        yield
    except httpx.TooManyRedirects:
        raise SourceError(f"more than {REDIRECTS} redirects") from None
    except (httpx.HTTPError, httpx.InvalidURL, OSError, ValueError) as error:
        if isinstance(error, httpx.TimeoutException) or time.monotonic() >= ends:
            raise SourceError(f"there was no whole answer within {seconds:.3g} s") from None
        raise SourceError(f"{what(error)}: {seemly(str(error) or type(error).__name__)}") from None


def what(error: Exception) -> str:
    """Whether it can be reached and does not speak, or cannot."""
    if isinstance(error, httpx.ConnectError):
        return "its TLS certificate is not trusted" if "CERTIFICATE_VERIFY" in str(error) else "cannot be reached"
    return "does not speak HTTP" if isinstance(error, httpx.ProtocolError) else "cannot be read"


def usable(answer: httpx.Response) -> None:
    """Raises SourceError for an answer that is not what was asked for."""
    if answer.status_code in (401, 403):
        raise SourceError(f"it answers {answer.status_code}: what its connection holds is not accepted")
    if not answer.is_success:
        raise SourceError(f"it answers {answer.status_code}")
    if answer.headers.get("content-encoding", "identity") != "identity":
        raise SourceError("it answers compressed, which was not asked for")
