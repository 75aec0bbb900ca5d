"""Who gets the reports and news of a duty, and whether a channel can be used: the short form, a duty's channels and the administrators."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from include.audience import Audience
from include.config.people import Person
from include.config.settings import Settings
from include.message import MessageState

ADMINISTRATOR = "administrator"
EVERYTHING = "*"


@dataclass(frozen=True, slots=True)
class Routes:
    """Where a duty's news goes. `configured`: the channels that have what they need; the others are recorded, never tried."""

    settings: Settings
    channels: Sequence[str]
    configured: frozenset[str]
    default_receiver: str | None

    def standing(self, channel: str, receiver: str | None) -> tuple[MessageState, str | None]:
        """Whether a message through this channel can leave, and why not."""
        if channel not in self.configured:
            return MessageState.NOT_CONFIGURED, f"channel {channel} is not configured, see `make config`"
        if not receiver:
            return MessageState.NO_RECEIVER, "nobody to tell: set SECURENET_ADMIN_EMAIL, or roles.administrator"
        return MessageState.PENDING, None

    def audiences(self, per_organization: bool, organizations: Sequence[str]) -> Iterator[Audience]:
        """Which reports there are by mail. Nobody gets what is outside their scope; whoever sees all also sees to the monitoring."""
        everyone = self.addresses(person for person in self.administrators if EVERYTHING in person.organizations) or self.fallback
        if not per_organization or not organizations:
            yield from (Audience(None, receivers, zone=zone) for zone, receivers in everyone.items())
        for organization in organizations:
            if per_organization:
                yield from (Audience(organization, receivers, zone=zone) for zone, receivers in everyone.items())
            limited = self.addresses(person for person in self.administrators if organization in person.organizations)
            yield from (Audience(organization, receivers, limited=True, zone=zone) for zone, receivers in limited.items())

    @property
    def administrators(self) -> list[Person]:
        """The people in the role, with or without an address."""
        return list(self.settings.holders(ADMINISTRATOR))

    @property
    def fallback(self) -> dict[ZoneInfo, list[str]]:
        """Whoever there is when nobody has the role for everything; an empty name where nobody is, so that it is on record."""
        return {ZoneInfo(self.settings.monitoring.zone): [self.default_receiver or ""]}

    def addresses(self, people: Iterable[Person]) -> dict[ZoneInfo, list[str]]:
        """Their mail addresses, each once, by the zone in which they read times."""
        zones: dict[str, str] = {}
        for person in people:
            if person.email:
                zones.setdefault(person.email, person.zone or self.settings.monitoring.zone)
        return {ZoneInfo(zone): [address for address in zones if zones[address] == zone] for zone in dict.fromkeys(zones.values())}
