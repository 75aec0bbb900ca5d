"""Who is told of an alert, and how their channels stand."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from include.message import MessageState
from include.model import Alert, Traits
from include.routing import Recipient, Routes
from include.store.groups import Place

# Their e-mail is a digest, made by their report: their alerts cause no mails of their own.
DIGEST_DUTIES = frozenset({"account_expiration"})


@dataclass(frozen=True)
class Directory:
    """Looks people and places up. `editing`: the channels that can change what they showed."""

    routing: Callable[[str], Routes]
    traits_of: Callable[[str], Traits]
    editing: frozenset[str] = frozenset()

    def routes(self, alert: Alert, now: datetime) -> Sequence[Recipient]:
        """Who is told at once."""
        routes = self.routing(alert.duty)
        channels = [one for one in routes.channels if one != "email" or alert.duty not in DIGEST_DUTIES]
        return [recipient for channel in channels for recipient in routes.recipients(channel, alert.duty)]

    def steps(self, alert: Alert) -> Sequence[tuple[datetime, Sequence[Recipient]]]:
        """Whom the matrix brings in, and when."""
        return []

    def known(self, place: Place, person: str | None, now: datetime) -> Recipient:
        """Somebody who was told before, whatever the routes say now."""
        return Recipient(*place, person, None, "you were told of the problem", "UTC")

    def standing(self, channel: str, receiver: str | None) -> tuple[MessageState, str | None]:
        """Whether a message can leave, and why not."""
        return self.routing("").standing(channel, receiver)

    def edits(self, channel: str) -> bool:
        """Whether the channel can change what it showed."""
        return channel in self.editing

    def traits(self, duty: str, rule: str) -> Traits:
        """What a rule is like."""
        return self.traits_of(rule)
