"""Slack: one message for each group, edited as the group changes, with replies in its thread for what somebody has to notice.

A webhook in place of a bot's token cannot edit: then each change is a message of its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import httpx

from include.channels.alert import facts_of, or_plain
from include.channels.http import TIMEOUT, post
from include.failures import DeliveryError
from include.message import Message, Receipt
from include.model import Severity
from include.store import Row
from include.store.text import dumps

MOST_BLOCKS, LONGEST_TEXT, LONGEST_VALUE = 50, 3000, 2000
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
        shown = or_plain(message, lambda: page(message, self.settings.buttons), lambda text: {"text": escaped(text)[:LONGEST_TEXT]})
        if self.settings.webhook:
            post(self.client, "Slack's webhook", self.settings.webhook, keyed=False, content=dumps(shown), headers=JSON)
            return Receipt()
        thread = message.ref
        if thread and self.call("chat.update", {**shown, **thread}, gone=True):
            self.reply(message, thread)
            return Receipt(ref=thread)
        answer = self.call("chat.postMessage", {**shown, "channel": message.receiver})
        return Receipt(ref={"channel": answer["channel"], "ts": answer["ts"]})

    def reply(self, message: Message, thread: Mapping[str, Any]) -> None:
        """An edit notifies nobody: what matters is said in the thread, and to the whole channel when it became more severe."""
        if message.content.get("quiet"):
            return
        before, now = message.content.get("was"), message.content["severity"]
        louder = now != Severity.SUCCESS and before is not None and Severity(now).rank > Severity(before).rank
        text = f"{'<!channel> ' if louder else ''}{escaped(message.subject)}"[:LONGEST_TEXT]
        words = {"channel": thread["channel"], "thread_ts": thread["ts"], "text": text, "reply_broadcast": louder}
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


def escaped(text: str) -> str:
    """Text in which nothing is a mention, a link or markup; the backtick, too, so that nothing ends a code span."""
    plain = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return "".join("\u2019" if c == "`" else c for c in plain if c.isprintable() or c == "\n")


def page(message: Message, with_buttons: bool) -> dict[str, Any]:
    """The message in blocks: what is wrong, the worst, what to do, why one is told, and buttons while it is open."""
    facts = facts_of(message.content)
    lines = [f"*{escaped(alert['badge'])}* {escaped(alert['summary'])[:250]}" for alert in facts["alerts"]]
    lines += [f"over: {escaped(alert['resolution'] or alert['summary'])[:250]}" for alert in facts["recovered"]]
    more = [f"and {facts['more']} more"] if facts["more"] else []
    held = facts["held_back"]
    held_back = [f"*{held['count']} more held back*", *(escaped(one)[:200] for one in held["subjects"][:20])] if held else []
    texts = [f"*{escaped(message.subject)}*", *blocks_of([*lines, *more, *held_back])]
    texts += [f"*What to do:* {escaped(facts['todo'])}"] if facts["todo"] else []
    small = f"{escaped(facts['since'])} · why you are told: {escaped(facts['why'])}"
    small += f" · <{facts['link']}|open it in Airflow>" if facts["link"] else ""
    blocks = [section(text) for text in texts][: MOST_BLOCKS - 2]
    blocks.append({"type": "context", "elements": [{"type": "mrkdwn", "text": small[:LONGEST_TEXT]}]})
    if with_buttons and message.content["severity"] != Severity.SUCCESS:
        blocks.append(buttons(message.group_key))
    return {"text": escaped(message.subject)[:LONGEST_TEXT], "blocks": blocks}


def blocks_of(lines: list[str]) -> list[str]:
    """The lines, in as few texts as may hold them."""
    texts: list[str] = []
    for line in lines:
        if texts and len(texts[-1]) + len(line) < LONGEST_TEXT:
            texts[-1] += f"\n{line}"
        else:
            texts.append(line[:LONGEST_TEXT])
    return texts


def section(text: str) -> dict[str, Any]:
    """One block of text."""
    return {"type": "section", "text": {"type": "mrkdwn", "text": text[:LONGEST_TEXT]}}


def buttons(group: str) -> dict[str, Any]:
    """What somebody can do about it."""
    return {
        "type": "actions",
        "elements": [
            {"type": "button", "action_id": name, "value": group[:LONGEST_VALUE], "text": {"type": "plain_text", "text": words}}
            for name, words in (("ack", "Acknowledge"), ("resolve", "Resolve"))
        ],
    }
