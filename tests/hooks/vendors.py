"""Calls as the vendors make them, signed."""

from __future__ import annotations

import hashlib
import hmac
import json
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from include.hooks import Call

SECRET = "a-signing-secret"


def pagerduty(at: datetime, group: str, event_type: str = "incident.acknowledged", *, secret: str = SECRET, **event: Any) -> Call:
    """A webhook of version 3."""
    agent = {"id": "PLH1HKV", "summary": "Tenex Engineer", "type": "user_reference"}
    words = {"id": "01BZ", "event_type": event_type, "occurred_at": at.isoformat().replace("+00:00", "Z"), "agent": agent}
    body = json.dumps({"event": {**words, "data": {"id": "PGR0VU2", "incident_key": group}, **event}}).encode()
    return signed_pagerduty(body, secret)


def signed_pagerduty(body: bytes, secret: str = SECRET) -> Call:
    """Any body, signed with two secrets, as while one is being replaced."""
    proof = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    return Call({"x-pagerduty-signature": f"v1={'0' * 64},v1={proof}"}, body)


def slack(at: datetime, group: str, button: str = "ack", user: str = "U02ANN", *, secret: str = SECRET, **payload: Any) -> Call:
    """A pressed button."""
    pressed = {"action_id": button, "value": group, "type": "button"}
    words = {"type": "block_actions", "user": {"id": user, "username": "ann.ito"}, "actions": [pressed], **payload}
    return signed_slack(at, urlencode({"payload": json.dumps(words)}).encode(), secret)


def signed_slack(at: datetime, body: bytes, secret: str = SECRET) -> Call:
    """Any body, signed at a moment."""
    stamp = str(int(at.timestamp()))
    proof = hmac.new(secret.encode(), f"v0:{stamp}:".encode() + body, hashlib.sha256).hexdigest()
    return Call({"x-slack-request-timestamp": stamp, "x-slack-signature": f"v0={proof}"}, body)
