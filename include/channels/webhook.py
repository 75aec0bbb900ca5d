"""A webhook: JSON with a signature over time and body, in a shape of our own or as Alertmanager sends it, so that its receivers work."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass, field
from typing import Any

import httpx

from include.channels.http import TIMEOUT, post
from include.message import Message, Receipt
from include.model import Clock
from include.store import Row
from include.store.text import dumps


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
        content = alertmanager(message) if self.settings.shape == "alertmanager" else own(message)
        text = dumps(content).encode()
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
    """Alertmanager's webhook, version 4."""
    content = message.content
    labels = {"alertname": content["group"]["rule"], "duty": message.duty, **content["group"]["labels"]}
    over = content["severity"] == "success"
    status = "resolved" if over else "firing"
    alerts = content["alerts"] or [{"labels": {}, "summary": content["title"], "opened_at": content["opened_at"], "fingerprint": ""}]
    return {
        "version": "4",
        "groupKey": message.group_key,
        "truncatedAlerts": content.get("more", 0),
        "status": status,
        "receiver": message.receiver,
        "groupLabels": labels,
        "commonLabels": labels,
        "commonAnnotations": {"summary": content["title"], "description": content.get("todo") or ""},
        "externalURL": content.get("link") or "",
        "alerts": [
            {
                "status": status,
                "labels": {**labels, **alert["labels"], "severity": alert.get("severity", content["severity"])},
                "annotations": {"summary": alert["summary"]},
                "startsAt": alert["opened_at"],
                "endsAt": content["at"] if over else "0001-01-01T00:00:00Z",
                "generatorURL": content.get("link") or "",
                "fingerprint": alert["fingerprint"][:16],
            }
            for alert in alerts
        ],
    }
