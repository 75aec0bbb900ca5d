"""The mail to an account's owner: what ends, when, what happens then, and whom to ask. Time left is counted when the mail leaves."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from include.writing.rendering import render as render_template
from include.writing.wording import long_moment, shown, span

WHAT = {
    "account": "your account",
    "password": "the password of your account",
    "contract": "the contract behind your account",
    "membership": "a group membership of your account",
}
AFTERWARDS = {
    "account": "you may no longer be able to sign in",
    "password": "you may have to set a new one before you can sign in",
    "contract": "your account may be closed",
    "membership": "you may lose what the group gives you access to",
}
# What follows "ask <whoever is responsible> to".
REQUESTS = {
    "account": "have the account's end date moved",
    "password": "reset it for you",
    "contract": "have the new end date of the contract entered",
    "membership": "extend the membership",
}


def render(content: Mapping[str, Any], zone: ZoneInfo, now: datetime) -> tuple[str, str]:
    """The mail as (plain text, HTML), from a reminder's content as the store holds it."""
    ends = datetime.fromisoformat(content["expires_at"])
    values = {**facts_of(content), **times(ends, ends + timedelta(days=content["grace_days"]), zone, now)}
    values["title"] = f"{values['what']} {values['verb']} {values['how_long']}".capitalize()
    return render_template("channels/reminder.txt", **values), render_template("channels/reminder.html", **values)


def facts_of(content: Mapping[str, Any]) -> dict[str, Any]:
    """What does not depend on the time. Names are hostile; the templates show them harmless."""
    kind = content["kind"]
    manager = shown(content["manager_name"])
    return {
        "kind": kind,
        "what": WHAT[kind],
        "name": content["full_name"] or content["username"],
        "username": content["username"],
        "organization": content["organization"],
        "groups": content["groups"] if kind == "membership" else "",
        "afterwards": AFTERWARDS[kind],
        "request": REQUESTS[kind],
        "whom": f"your manager, {manager}," if manager else "your administrator",
        "copied": (manager or "your manager") if content["cc"] else "",
    }


def times(ends: datetime, grace_ends: datetime, zone: ZoneInfo, now: datetime) -> dict[str, Any]:
    """Where the end lies as seen from now: `ahead`, in `grace`, or `over`; and the words for it."""
    phase = "ahead" if now < ends else "grace" if now <= grace_ends else "over"
    return {
        "phase": phase,
        "verb": "ends" if phase == "ahead" else "ended",
        "ends": long_moment(ends, zone),
        "how_long": f"in {span(ends - now)}" if phase == "ahead" else f"{span(ends - now)} ago",
        "grace": span(grace_ends - ends) if grace_ends > ends else "",
        "grace_ends": long_moment(grace_ends, zone),
        "grace_left": span(grace_ends - now),
    }
