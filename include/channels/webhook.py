"""A webhook: JSON with a signature over time and body, in a shape of our own or as Alertmanager sends it, so that its receivers work."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import httpx

from include.channels.alert import or_plain
from include.channels.http import TIMEOUT, post
from include.message import Message, Receipt
from include.model import Clock
from include.store import Row
from include.store.text import dumps

NOT_YET = "0001-01-01T00:00:00Z"


@dataclass(frozen=True, slots=True)
class WebhookSettings:
    """Where to, signed with which secret, in which shape: `securenet` or `alertmanager`."""

    url: str = field(repr=False)
    secret: str = field(default="", repr=False)
    shape: str = "securenet"


class Webhook:
    """The channel."""

    EDITS = False

    def __init__(self, settings: WebhookSettings, clock: Clock) -> None:
        self.settings = settings
        self.clock = clock
        self.client = httpx.Client(timeout=TIMEOUT)

    def deliver(self, message: Message, body: Row | None) -> Receipt:
        """POST it; the Idempotency-Key tells a repeat. Raises DeliveryError."""
        make = alertmanager if self.settings.shape == "alertmanager" else own
        text = dumps(or_plain(message, lambda: make(message), lambda _: own(message))).encode()
        post(self.client, "the webhook", self.settings.url, keyed=True, content=text, headers=self.headers(message, text))
        return Receipt()

    def headers(self, message: Message, text: bytes) -> dict[str, str]:
        """Who sends it, when, and proof of both: HMAC-SHA256 over `<timestamp>.<body>`."""
        at = str(int(self.clock().timestamp()))
        known = {"Content-Type": "application/json", "Idempotency-Key": message.key, "X-SecureNet-Timestamp": at}
        if not self.settings.secret:
            return known
        return {**known, "X-SecureNet-Signature": f"sha256={signature(self.settings.secret, at, text)}"}

    def close(self) -> None:
        """Let go of the connection."""
        self.client.close()


def signature(secret: str, at: str, body: bytes) -> str:
    """64 hex digits; whoever knows the secret can check them."""
    return hmac.new(secret.encode(), f"{at}.".encode() + body, hashlib.sha256).hexdigest()


def own(message: Message) -> dict[str, Any]:
    """Everything there is."""
    return {
        "key": message.key,
        "duty": message.duty,
        "group_key": message.group_key,
        "subject": message.subject,
        "possible_repeat": message.possible_repeat,
        **message.content,
    }


def alertmanager(message: Message) -> dict[str, Any]:
    """Alertmanager's webhook, version 4. An alert that has ended is named as it was when it began: by the same labels and fingerprint."""
    content = message.content
    ours = {"alertname": content["group"]["rule"], "duty": message.duty, **content["group"]["labels"]}
    link = content.get("link") or ""
    alerts = [one_of_many(ours, alert, link) for alert in (*content["alerts"], *content["recovered"])] or [the_group(ours, content, link)]
    return {
        "version": "4",
        "groupKey": message.group_key,
        "truncatedAlerts": content.get("more", 0) + max(content["counts"].get("recovered", 0) - len(content["recovered"]), 0),
        "status": "firing" if any(alert["status"] == "firing" for alert in alerts) else "resolved",
        "receiver": message.receiver,
        "groupLabels": ours,
        "commonLabels": common([alert["labels"] for alert in alerts]),
        "commonAnnotations": {"summary": content["title"], "description": content.get("todo") or ""},
        "externalURL": link,
        "alerts": alerts,
    }


def one_of_many(ours: Mapping[str, str], alert: Mapping[str, Any], link: str) -> dict[str, Any]:
    """One alert, firing or, where it says since when, resolved."""
    ended = alert.get("resolved_at")
    return {
        "status": "resolved" if ended else "firing",
        "labels": {**ours, **alert["labels"], "severity": alert["severity"]},
        "annotations": {"summary": (ended and alert["resolution"]) or alert["summary"]},
        "startsAt": alert["opened_at"],
        "endsAt": ended or NOT_YET,
        "generatorURL": link,
        "fingerprint": alert["fingerprint"][:16],
    }


def the_group(ours: Mapping[str, str], content: Mapping[str, Any], link: str) -> dict[str, Any]:
    """The end of a group whose alerts the store no longer has."""
    known = {"labels": {}, "severity": content["was"] or content["severity"], "summary": content["title"], "resolution": None}
    return one_of_many(ours, {**known, "opened_at": content["opened_at"], "resolved_at": content["at"], "fingerprint": ""}, link)


def common(labels: Sequence[Mapping[str, str]]) -> dict[str, str]:
    """What all of them have in common."""
    return {name: value for name, value in labels[0].items() if all(other.get(name) == value for other in labels)}
