"""Answering a vendor's webhook: whoever acknowledges or resolves elsewhere does so here, once, if they may."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from include.acting.actions import Actions
from include.config.people import Person
from include.config.section import may_see
from include.failures import Refused, RequestRefused
from include.hooks import Call, Hook, Wish

# What is from the future, or older than a vendor's calls can be, may be somebody's recording.
AHEAD = timedelta(minutes=5)
# So much their clock may differ from ours.
SKEW = timedelta(minutes=1)


class CallRefused(Refused):
    """A call is not answered. `status`: the HTTP status that says so."""

    def __init__(self, status: int, why: str) -> None:
        super().__init__(why)
        self.status = status


@dataclass(frozen=True, slots=True)
class Answering:
    """One vendor's calls, at one moment."""

    vendor: str
    hook: Hook
    actions: Actions

    def answer(self, call: Call, secret: str) -> str:
        """Do what the call asks for, in one transaction with the note that it came; what came of it. Raises CallRefused."""
        if not self.hook.proves(call, secret):
            raise CallRefused(401, "the signature does not fit")
        wish = self.understood(call)
        if wish is None:
            return "nothing to do"
        if not -AHEAD <= self.actions.now - wish.at <= self.hook.PATIENCE:
            raise CallRefused(401, "too old, or from the future: is the clock right?")
        store = self.actions.store
        with store.transaction():
            if store.value("hooks.group", key=wish.group) is None:
                return "not ours"
            if not store.change("hooks.note", vendor=self.vendor, id=wish.id, now=self.actions.now):
                return "known already"
            return self.act(wish)

    def understood(self, call: Call) -> Wish | None:
        """What is asked for. Raises CallRefused."""
        try:
            return self.hook.wish(call)
        except (ValueError, LookupError, TypeError, AttributeError, OverflowError, RecursionError) as error:
            raise CallRefused(400, f"not understood: {type(error).__name__}") from None

    def act(self, wish: Wish) -> str:
        """Acknowledge or resolve the group's alerts, if whoever asks may see them."""
        try:
            by, alerts = self.allowed(wish), self.actions.find(wish.group)
            if any(alert.opened_at > wish.at + SKEW for alert in alerts):
                return "nothing is open any more of what was meant"
            if wish.what == "acknowledge":
                return f"acknowledged: {self.actions.acknowledge(wish.group, by, f'in {self.vendor}')}"
            return f"resolved: {self.actions.resolve(wish.group, by, f'resolved by {by}')}"
        except RequestRefused:
            return "nothing is open any more"

    def allowed(self, wish: Wish) -> str:
        """Who it is, as it goes on record. Raises CallRefused for somebody who may not."""
        key, person = self.person(wish)
        if person is None and self.hook.KNOWN_ONLY:
            raise CallRefused(403, f"{wish.user[:50]} is nobody in `people`")
        alerts = self.actions.find(wish.group)
        allowed = person.organizations if person else self.actions.settings.channels.scope(self.vendor)
        if not all(may_see(allowed, alert.labels.get("organization")) for alert in alerts):
            raise CallRefused(403, f"{key or self.vendor} may not see this alert")
        return f"{key or wish.name or wish.user} ({self.vendor})"

    def person(self, wish: Wish) -> tuple[str | None, Person | None]:
        """Who of `people` it is: (key, person), or (None, None)."""
        people = self.actions.settings.people if wish.user else {}
        return next(((key, one) for key, one in people.items() if one.address(self.vendor) == wish.user), (None, None))
