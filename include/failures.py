"""What can fail outside of this code, and what each failure tells whoever catches it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta


class DeliveryError(Exception):
    """A channel did not deliver. `permanent`: trying again cannot help (a refused address, a bad key).

    `uncertain`: the receiver may have it all the same; `keyed`: it knows then what it had before. `outage`: the channel itself is at
    fault, not this receiver. `misconfigured`: our side is, and a person must mend it. `retry_after`: when the other side wants to be asked
    again. `accepted`: those of several receivers who do have it.
    """

    def __init__(
        self,
        why: str,
        *,
        permanent: bool,
        uncertain: bool = False,
        keyed: bool = False,
        outage: bool = False,
        misconfigured: bool = False,
        retry_after: timedelta | None = None,
        accepted: Sequence[str] = (),
    ) -> None:
        super().__init__(why)
        self.permanent = permanent
        self.uncertain = uncertain
        self.keyed = keyed
        self.outage = outage
        self.misconfigured = misconfigured
        self.retry_after = retry_after
        self.accepted = tuple(accepted)


class Refused(Exception):
    """Something that a person wrote cannot be used as it is."""


class RequestRefused(Refused):
    """A run was asked for something that does not exist; trying again cannot help."""


class SourceError(Exception):
    """A watched system did not answer, or not with what was asked; says why in one line."""


def first_line(error: Exception) -> str:
    """The error in one line. What PostgreSQL says names host and user, never a password."""
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:300]
