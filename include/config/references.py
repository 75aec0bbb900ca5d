"""What one section names of another: people, roles and calendars that must be there."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, LiteralString, NamedTuple

from pydantic_core import InitErrorDetails, PydanticCustomError

from include.config.calendars import OFFICE
from include.config.people import DEFAULT_ROLES, Holders, RotatingRole
from include.config.rules import complaints
from include.config.section import EVERYTHING, Organizations, may_see

if TYPE_CHECKING:
    from include.config.routes import EscalationStep, Route, Target
    from include.config.settings import Settings

REFERENCE: LiteralString = "reference"
Place = tuple[str | int, ...]


class Problem(NamedTuple):
    """What is wrong where, and what would be allowed."""

    place: Place
    value: Any
    what: str
    section: str = ""

    def details(self) -> InitErrorDetails:
        """As pydantic takes it; `section`: the one that does not have the name."""
        error = PydanticCustomError(REFERENCE, "{what}", {"what": self.what, "section": self.section})
        return InitErrorDetails(type=error, loc=self.place, input=self.value)


def problems(settings: Settings) -> Iterator[Problem]:
    """All of them; none for a configuration that hangs together."""
    yield from role_problems(settings)
    for number, route in enumerate(settings.routes):
        yield from route_problems(settings, ("routes", number), route)
    for priority in type(settings.escalation).model_fields:
        for number, step in enumerate(settings.escalation.of(priority)):
            yield from step_problems(settings, ("escalation", priority, number), step)
    for number, key, value, what in complaints(settings) if settings.rules else ():
        yield Problem(("rules", number, key), value, what)


def role_problems(settings: Settings) -> Iterator[Problem]:
    """Roles of people who are not there, or of nobody."""
    for role, holders in settings.roles.items():
        for name in named(holders):
            yield from unknown(("roles", role), name, settings.people, "people", "nobody yet")
        if not holders:
            yield Problem(("roles", role), [], "a role without people; allowed: at least one, as in [ann], or no word of the role")
        if isinstance(holders, RotatingRole) and role == "administrator":
            yield Problem(("roles", role), "rotation", "digests go to fixed people; allowed: a list of people, as in administrator: [ann]")


def route_problems(settings: Settings, place: Place, route: Route) -> Iterator[Problem]:
    """What a route names."""
    yield from unknown_calendar(settings, (*place, "match", "calendar"), route.match.calendar)
    yield from unknown_calendar(settings, (*place, "match", "outside"), route.match.outside)
    for number, target in enumerate(route.to):
        yield from target_problems(settings, (*place, "to", number), target)
        yield from scope_problems(settings, (*place, "to", number), target, route.match.labels.get("organization", ()))


def step_problems(settings: Settings, place: Place, step: EscalationStep) -> Iterator[Problem]:
    """What a step of the matrix names."""
    yield from unknown_calendar(settings, (*place, "calendar"), step.calendar)
    for role in step.roles:
        yield from unknown_role(settings, (*place, "roles"), role)


def target_problems(settings: Settings, place: Place, target: Target) -> Iterator[Problem]:
    """A role or a person who is not there, or cannot be reached through the channel."""
    if target.role:
        yield from unknown_role(settings, (*place, "role"), target.role)
    if target.person:
        yield from unknown((*place, "person"), target.person, settings.people, "people", "nobody yet")
        person = settings.people.get(target.person)
        if person and not person.address(target.channel):
            key = {"sms": "phone"}.get(target.channel, target.channel)
            what = f"{target.person} cannot be reached through {target.channel}; allowed: with {key} in people.{target.person}"
            yield Problem((*place, "person"), target.person, what)


def scope_problems(settings: Settings, place: Place, target: Target, organizations: Sequence[str]) -> Iterator[Problem]:
    """A target that may see nothing of what its route is for."""
    scopes = list(scopes_of(settings, target))
    if organizations and scopes and not any(may_see(scope, one) for scope in scopes for one in organizations):
        named_by = [(name, value) for name in ("role", "person", "receiver", "channel") if (value := getattr(target, name))]
        key, value = named_by[0]
        what = f"{value} may see nothing of {', '.join(organizations)}, and nobody is reached; allowed: with one of them in `organizations`"
        yield Problem((*place, key), value, what)


def scopes_of(settings: Settings, target: Target) -> Iterator[Organizations]:
    """What each of those whom a target tells may see; who is not there is refused elsewhere."""
    if not (target.role or target.person):
        yield target.organizations or (EVERYTHING if target.receiver else settings.channels.scope(target.channel))
    names = [target.person] if target.person else named(settings.roles.get(target.role or "", ()))
    yield from (settings.people[name].organizations if name in settings.people else EVERYTHING for name in names)


def named(holders: Holders) -> Iterable[str]:
    """Everybody who has or may come to have a role, each once."""
    return dict.fromkeys(holders.rotation.named() if isinstance(holders, RotatingRole) else holders)


def unknown_role(settings: Settings, place: Place, role: str) -> Iterator[Problem]:
    """A role that is neither configured nor known by default."""
    yield from unknown(place, role, dict.fromkeys((*settings.roles, *DEFAULT_ROLES)), "roles", "none")


def unknown_calendar(settings: Settings, place: Place, name: str | None) -> Iterator[Problem]:
    """A calendar that is neither configured nor `office`."""
    if name:
        yield from unknown(place, name, dict.fromkeys((*settings.calendars, OFFICE)), "calendars", "none")


def unknown(place: Place, name: str, known: Iterable[str], section: str, otherwise: str) -> Iterator[Problem]:
    """A name that the section does not have."""
    if name not in known:
        yield Problem(place, name, f"{name!r} is not in {section}; allowed: {', '.join(known) or otherwise}", section)
