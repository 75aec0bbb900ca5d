"""The words of an alert message, for every channel: what is said of it, in the receiver's time zone, and what is said when that breaks."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from include.message import Message
from include.model import Severity
from include.writing.rendering import render
from include.writing.wording import long_moment

log = logging.getLogger(__name__)
Made = TypeVar("Made")
# What has happened, in a word or two behind the badge.
HAPPENED = {
    "opened": "open",
    "no_data": "no data",
    "worsened": "worse than before",
    "eased": "better, and not over",
    "reminded": "still open",
    "acknowledged": "looked after",
    "recovered": "over",
}


def facts_of(content: Mapping[str, Any]) -> dict[str, Any]:
    """What templates print. Names in it are hostile: each medium escapes for itself."""
    zone = ZoneInfo(content.get("zone") or "UTC")
    over = content["severity"] == Severity.SUCCESS
    labels = content["group"]["labels"]
    return {
        **{name: content.get(name) for name in ("severity", "more", "held_back", "link")},
        "todo": None if over else content.get("todo"),
        "badge": Severity(content["severity"]).badge,
        "what": HAPPENED.get(content["reason"], ""),
        "title": content["title"],
        "heading": content["title"],
        "lead": content["title"][:200],
        "since": f"since {written(content['opened_at'], zone)}" + (f", over at {written(content['at'], zone)}" if over else ""),
        "where": ", ".join(f"{name} {value}" for name, value in sorted(labels.items())),
        "alerts": [shown_alert(alert, zone) for alert in content["alerts"]],
        "recovered": content.get("recovered", []),
        "why": content.get("why") or "you are a receiver of this alert",
        "rule": content["group"]["rule"],
        "duty": content["group"]["duty"],
        "zone": zone.key,
    }


def shown_alert(alert: Mapping[str, Any], zone: ZoneInfo) -> dict[str, Any]:
    """One alert of the list."""
    return {**alert, "badge": Severity(alert["severity"]).badge, "since": written(alert["opened_at"], zone)}


def written(moment: str, zone: ZoneInfo) -> str:
    """A moment of the content, as people read it."""
    return long_moment(datetime.fromisoformat(moment), zone)


def mail(content: Mapping[str, Any]) -> tuple[str, str]:
    """The mail as (plain text, HTML)."""
    values = facts_of(content)
    return render("channels/alert.txt", **values), render("channels/alert.html", **values)


def or_plain(message: Message, make: Callable[[], Made], plain: Callable[[str], Made]) -> Made:
    """What `make` makes, else the bare facts: no message is lost because a template broke."""
    try:
        return make()
    except Exception as error:  # whatever a template or what it is given can raise: all of it means the same
        log.warning("message %s is sent without its template: %s", message.id, error)
        return plain("\n".join([headline(message), *(f"{name}: {value}" for name, value in message.content.items())]))


def headline(message: Message) -> str:
    """`🚨 CRITICAL: Database connection failed`, and whether the receiver may have had it before."""
    return message.subject + (" (possible repeat)" if message.possible_repeat else "")


def ascii_headline(message: Message) -> str:
    """`CRITICAL: Database connection failed`: the sign in front of the severity takes most of an SMS's alphabet away.

    What may be a repeat says so in front, where nothing is cut.
    """
    head, colon, rest = message.subject.partition(": ")
    words = f"{head.split()[-1]}: {rest}" if colon and head.strip() else message.subject
    return f"Repeat? {words}" if message.possible_repeat else words
