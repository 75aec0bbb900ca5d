"""Certificates: whom we trust, until when one is valid, and what is wrong with one."""

from __future__ import annotations

import ssl
from datetime import UTC, datetime
from functools import cache

from cryptography import x509

from include.web import shown

EXPIRED, NOT_YET, SELF_SIGNED = 10, 9, 18
OTHER_NAME = {62, 64}
# What a strict library raises for an extension that is odd.
UNREADABLE = ValueError, x509.DuplicateExtension, x509.UnsupportedGeneralNameType
UNKNOWN = "certificate is of an authority that is not trusted here"


@cache
def trusting(authority: str | None = None) -> ssl.SSLContext:
    """Trusts what the system trusts, or only the authority in a PEM file; one for all targets, as each takes megabytes."""
    return ssl.create_default_context(cafile=authority)


@cache
def looking() -> ssl.SSLContext:
    """Trusts anybody: to look at a certificate, and for targets whose operator says so."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def certificate(encoded: bytes | None) -> x509.Certificate | None:
    """A certificate, or None for what cannot be read as one."""
    try:
        return x509.load_der_x509_certificate(encoded) if encoded else None
    except ValueError:
        return None


def seconds_left(found: x509.Certificate | None, now: datetime) -> float | None:
    """Until it expires; negative when it has; None where it does not say."""
    ends = expiry(found)
    return (ends - now).total_seconds() if ends else None


def expiry(found: x509.Certificate | None) -> datetime | None:
    """When it expires; None where it does not say so in a way that can be read."""
    try:
        return found.not_valid_after_utc if found else None
    except ValueError:
        return None


def names(found: x509.Certificate) -> str:
    """Whom it is for, the first few."""
    try:
        there = found.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return "nobody"
    except UNREADABLE:
        return "names that cannot be read"
    return ", ".join(str(name.value) for name in list(there)[:3]) or "nobody"


def wrong(code: int, found: x509.Certificate | None) -> str:
    """What OpenSSL's verdict on a certificate means. `found`: the certificate, if it could be had."""
    if code == EXPIRED:
        ends = expiry(found)
        return f"certificate expired on {ends.astimezone(UTC):%Y-%m-%d}" if ends else "certificate expired"
    if code in OTHER_NAME:
        return shown(f"certificate is for {names(found)}" if found else "certificate is for another name")
    return {NOT_YET: "certificate is not valid yet", SELF_SIGNED: "certificate is self-signed"}.get(code, UNKNOWN)
