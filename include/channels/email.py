"""E-mail over SMTP: one connection per drain, results per recipient, the same Message-ID however often a message is tried."""

from __future__ import annotations

import contextlib
import math
import re
import smtplib
import ssl
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from email.message import EmailMessage
from email.utils import format_datetime
from typing import Any
from zoneinfo import ZoneInfo

from include.channels import alert, reminder
from include.failures import DeliveryError
from include.message import Message, Receipt
from include.model import Clock
from include.store import Row
from include.writing.mails import add_html, attach_csv, headed, header_text, message_id, split_addresses

REPEAT = "You may have had this message before: a fault hid whether it reached you."
NOTE = "margin:0;padding:8px 16px;font:13px/1.5 sans-serif;color:#5b6472"
PATIENCE_WITH_DATA = 10
WITHOUT_FILE = "The whole list is not attached: it is too large for the mail server. It stands with the report in the store."
# Seconds.
JUST_NOW = 0.2
# The answers by RFC 1870 and, in detail, RFC 3463.
TOO_LARGE = re.compile(r"552\b|5\d\d 5\.3\.4\b")


class TooLarge(DeliveryError):
    """The mail is larger than the server takes."""


@dataclass(frozen=True, slots=True)
class SmtpSettings:
    """Where mail is handed over. `security`: `ssl`, `starttls` or `none`; `timeout` in seconds, per answer.

    A whole mail may take ten times as long to be accepted.
    """

    host: str
    port: int
    sender: str
    security: str = "starttls"
    login: str | None = None
    password: str | None = field(default=None, repr=False)
    timeout: float = 30.0

    def connect(self) -> Smtp:
        """A logged-in connection. Raises OSError or smtplib.SMTPException."""
        context = ssl.create_default_context()
        if self.security == "ssl":
            smtp: Smtp = SmtpOverTls(self.host, self.port, timeout=self.timeout, context=context)
        else:
            smtp = Smtp(self.host, self.port, timeout=self.timeout)
        try:
            if self.security == "starttls":
                smtp.starttls(context=context)
            if self.login:
                smtp.login(self.login, self.password or "")
            smtp.ehlo_or_helo_if_needed()
        except Exception:
            smtp.close()
            raise
        return smtp


class Smtp(smtplib.SMTP):
    """A connection that knows whether it came to hand over the mail itself: before that, nobody can have it."""

    handing_over = False

    def data(self, msg: Any) -> tuple[int, bytes]:
        """As the base class has it, with patience: a server that scans mails is slow, not silent."""
        self.handing_over = True
        if self.sock:
            self.sock.settimeout(self.timeout * PATIENCE_WITH_DATA)
        answer = super().data(msg)
        if self.sock:
            self.sock.settimeout(self.timeout)
        return answer


class SmtpOverTls(Smtp, smtplib.SMTP_SSL):
    """The same, encrypted from the start."""


@dataclass(frozen=True, slots=True)
class Handover:
    """Who of the recipients has the mail, and who was refused with which answer. A server may have said nothing of the rest."""

    accepted: Sequence[str]
    refused: Mapping[str, tuple[int, bytes]]

    @property
    def later(self) -> bool:
        """Whether somebody was refused only for now."""
        return any(code < 500 for code, _ in self.refused.values())

    @property
    def refusals(self) -> list[str]:
        """Who was refused, and why."""
        return [f"{address} ({answer(code, text)})" for address, (code, text) in self.refused.items()]


class Email:
    """The channel. `zone`: the one in which times are written."""

    EDITS = False

    def __init__(self, settings: SmtpSettings, zone: ZoneInfo, clock: Clock) -> None:
        self.settings = settings
        self.zone = zone
        self.clock = clock
        self.smtp: Smtp | None = None
        self.heard_at = -math.inf

    def deliver(self, message: Message, body: Row | None) -> Receipt:
        """Send to whoever does not have it yet; a remark names the copies that were refused. Raises DeliveryError.

        A copy leaves also when the receiver has no address, or none that can be written to; then the mail has failed all the same.
        """
        copies = [message.content["cc"]] if message.content.get("cc") else []
        valid, impossible = self.possible([message.receiver, *copies])
        if not valid:
            raise DeliveryError(remark(impossible) or "refused", permanent=True)
        handover = self.hand_over(message, body, valid)
        words = remark([*impossible, *handover.refusals])
        if handover.later or message.receiver not in {*handover.accepted, *message.accepted}:
            raise DeliveryError(words or "refused", permanent=not handover.later, accepted=handover.accepted)
        first = message.ref.get("message_id") or message_id(message.key, self.settings.sender)
        return Receipt(words, {"message_id": first})

    def hand_over(self, message: Message, body: Row | None, valid: Sequence[str]) -> Handover:
        """Send to whoever does not have it yet; a report that the server finds too large, without its file. Raises DeliveryError."""
        recipients = [address for address in valid if address not in message.accepted]
        try:
            return self.send(self.compose(message, body, valid), recipients)
        except TooLarge:
            if not body:
                raise
        return self.send(self.compose(message, {**body, "csv": None}, valid), recipients)

    def possible(self, addresses: Sequence[str]) -> tuple[list[str], list[str]]:
        """The addresses that can be written to through this server, and what is wrong with the others. Raises DeliveryError."""
        valid, invalid = split_addresses(addresses)
        wrong = [f"{address[:200]!r} is no mail address" if address else "there is no address" for address in invalid]
        beyond = [address for address in valid if not address.isascii()]
        if not beyond or self.connection().has_extn("smtputf8"):
            return valid, wrong
        unable = [f"{address} needs SMTPUTF8, which the mail server does not offer" for address in beyond]
        return [address for address in valid if address not in beyond], [*wrong, *unable]

    def compose(self, message: Message, body: Row | None, valid: Sequence[str]) -> EmailMessage:
        """The whole mail: headers, plain text, HTML, and for a report its pictures and its CSV file."""
        now = self.clock()
        mail = headed(self.settings.sender, valid[0], valid[1:], message.subject)
        mail["Date"] = format_datetime(now)
        mail["Message-ID"] = message_id(message.key, self.settings.sender)
        if first := message.ref.get("message_id"):
            mail["In-Reply-To"] = mail["References"] = first
        if message.possible_repeat:
            mail["X-Possible-Repeat"] = "yes"
        fill(mail, message, body, self.zone, now)
        return mail

    def send(self, mail: EmailMessage, recipients: Sequence[str]) -> Handover:
        """Hand the mail over. Raises DeliveryError when it was refused as a whole, or the server fell silent."""
        smtp = self.connection()
        smtp.handing_over = False
        try:
            refused = smtp.send_message(mail, from_addr=self.settings.sender, to_addrs=list(recipients))
            self.heard_at = time.monotonic()
            return Handover([address for address in recipients if address not in refused], refused)
        except smtplib.SMTPRecipientsRefused as error:
            return Handover([], error.recipients)
        except (smtplib.SMTPException, OSError) as error:
            self.close()
            raise failure(error, smtp.handing_over) from None

    def connection(self) -> Smtp:
        """The open connection if it still answers, else a new one. Raises DeliveryError when none can be had.

        One that has answered just now still does: to ask each time costs as much as a recipient.
        """
        if self.smtp and time.monotonic() - self.heard_at < JUST_NOW:
            return self.smtp
        if self.smtp:
            with contextlib.suppress(smtplib.SMTPException, OSError):
                if self.smtp.rset()[0] == 250:
                    return self.smtp
        try:
            self.smtp = self.settings.connect()
        except (smtplib.SMTPException, OSError) as error:
            raise unconnected(f"mail server {self.settings.host}:{self.settings.port}: {plain(error)}", error) from None
        return self.smtp

    def close(self) -> None:
        """Say goodbye, as far as anybody listens."""
        if self.smtp:
            with contextlib.suppress(smtplib.SMTPException, OSError):
                self.smtp.quit()
        self.smtp = None


def unconnected(words: str, error: Exception) -> DeliveryError:
    """What it means that there is no connection: a refused login, or one that this server does not offer, is for us to mend."""
    refused = isinstance(error, smtplib.SMTPAuthenticationError) and error.smtp_code >= 500
    # in its bare form: no way to log in that both sides know
    if refused or isinstance(error, smtplib.SMTPNotSupportedError) or type(error) is smtplib.SMTPException:
        return DeliveryError(words, permanent=True, misconfigured=True)
    return DeliveryError(words, permanent=False, outage=True)


def failure(error: Exception, handing_over: bool) -> DeliveryError:
    """What a failed handover means. A refused sender is our fault and may be mended; a refused mail stays refused, as for its size."""
    if isinstance(error, smtplib.SMTPResponseException):
        return refusal(answer(error.smtp_code, error.smtp_error), error)
    if isinstance(error, smtplib.SMTPNotSupportedError):
        return DeliveryError(plain(error), permanent=True)
    return DeliveryError(f"the mail server went silent: {plain(error)}", permanent=False, uncertain=handing_over, outage=True)


def refusal(words: str, error: smtplib.SMTPResponseException) -> DeliveryError:
    """What the server's answer means, in these words."""
    if TOO_LARGE.match(words):
        return TooLarge(words, permanent=True)
    for_good = error.smtp_code >= 500
    if isinstance(error, smtplib.SMTPSenderRefused):
        return DeliveryError(f"sender refused: {words}", permanent=False, outage=True, misconfigured=for_good)
    return DeliveryError(words, permanent=for_good)


def fill(mail: EmailMessage, message: Message, body: Row | None, zone: ZoneInfo, now: datetime) -> None:
    """Text, HTML with its pictures, and for a report the whole list as a file."""
    plain_text, html = (body["plain"], body["html"]) if body else words(message, zone, now)
    without_file = body is not None and body["csv"] is None
    for note in (WITHOUT_FILE if without_file else "", REPEAT if message.possible_repeat else ""):
        plain_text, html = (f"{note}\n\n{plain_text}", html and noted(html, note)) if note else (plain_text, html)
    mail.set_content(plain_text)
    if html:
        add_html(mail, html)
    if body and not without_file:
        attach_csv(mail, body["csv"], f"{message.duty}-{body['period_end']:%Y%m%d-%H%M}")


def noted(html: str, note: str) -> str:
    """The page with a note on top: a report was rendered before anybody knew."""
    return re.sub(r"<body[^>]*>", lambda body: f"{body[0]}<p class='quiet' style='{NOTE}'>{note}</p>", html, count=1)


def words(message: Message, zone: ZoneInfo, now: datetime) -> tuple[str, str | None]:
    """Plain text and HTML. A template that breaks is replaced by the bare facts: no message is lost because of one."""
    makers = {"reminder": lambda: reminder.render(message.content, zone, now), "alert": lambda: alert.mail(message.content)}
    if message.template not in makers:
        return message.subject, None
    return alert.or_plain(message, makers[message.template], lambda text: (text, ""))


def remark(refused: Sequence[str]) -> str | None:
    """A line on who did not get it."""
    return f"refused: {', '.join(refused)}"[:1000] if refused else None


def answer(code: int, text: bytes | str) -> str:
    """The server's answer on one line."""
    return header_text(f"{code} {text.decode(errors='replace') if isinstance(text, bytes) else text}")[:300]


def plain(error: Exception) -> str:
    """The error on one line. Never the credentials: smtplib's errors hold the server's words only."""
    return header_text(str(error))[:300]
