"""Certificates: whom we trust, until when one is valid, and what is wrong with one."""

from __future__ import annotations

import ssl
from datetime import UTC, datetime
from functools import cache

from cryptography import x509

from include.web import shown

EXPIRED, NOT_YET, SELF_SIGNED = 10, 9, 18
OTHER_NAME = {62, 64}
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
    """Until it expires; negative when it has."""
    return (found.not_valid_after_utc - now).total_seconds() if found else None


def names(found: x509.Certificate) -> str:
    """Whom it is for, the first few."""
    try:
        there = found.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (ValueError, x509.ExtensionNotFound):
        return "nobody"
    return ", ".join(str(name.value) for name in list(there)[:3]) or "nobody"


def wrong(code: int, found: x509.Certificate | None) -> str:
    """What OpenSSL's verdict on a certificate means. `found`: the certificate, if it could be had."""
    if code == EXPIRED:
        return f"certificate expired on {found.not_valid_after_utc.astimezone(UTC):%Y-%m-%d}" if found else "certificate expired"
    if code in OTHER_NAME:
        return shown(f"certificate is for {names(found)}" if found else "certificate is for another name")
    return {NOT_YET: "certificate is not valid yet", SELF_SIGNED: "certificate is self-signed"}.get(code, UNKNOWN)
