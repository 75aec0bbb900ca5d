"""Where a request goes: the parts of an http or https address."""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import quote, urljoin, urlsplit

from include.web import Failed

PORTS = {"http": 80, "https": 443}
# What may stand in an address as it is, the percent sign of what is escaped already among it.
SAFE = "%/:=&?~+!$,;'@()*[]"


@dataclass(frozen=True, slots=True)
class Origin:
    """A server: connections to it can be kept, and what is secret is for it alone."""

    scheme: str
    host: str
    port: int

    @property
    def host_header(self) -> str:
        """As the header `Host` names it."""
        name = f"[{self.host}]" if ":" in self.host else self.host
        return name if PORTS[self.scheme] == self.port else f"{name}:{self.port}"


@dataclass(frozen=True, slots=True)
class Place:
    """A server, and what is asked of it. The path may hold a key."""

    origin: Origin
    path: str = field(repr=False)

    @classmethod
    def of(cls, url: str) -> Place:
        """The parts of an address; a user and password in it are not used. Raises Failed."""
        try:
            parts = urlsplit(url)
            host = (parts.hostname or "").encode("idna").decode() if not (parts.hostname or "").isascii() else parts.hostname
            origin = Origin(parts.scheme, host or "", parts.port or PORTS[parts.scheme])
        except (ValueError, KeyError):
            raise Failed("not an http or https address") from None
        if not origin.host:
            raise Failed("not an http or https address")
        query = f"?{quote(parts.query, safe=SAFE)}" if parts.query else ""
        return cls(origin, (quote(parts.path, safe=SAFE) or "/") + query)

    def joined(self, location: str) -> Place:
        """Where a redirect from here leads. Raises Failed."""
        try:
            return Place.of(urljoin(f"{self.origin.scheme}://{self.origin.host_header}{self.path}", location))
        except (Failed, ValueError):
            raise Failed("redirects to what is not an http or https address") from None
