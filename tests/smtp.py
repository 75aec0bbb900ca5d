"""A real SMTP server for tests: it keeps what it gets, and refuses, stalls or hangs up on demand."""

from __future__ import annotations

import asyncio
import email
import email.policy
import socket
import ssl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, Session

from include.channels.email import SmtpSettings


@dataclass
class Inbox:
    """What arrived. `refuse`: address -> answer for RCPT; `answer`: the answer to DATA; `delay`: seconds before it; `largest`: in bytes.

    `hang_up`, `hang`: the command (MAIL, RCPT, DATA) at which the connection breaks, or nothing more is said.
    """

    port: int
    mails: list[EmailMessage] = field(default_factory=list)
    envelopes: list[list[str]] = field(default_factory=list)
    refuse: dict[str, str] = field(default_factory=dict)
    answer: str = "250 OK"
    refuse_sender: str = ""
    delay: float = 0
    largest: int = 30_000_000
    hang_up: str = ""
    hang: str = ""

    @property
    def settings(self) -> SmtpSettings:
        """How to reach it."""
        return SmtpSettings("127.0.0.1", self.port, "monitoring@example.com", "none", timeout=5)

    def to(self, address: str) -> list[EmailMessage]:
        """The mails that this address was handed."""
        return [mail for mail, recipients in zip(self.mails, self.envelopes, strict=True) if address in recipients]

    async def handle_MAIL(self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[Any]) -> str:  # noqa: N802
        """aiosmtpd's hook for the sender."""
        await self.trouble(server, "MAIL")
        envelope.mail_from = address
        return self.refuse_sender or "250 OK"

    async def handle_RCPT(self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[Any]) -> str:  # noqa: N802
        """aiosmtpd's hook for one recipient."""
        await self.trouble(server, "RCPT")
        if address in self.refuse:
            return self.refuse[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        """aiosmtpd's hook for a whole mail."""
        await self.trouble(server, "DATA")
        if self.delay:
            time.sleep(self.delay)
        content = envelope.content if isinstance(envelope.content, bytes) else str(envelope.content).encode()
        if len(content) > self.largest:
            return "554 5.3.4 Message too big for system"
        if self.answer.startswith("250"):
            self.mails.append(email.message_from_bytes(content, policy=email.policy.default))  # type: ignore[arg-type]
            self.envelopes.append(list(envelope.rcpt_tos))
        return self.answer

    async def trouble(self, server: SMTP, command: str) -> None:
        """What goes wrong at this command."""
        if command == self.hang_up and server.transport:
            server.transport.abort()
        if command == self.hang:
            await asyncio.sleep(60)


@contextmanager
def serving(
    port: int | None = None, *, tls: ssl.SSLContext | None = None, password: bytes | None = None, international: bool = True
) -> Iterator[Inbox]:
    """Serve on a free port, or on a given one, until the block ends.

    `tls`: offers STARTTLS; `password`: of whoever logs in; `international`: takes addresses beyond ASCII.
    """
    inbox = Inbox(port or free_port())

    def authenticate(server: SMTP, session: Session, envelope: Envelope, mechanism: str, login: Any) -> AuthResult:
        return AuthResult(success=login.password == password, handled=False)

    options: dict[str, Any] = {"authenticator": authenticate, "auth_require_tls": False} if password else {}
    controller = Controller(inbox, hostname="127.0.0.1", port=inbox.port, enable_SMTPUTF8=international, tls_context=tls, **options)
    controller.start()
    try:
        yield inbox
    finally:
        controller.stop()


def free_port() -> int:
    """A port that nobody uses now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
