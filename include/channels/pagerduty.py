"""PagerDuty, Events API v2: one incident per group, by its dedup_key, so that nothing doubles however often it is sent."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx

from include.channels.alert import or_plain
from include.channels.http import TIMEOUT, post, wrong_connection
from include.message import Message, Receipt
from include.model import Severity
from include.store import Row
from include.store.text import dumps

REGIONS = {"us": "https://events.pagerduty.com", "eu": "https://events.eu.pagerduty.com"}
ACTIONS = {"recovered": "resolve", "acknowledged": "acknowledge"}
LONGEST_SUMMARY, LONGEST_KEY, LARGEST = 1024, 255, 512 * 1024
INVALID = 400


@dataclass(frozen=True, slots=True)
class PagerDutySettings:
    """The integration's key, and where it is used: `us`, `eu` or a URL."""

    key: str = field(repr=False)
    region: str = "us"

    @property
    def url(self) -> str:
        """Where events go."""
        return f"{REGIONS.get(self.region, self.region).rstrip('/')}/v2/enqueue"


class PagerDuty:
    """The channel. It shows one thing per group, which changes."""

    EDITS = True

    def __init__(self, settings: PagerDutySettings) -> None:
        self.settings = settings
        self.client = httpx.Client(timeout=TIMEOUT)

    def deliver(self, message: Message, body: Row | None) -> Receipt:
        """Trigger, acknowledge or resolve. Raises DeliveryError."""
        event = or_plain(message, lambda: self.event(message, message.content), lambda text: self.event(message, {"plain": text}))
        headers = {"Content-Type": "application/json"}
        post(self.client, "PagerDuty", self.settings.url, keyed=True, misconfigured=wrong_key, content=dumps(event), headers=headers)
        return Receipt()

    def event(self, message: Message, content: Mapping[str, Any]) -> dict[str, Any]:
        """The event as the API takes it."""
        head = {"routing_key": self.settings.key, "dedup_key": dedup_key(message.group_key)}
        action = "resolve" if content.get("severity") == "success" else ACTIONS.get(message.reason, "trigger")
        if action != "trigger":
            return {**head, "event_action": action}
        return {**head, "event_action": action, "client": "SecureNet Monitoring", "payload": payload(message, content), **links(content)}

    def close(self) -> None:
        """Let go of the connection."""
        self.client.close()


def wrong_key(answer: httpx.Response) -> bool:
    """Whether it is the key that is refused. PagerDuty says 400 to it, as to any other fault of an event, but names what else is wrong."""
    if answer.status_code != INVALID:
        return wrong_connection(answer)
    try:
        told = answer.json()
        faults = [str(fault) for fault in told.get("errors") or []]
    except (ValueError, AttributeError, TypeError):
        return False
    return told.get("status") == "invalid event" and (not faults or any("routing" in fault.lower() for fault in faults))


def payload(message: Message, content: Mapping[str, Any]) -> dict[str, Any]:
    """What people see of it; details that would be too large are left out."""
    group = content.get("group") or {}
    made = {
        "summary": message.subject[:LONGEST_SUMMARY],
        "severity": Severity(content.get("severity", Severity.CRITICAL)),
        "source": group.get("labels", {}).get("target") or group.get("duty") or message.duty,
        "component": group.get("rule", ""),
        "group": message.group_key,
        "custom_details": {name: value for name, value in content.items() if name not in ("group", "quiet", "person")},
    }
    if len(dumps(made).encode()) > LARGEST - 2048:
        made["custom_details"] = {"counts": content.get("counts"), "todo": content.get("todo"), "why": content.get("why")}
    return made


def links(content: Mapping[str, Any]) -> dict[str, Any]:
    """The way into Airflow, if there is one."""
    return {"links": [{"href": content["link"], "text": "Open it in Airflow"}]} if content.get("link") else {}


def dedup_key(group: str) -> str:
    """The group's key, or what is left of it when it is too long."""
    return group if len(group) <= LONGEST_KEY else hashlib.sha256(group.encode()).hexdigest()
