"""SMS through Twilio's API, any gateway that speaks it, or one that apprise knows: in as few segments as it takes, and never many."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from importlib import import_module
from urllib.parse import quote

import httpx

from include.channels.alert import ascii_headline
from include.channels.http import TIMEOUT, post
from include.failures import DeliveryError
from include.message import Message, Receipt
from include.store import Row

# It would write a gateway's URL that it does not understand into the log, keys and all.
logging.getLogger("apprise").setLevel(logging.CRITICAL)

# GSM 03.38: the basic alphabet, and what takes two places of it.
BASIC = set(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
EXTENDED = set("^{}\\[~]|€")
# Characters in a message of one segment, and in each of several.
GSM, UCS2 = (160, 153), (70, 67)


@dataclass(frozen=True, slots=True)
class SmsSettings:
    """The account, its token, the number that it sends from, and where the API is. `segments`: how long a text may be.

    `apprise`: the gateway as a URL of apprise's, in place of all that.
    """

    account: str = ""
    token: str = field(default="", repr=False)
    sender: str = ""
    base: str = "https://api.twilio.com"
    segments: int = 3
    apprise: str | None = field(default=None, repr=False)


class Sms:
    """The channel."""

    EDITS = False

    def __init__(self, settings: SmsSettings) -> None:
        self.settings = settings
        self.client = httpx.Client(timeout=TIMEOUT, auth=(settings.account, settings.token))

    def deliver(self, message: Message, body: Row | None) -> Receipt:
        """Send it. Raises DeliveryError."""
        text = shortened(ascii_headline(message), self.settings.segments)
        if self.settings.apprise is not None:
            send_by_apprise(self.settings.apprise, message.receiver, text)
        else:
            self.send(message.receiver, text)
        return Receipt()

    def send(self, receiver: str, text: str) -> None:
        """Have Twilio send it. Raises DeliveryError."""
        url = f"{self.settings.base.rstrip('/')}/2010-04-01/Accounts/{self.settings.account}/Messages.json"
        form = {"To": receiver, "From": self.settings.sender, "Body": text}
        post(self.client, "the SMS gateway", url, keyed=False, data=form)

    def close(self) -> None:
        """Let go of the connection."""
        self.client.close()


def send_by_apprise(gateway: str, receiver: str, text: str) -> None:
    """Have apprise send it. Raises DeliveryError; of what went wrong apprise says no more than that something did."""
    try:
        notifier = import_module("apprise").Apprise()
    except ImportError:
        words = "SMS are to leave through apprise, which is not installed: pip install apprise"
        raise DeliveryError(words, permanent=True, misconfigured=True) from None
    if not notifier.add(f"{gateway}{'&' if '?' in gateway else '?'}to={quote(receiver, safe='')}"):
        raise DeliveryError("apprise does not know the SMS gateway in its connection", permanent=True, misconfigured=True)
    if not notifier.notify(body=text):
        raise DeliveryError("apprise could not hand it to the SMS gateway", permanent=False, outage=True)


def segments(text: str) -> int:
    """How many segments a text takes."""
    length, (alone, joined) = size(text)
    return 1 if length <= alone else -(-length // joined)


def size(text: str) -> tuple[int, tuple[int, int]]:
    """The text's length in places, and how many a segment has: one letter outside of GSM's alphabet makes all of them UCS-2."""
    if all(letter in BASIC or letter in EXTENDED for letter in text):
        return sum(2 if letter in EXTENDED else 1 for letter in text), GSM
    return len(text.encode("utf-16-be")) // 2, UCS2


def shortened(text: str, most: int) -> str:
    """The text on one line, cut so that it takes at most so many segments."""
    line = " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())
    if segments(line) <= most:
        return line
    end = len(line)
    while segments(f"{line[:end]}...") > most:
        end -= 1
    return f"{line[:end]}..."
