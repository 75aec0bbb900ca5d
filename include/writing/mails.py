"""Mails as MIME knows them: headers that cannot be injected into, HTML with its pictures, attachments, addresses."""

from __future__ import annotations

import base64
import hashlib
import re
import secrets
from collections.abc import Sequence
from email.errors import MessageError
from email.headerregistry import Address, HeaderRegistry
from email.message import EmailMessage
from email.policy import default
from functools import lru_cache
from typing import Any

from include.writing.csvs import MOST_ATTACHED, cut
from include.writing.wording import shown

DATA_IMAGE = re.compile(r'src="data:image/png;base64,([A-Za-z0-9+/=]+)"')
ADDRESS = re.compile(r"[^\s@<>()\[\],;:\\\"\x00-\x1f\x7f]+@[^\s@<>()\[\],;:\\\"\x00-\x1f\x7f]+")
# In characters; the mail itself says all of it.
LONGEST_SUBJECT = 200
BEYOND_ASCII = re.compile(r"[^\x00-\x7f]")


class Headers(HeaderRegistry):
    """The standard registry makes a new class for every header of every mail, and parses each again, a third of a reminder's work; this one
    keeps the classes, and the last headers: most are the same in every mail."""

    def __init__(self) -> None:
        super().__init__()
        self.classes: dict[str, type] = {}
        self.parsed = lru_cache(maxsize=64)(super().__call__)

    def __getitem__(self, name: str) -> type:
        if name not in self.classes:
            self.classes[name] = super().__getitem__(name)
        return self.classes[name]

    def __call__(self, name: str, value: Any) -> Any:
        """The header; it is never changed, as a mail replaces it by another one."""
        return self.parsed(name, value) if isinstance(value, str) else super().__call__(name, value)


POLICY = default.clone(header_factory=Headers())


def headed(sender: str, receiver: str, copies: Sequence[str], subject: str) -> EmailMessage:
    """An empty mail with its addresses and subject. The addresses must be valid; the subject may be anything."""
    mail = EmailMessage(POLICY)
    mail["From"] = str(Address("SecureNet Monitoring", addr_spec=sender))
    mail["To"] = written(receiver)
    if copies:
        mail["Cc"] = [written(address) for address in copies]
    mail["Subject"] = shown(header_text(subject), LONGEST_SUBJECT)
    mail["Auto-Submitted"] = "auto-generated"
    return mail


def add_html(mail: EmailMessage, html: str) -> None:
    """The HTML, with each picture in it as a related part: mail clients show no data: addresses."""
    pictures: list[tuple[str, bytes]] = []

    def refer(match: re.Match[str]) -> str:
        pictures.append((f"picture{len(pictures)}@securenet", base64.b64decode(match[1])))
        return f'src="cid:{pictures[-1][0]}"'

    mail.make_alternative(boundary=secrets.token_hex(16))  # or the generator searches the mail for one that is free
    mail.add_alternative(DATA_IMAGE.sub(refer, html), subtype="html")
    shown = list(mail.iter_parts())[-1]
    for name, picture in pictures:
        shown.add_related(picture, maintype="image", subtype="png", cid=f"<{name}>")  # type: ignore[attr-defined]


def attach_csv(mail: EmailMessage, text: str, name: str) -> None:
    """A CSV file, as far as it may be sent."""
    mail.add_attachment(cut(text, MOST_ATTACHED)[0].encode(), maintype="text", subtype="csv", filename=f"{name}.csv")


def split_addresses(addresses: Sequence[str]) -> tuple[list[str], list[str]]:
    """The addresses that can be written to, each once, and those that cannot."""
    valid = [address for address in dict.fromkeys(addresses) if is_address(address)]
    return valid, [address for address in addresses if address not in valid]


def is_address(text: str) -> bool:
    """Whether a mail can carry this as an address."""
    if len(text) > 320 or not text.isprintable() or not ADDRESS.fullmatch(text):
        return False
    try:
        Address(addr_spec=BEYOND_ASCII.sub("x", text))
    except (MessageError, ValueError, IndexError):
        return False
    return True


def written(address: str) -> Address:
    """A valid address as headers take it, beyond ASCII too: then the mail can only leave through a server that offers SMTPUTF8."""
    local, _, domain = address.rpartition("@")
    return Address(addr_spec=address) if address.isascii() else Address(username=local, domain=domain)


def header_text(text: str) -> str:
    """The text on one line, in which nothing is an encoded word: Python's headers decode those, and line breaks with them."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).replace("=?", "= ?").split())


def message_id(key: str, sender: str) -> str:
    """Stable for a message's key, so that a repeat can be told from a second message."""
    return f"<{hashlib.sha256(key.encode()).hexdigest()[:32]}@{sender.rpartition('@')[2]}>"
