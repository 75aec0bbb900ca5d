"""What a name server answers."""

from __future__ import annotations

import ipaddress
import time
from collections.abc import Sequence
from dataclasses import dataclass

import dns.exception
import dns.flags
import dns.message
import dns.query
import dns.rcode
import dns.rdatatype

from include.scraping.hostile import seemly

PORT = 53


@dataclass(frozen=True, slots=True)
class NameCheck:
    """A name that has to be found. `server`: whom to ask, an address; None: the target. `expect`: the addresses that it must have."""

    name: str
    server: str | None = None
    expect: Sequence[str] = ()
    port: int = PORT


@dataclass(frozen=True, slots=True)
class NameAnswer:
    """What came of it: how long it took, and why it is wrong."""

    seconds: float
    why: str | None = None


def answer(check: NameCheck, server: str, seconds: float) -> NameAnswer:
    """Ask over UDP, and over TCP for what is too long for that."""
    started = time.monotonic()
    try:
        found = found_at(check, server, started + seconds)
    except dns.exception.Timeout:
        return NameAnswer(seconds, f"no answer within {seconds:.3g} s")
    except (dns.exception.DNSException, OSError, ValueError) as error:
        return NameAnswer(time.monotonic() - started, seemly(str(error).splitlines()[0] if str(error) else type(error).__name__, 120))
    return NameAnswer(time.monotonic() - started, judged(found, check))


def found_at(check: NameCheck, server: str, ends: float) -> list[str]:
    """The addresses that the server gives, of the versions that are expected, else of any. Raises as `addresses`."""
    if kinds := {ipaddress.ip_address(one).version for one in check.expect}:
        return [one for kind in sorted(kinds) for one in addresses(check, server, kind, ends)]
    return addresses(check, server, 4, ends) or addresses(check, server, 6, ends)


def addresses(check: NameCheck, server: str, version: int, ends: float) -> list[str]:
    """The addresses that it gives. Raises DNSException, OSError and ValueError."""
    kind = dns.rdatatype.A if version == 4 else dns.rdatatype.AAAA
    left = max(ends - time.monotonic(), 0.001)
    got, _ = dns.query.udp_with_fallback(dns.message.make_query(check.name, kind), server, left, check.port, ignore_unexpected=True)
    if got.rcode() != dns.rcode.NOERROR:
        raise ValueError(f"it answers {dns.rcode.to_text(got.rcode())}")
    return [row.to_text() for rows in got.answer if rows.rdtype == kind for row in rows]


def judged(found: Sequence[str], check: NameCheck) -> str | None:
    """Why these are not the right ones."""
    if not found:
        return f"{check.name} has no address"
    missing = {ipaddress.ip_address(one) for one in check.expect} - {ipaddress.ip_address(one) for one in found}
    if missing:
        return f"{check.name} is {', '.join(sorted(found)[:5])}, not {', '.join(sorted(map(str, missing)))}"
    return None
