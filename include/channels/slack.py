"""Slack: one message for each group, edited as the group changes, with replies in its thread for what somebody has to notice.

A webhook in place of a bot's token cannot edit: then each change is a message of its own. Whatever others have written is `plain_text`,
in which Slack knows no markup, links or mentions; `mrkdwn` is our own words alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import accumulate
from typing import Any

import httpx

from include.channels.alert import facts_of, headline, or_plain
from include.channels.http import TIMEOUT, post
from include.failures import DeliveryError
from include.message import Message, Receipt
from include.model import Severity
from include.store import Row
from include.store.text import dumps
from include.writing.wording import shown

MOST_BLOCKS, LONGEST_TEXT, LONGEST_HEADER, LONGEST_VALUE, LONGEST_LINE = 50, 3000, 150, 2000, 250
EVERYBODY = "<!channel>"
ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}
GONE = frozenset({"message_not_found", "cant_update_message", "edit_window_closed", "thread_not_found"})
WRONG_KEY = frozenset({"invalid_auth", "not_authed", "account_inactive", "token_revoked", "token_expired", "missing_scope"})
LATER = frozenset({"ratelimited", "internal_error", "fatal_error", "service_unavailable", "request_timeout"})


@dataclass(frozen=True, slots=True)
class SlackSettings:
    """A bot's token and where the API is, or an incoming webhook. `buttons`: whether what is pressed reaches us."""

    token: str = field(default="", repr=False)
    base: str = "https://slack.com/api"
    webhook: str = field(default="", repr=False)
    buttons: bool = False


class Slack:
    """The channel."""

    EDITS = True

    def __init__(self, settings: SlackSettings) -> None:
        self.settings = settings
        self.client = httpx.Client(timeout=TIMEOUT)

    def deliver(self, message: Message, body: Row | None) -> Receipt:
        """Post, edit, reply. Raises DeliveryError."""
        told = or_plain(message, lambda: page(message, self.settings.buttons), lambda text: plain_page(message, text))
        if self.settings.webhook:
            post(self.client, "Slack's webhook", self.settings.webhook, keyed=False, content=dumps(told), headers=JSON)
            return Receipt()
        thread = message.ref
        if thread and self.call("chat.update", {**told, **thread}, gone=True):
            self.reply(message, thread)
            return Receipt(ref=thread)
        answer = self.call("chat.postMessage", {**told, "channel": message.receiver})
        return Receipt(ref={"channel": answer["channel"], "ts": answer["ts"]})

    def reply(self, message: Message, thread: Mapping[str, Any]) -> None:
        """An edit notifies nobody: what matters is said in the thread, and to the whole channel when it became more severe."""
        if message.content.get("quiet"):
            return
        louder = or_plain(message, lambda: is_louder(message.content), lambda _: False)
        words = {"channel": thread["channel"], "thread_ts": thread["ts"], **announcement(message, louder), "reply_broadcast": louder}
        self.call("chat.postMessage", words, gone=True)

    def call(self, method: str, words: Mapping[str, Any], *, gone: bool = False) -> dict[str, Any]:
        """One call of the API; {} where the message is `gone` and that may be. Raises DeliveryError."""
        headers = {**JSON, "Authorization": f"Bearer {self.settings.token}"}
        keyed = method == "chat.update"  # to edit twice is to edit once
        answer = post(
            self.client, "Slack", f"{self.settings.base.rstrip('/')}/{method}", keyed=keyed, content=dumps(dict(words)), headers=headers
        )
        told = answered(answer)
        if told.get("ok"):
            return told
        if gone and told.get("error") in GONE:
            return {}
        raise refusal(str(told.get("error")))

    def close(self) -> None:
        """Let go of the connection."""
        self.client.close()


JSON = {"Content-Type": "application/json; charset=utf-8"}


def answered(answer: httpx.Response) -> dict[str, Any]:
    """What Slack says. Raises DeliveryError when that is not JSON: then it is not Slack that answers."""
    try:
        told = answer.json()
    except ValueError:
        told = None
    if not isinstance(told, dict):
        raise DeliveryError("what answers in Slack's place is not Slack", permanent=False, outage=True)
    return told


def refusal(error: str) -> DeliveryError:
    """What a refusal by the API means."""
    if error in LATER:
        return DeliveryError(f"Slack says {error}", permanent=False, retry_after=timedelta(seconds=30))
    return DeliveryError(f"Slack says {error[:100]}", permanent=True, misconfigured=error in WRONG_KEY)


def is_louder(content: Mapping[str, Any]) -> bool:
    """Whether it has become more severe than its receivers knew."""
    before, now = content.get("was"), Severity(content["severity"])
    return now is not Severity.SUCCESS and before is not None and now.rank > Severity(before).rank


def announcement(message: Message, louder: bool) -> dict[str, Any]:
    """What is said in the thread: the headline, to everybody in the channel when it is `louder`."""
    blocks = [section({"type": "mrkdwn", "text": EVERYBODY})] if louder else []
    words = f"{EVERYBODY} {fallback(message)}" if louder else fallback(message)
    return {"text": words, "blocks": [*blocks, section(plain_text(line(headline(message), LONGEST_TEXT)))]}


def page(message: Message, with_buttons: bool) -> dict[str, Any]:
    """The message in blocks: what is wrong, the worst, what to do, why one is told, and buttons while it is open."""
    facts = facts_of(message.content)
    repeat = "you may have had this before · " if message.possible_repeat else ""
    texts = texts_of(told_lines(facts)) + ([line(f"What to do: {facts['todo']}", LONGEST_TEXT)] if facts["todo"] else [])
    small = [plain_text(line(f"{repeat}{facts['since']} · why you are told: {facts['why']}", LONGEST_TEXT))]
    small += [{"type": "mrkdwn", "text": f"<{escaped(facts['link'])}|open it in Airflow>"}] if facts["link"] else []
    header = {"type": "header", "text": plain_text(line(message.subject, LONGEST_HEADER))}
    blocks = [header, *(section(plain_text(text)) for text in texts)][: MOST_BLOCKS - 2]
    blocks.append({"type": "context", "elements": small})
    if with_buttons and message.content["severity"] != Severity.SUCCESS:
        blocks.append(buttons(message.group_key))
    return {"text": fallback(message), "blocks": blocks}


def plain_page(message: Message, text: str) -> dict[str, Any]:
    """The bare facts."""
    return {"text": fallback(message), "blocks": [section(plain_text(part)) for part in texts_of(text.splitlines())[:MOST_BLOCKS]]}


def told_lines(facts: Mapping[str, Any]) -> list[str]:
    """A line for each alert, for each that is over, and for what else there is."""
    lines = [f"{alert['badge']}{looked_after(alert)}: {alert['summary']}" for alert in facts["alerts"]]
    lines += [f"over: {alert['resolution'] or alert['summary']}" for alert in facts["recovered"]]
    lines += [f"and {facts['more']} more"] if facts["more"] else []
    held = facts["held_back"]
    return [*lines, f"{held['count']} more held back:", *held["subjects"][:20]] if held else lines


def looked_after(alert: Mapping[str, Any]) -> str:
    """Who has said that they are on it: before the summary, which may be cut."""
    return f", acknowledged by {shown(alert['acknowledged_by'])}" if alert["acknowledged_by"] else ""


def texts_of(lines: Iterable[str]) -> list[str]:
    """The lines, each short enough to be read, in as few texts as may hold them."""
    texts: list[str] = []
    for one in lines:
        short = line(one, LONGEST_LINE)
        if texts and len(escaped(texts[-1])) + len(escaped(short)) < LONGEST_TEXT:
            texts[-1] += f"\n{short}"
        else:
            texts.append(short)
    return texts


def line(text: str, longest: int) -> str:
    """Somebody else's text on one line, so short that it has at most `longest` characters where the signs of markup are escaped."""
    short = shown(text, longest)
    if len(escaped(short)) > longest:
        lengths = accumulate(len(escaped(letter)) for letter in short)
        short = f"{short[: sum(length < longest for length in lengths)]}…"
    return short or "-"


def escaped(text: str) -> str:
    """The text as Slack takes it."""
    return "".join(ENTITIES.get(letter, letter) for letter in text)


def fallback(message: Message) -> str:
    """What a notification shows of the message."""
    return escaped(line(headline(message), LONGEST_TEXT - len(EVERYBODY) - 1))


def section(text: Mapping[str, Any]) -> dict[str, Any]:
    """One block of text."""
    return {"type": "section", "text": text}


def plain_text(text: str) -> dict[str, Any]:
    """A text in which nothing is more than it looks like."""
    return {"type": "plain_text", "text": escaped(text)}


def buttons(group: str) -> dict[str, Any]:
    """What somebody can do about it."""
    return {
        "type": "actions",
        "elements": [
            {"type": "button", "action_id": name, "value": group[:LONGEST_VALUE], "text": plain_text(words)}
            for name, words in (("ack", "Acknowledge"), ("resolve", "Resolve"))
        ],
    }
