"""What can be asked: one file per source, registered here by one line."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Protocol

from include.model import Sample
from include.store import Store

SOURCES = {
    "accounts.sql": "include.sources.accounts_sql:SqlAccounts",
    "duties": "include.sources.duties:Duties",
}


class Source(Protocol):
    """Something that is watched. Building one connects to nothing."""

    name: str

    def read(self, store: Store, at: datetime, organization: str | None, within: timedelta) -> Sequence[Sample]:
        """Measure, load facts into the store, and return the samples, except for those that SQL let arrive there already.

        Raises SourceError when the watched side fails, or does not answer within that time.
        """
        ...
