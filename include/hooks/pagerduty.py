"""PagerDuty's webhooks, version 3: an incident was acknowledged or resolved by a person."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any

from include.hooks import Call, Wish, signed
from include.model import aware

SIGNATURES = "x-pagerduty-signature"
ACTIONS = {"incident.acknowledged": "acknowledge", "incident.resolved": "resolve"}


class PagerDuty:
    """The hook. PagerDuty has its own idea of who may answer an incident, and tries again for hours while nobody hears it."""

    KNOWN_ONLY = False
    PATIENCE = timedelta(hours=12)

    def proves(self, call: Call, secret: str) -> bool:
        """Whether one of the signatures is PagerDuty's: while a secret is being replaced there are two."""
        found = (one.strip().partition("=") for one in call.headers.get(SIGNATURES, "").split(","))
        return any([version == "v1" and signed(secret, call.body, signature) for version, _, signature in found])

    def wish(self, call: Call) -> Wish | None:
        """What a person did to an incident of ours. What an integration did, as ours does, is no news."""
        event: dict[str, Any] = json.loads(call.body)["event"]
        agent = event.get("agent") or {}
        if event["event_type"] not in ACTIONS or agent.get("type") != "user_reference":
            return None
        group, at = event["data"]["incident_key"], aware(datetime.fromisoformat(event["occurred_at"]))
        return Wish(event["id"], ACTIONS[event["event_type"]], group, agent["id"], agent.get("summary", ""), at) if group else None
