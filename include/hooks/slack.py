"""Buttons under a Slack message (`block_actions`), signed as Slack signs every request: version, time and body."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs

from include.hooks import Call, Wish, signed

TIME, SIGNATURE = "x-slack-request-timestamp", "x-slack-signature"
ACTIONS = {"ack": "acknowledge", "resolve": "resolve"}


class Slack:
    """The hook. The time that Slack signs is that of the call itself."""

    KNOWN_ONLY = True
    PATIENCE = timedelta(minutes=5)

    def proves(self, call: Call, secret: str) -> bool:
        """Whether Slack has signed it at the time that it names."""
        version, _, signature = call.headers.get(SIGNATURE, "").partition("=")
        text = b":".join((b"v0", call.headers.get(TIME, "").encode(), call.body))
        return version == "v0" and signed(secret, text, signature)

    def wish(self, call: Call) -> Wish | None:
        """The button that was pressed; None for anything else. Its signature is its id: no two are signed for the same second."""
        payload: dict[str, Any] = json.loads(parse_qs(call.body.decode(), strict_parsing=True)["payload"][0])
        if payload["type"] != "block_actions" or payload["actions"][0]["action_id"] not in ACTIONS:
            return None
        pressed, user = payload["actions"][0], payload["user"]
        at = datetime.fromtimestamp(int(call.headers[TIME]), UTC)
        return Wish(call.headers[SIGNATURE], ACTIONS[pressed["action_id"]], pressed["value"], user["id"], user.get("username", ""), at)
