"""Mails as files: what the inbox received, one `.eml` each, and what a reader or a script wants to know of one."""

import base64
import itertools
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import EmailMessage, Message
from email.utils import getaddresses
from functools import cached_property, lru_cache
from pathlib import Path

_number = itertools.count()


@dataclass(frozen=True)
class Mail:
    """One received mail. Everything in it was written by a stranger: shown escaped, downloaded, never trusted."""

    id: str
    message: EmailMessage

    def header(self, name: str) -> str:
        """A header's decoded text, empty when absent, as it arrived when it cannot be parsed."""
        try:
            return str(self.message[name] or "")
        except (LookupError, ValueError, AttributeError, TypeError):  # the parser's ways to give up on malformed headers
            return str(dict(self.message.raw_items()).get(name, ""))

    def addresses(self, name: str) -> list[str]:
        """The bare addresses of a header."""
        return [address for _, address in getaddresses([self.header(name)]) if address]

    @cached_property
    def text(self) -> str:
        """The plain-text part, with the line ends of this machine instead of SMTP's."""
        return self._body("plain").replace("\r\n", "\n")

    @cached_property
    def html(self) -> str:
        """The HTML part with its related images inlined, so that showing it needs no request."""
        return re.sub(r"cid:([^\"'\s>)]+)", lambda found: self._image(found[1]), self._body("html"))

    @cached_property
    def attachments(self) -> list[tuple[str, bytes]]:
        """File names and contents."""
        return [(part.get_filename() or "unnamed", _content(part)) for part in self.message.iter_attachments()]

    @cached_property
    def facts(self) -> dict[str, object]:
        """What scripts and tests read, as JSON takes it."""
        return {
            "id": self.id,
            "from": self.header("From"),
            "to": self.addresses("To"),
            "cc": self.addresses("Cc"),
            "recipients": self.message.get_all("Delivered-To", []),
            "subject": self.header("Subject"),
            "date": self.header("Date"),
            "text": self.text,
            "attachments": [name for name, _ in self.attachments],
        }

    def _body(self, kind: str) -> str:
        part = self.message.get_body((kind,))
        if part is None:
            return ""
        charset = part.get_content_charset("utf-8")
        try:
            return _content(part).decode(charset, "replace")
        except LookupError:  # a charset that nobody knows
            return _content(part).decode("utf-8", "replace")

    def _image(self, cid: str) -> str:
        for part in self.message.walk():
            if part.get("Content-ID", "").strip("<> ") == cid:
                return f"data:{part.get_content_type()};base64,{base64.b64encode(_content(part)).decode()}"
        return "data:,"


@dataclass(frozen=True)
class Mailbox:
    """A folder of mails, oldest first by name."""

    folder: Path

    def add(self, sender: str, recipients: list[str], content: bytes) -> None:
        """Keep a mail with its envelope; it appears whole or not at all."""
        envelope = [f"Return-Path: <{sender}>", *(f"Delivered-To: {recipient}" for recipient in recipients)]
        path = self.folder / f"{time.time_ns()}-{next(_number)}.eml"
        draft = path.with_suffix(".part")
        draft.write_bytes("\r\n".join(envelope).encode("utf-8", "surrogateescape") + b"\r\n" + content)
        draft.rename(path)

    def ids(self) -> list[str]:
        """Every mail's id, oldest first."""
        return sorted(path.stem for path in self.folder.glob("*.eml"))

    def mails(self, ids: list[str]) -> Iterator[Mail]:
        """The mails of these ids that are still there."""
        return (mail for mail in map(self.find, ids) if mail)

    def find(self, id: str) -> Mail | None:
        """The mail of that id, unless it never was or is deleted."""
        path = self.folder / f"{id}.eml"
        return _read(path) if re.fullmatch(r"\d+-\d+", id) and path.exists() else None

    def clear(self) -> None:
        """Delete every mail."""
        for path in self.folder.glob("*.eml"):
            path.unlink(missing_ok=True)


@lru_cache(maxsize=2000)
def _read(path: Path) -> Mail:
    return Mail(path.stem, message_from_bytes(path.read_bytes(), policy=policy.default))


def _content(part: Message) -> bytes:
    payload = part.get_payload(decode=True)
    return payload if isinstance(payload, bytes) else b""
