"""SMS through Twilio's API, or any gateway that speaks it: the text in as few segments as it takes, and never more than a few."""

from __future__ import annotations

from dataclasses import dataclass, field

import httpx

from include.channels.alert import ascii_subject
from include.channels.http import TIMEOUT, post
from include.message import Message, Receipt
from include.store import Row

# GSM 03.38: the basic alphabet, and what takes two places of it.
BASIC = set(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
EXTENDED = set("^{}\\[~]|€")
# Characters in a message of one segment, and in each of several.
GSM, UCS2 = (160, 153), (70, 67)


@dataclass(frozen=True, slots=True)
class SmsSettings:
    """The account, its token, the number that it sends from, and where the API is. `segments`: how long a text may be."""

    account: str
    token: str = field(repr=False)
    sender: str
    base: str = "https://api.twilio.com"
    segments: int = 3


class Sms:
    """The channel."""

    EDITS = False

    def __init__(self, settings: SmsSettings) -> None:
        self.settings = settings
        self.client = httpx.Client(timeout=TIMEOUT, auth=(settings.account, settings.token))

    def deliver(self, message: Message, body: Row | None) -> Receipt:
        """Send it. Raises DeliveryError."""
        url = f"{self.settings.base.rstrip('/')}/2010-04-01/Accounts/{self.settings.account}/Messages.json"
        form = {"To": message.receiver, "From": self.settings.sender, "Body": shortened(ascii_subject(message), self.settings.segments)}
        post(self.client, "the SMS gateway", url, keyed=False, data=form)
        return Receipt()

    def close(self) -> None:
        """Let go of the connection."""
        self.client.close()


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
