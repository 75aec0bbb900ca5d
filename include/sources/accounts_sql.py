"""Accounts in a PostgreSQL database: SecureNet's schema by default, or any through a user's own query (docs/sources.md)."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg

from include.asking.cutting import cut_after
from include.config.settings import AccountExpiration
from include.failures import RequestRefused, SourceError, first_line
from include.ladder import KINDS, as_parameters, ladder
from include.model import Sample
from include.queries import named_queries
from include.store import Store, planner, samples

SECURENET = Path(__file__).with_name("accounts_securenet.sql")
WRAPPERS = named_queries(Path(__file__).with_name("accounts_sql.sql"))
BLOCKS = ("expiring", "population", "calendar")
CALENDAR = timedelta(days=90)
# A census reads every account. One that is quick is taken at each run, any other once a day.
QUICK_CENSUS_SECONDS = 0.1
CENSUS_AGE = timedelta(days=1)
BLOCK = 64 * 1024
# An organisation as it is labelled everywhere: one that is too long is cut, and stays another than one that begins alike.
LABEL = """case when length(organization::text) > 200 then left(organization::text, 190) || '…' || left(md5(organization::text), 8)
           else coalesce(organization::text, '') end"""
# Seconds.
CONNECTING = 5


@dataclass(frozen=True, slots=True)
class SqlAccounts:
    """Everything that ends soon or has ended, read in one snapshot of the watched database, read-only and with a time limit."""

    conninfo: str = field(repr=False)
    settings: AccountExpiration
    name: str = "accounts"

    def read(self, store: Store, at: datetime, organization: str | None, within: timedelta) -> Sequence[Sample]:
        """Load the list into the store, keep what changed, and let its counts arrive: `accounts_expiring`, `accounts_past_grace`."""
        ends = time.monotonic() + min(2 * self.settings.statement_timeout, within).total_seconds()
        store.change("accounts.incoming")
        with closing(self.snapshot(within)) as watched, deadline(watched, ends):
            known = {"source": self.name, "identity": self.identity(watched)}
            self.must_have_accounts(watched, at)
            self.load_list(store, watched, at, organization)
            seconds = self.load_census(store, watched, at, organization, known["identity"])
        store.change("accounts.meet", **known)
        store.many("accounts.lock", source=self.name)
        self.keep_list(store, at, organization)
        self.keep_census(store, at, seconds)
        store.change("accounts.seen", **known, organization=organization, at=at)
        store.change("accounts.drop_incoming")
        self.count(store, at, organization)
        return ()

    def identity(self, watched: psycopg.Connection[Any]) -> str:
        """What tells this system from another that might be watched in its place.

        PostgreSQL's own number of the server stays when a standby takes over at another address, but a copy restored from a backup has
        it too: so the connection's name, the operator's word for the system, belongs to it. Who may not read that number goes by address.
        """
        with watched_side():
            may = watched.execute(WRAPPERS["may_identify"].encode()).fetchone()
            number = watched.execute(WRAPPERS["identify"].encode()).fetchone() if may and may[0] else None
        server = f"server {number[0]}" if number else f"{watched.info.host}:{watched.info.port}"
        return f"{self.settings.connection} {server} {watched.info.dbname} {self.settings.query or 'securenet'}"

    def must_have_accounts(self, watched: psycopg.Connection[Any], at: datetime) -> None:
        """Raises SourceError when not one active account can be seen: nothing would expire, and all would seem well."""
        with watched_side():
            row = watched.execute(self.query("present").encode(), {"now": at}).fetchone()
        if not row or not row[0]:
            raise SourceError("there is not one active account: the query or its rights are wrong, or the system is empty")

    def snapshot(self, within: timedelta) -> psycopg.Connection[Any]:
        """A read-only connection whose one transaction sees one moment. Raises SourceError when it cannot be had."""
        longest = min(self.settings.statement_timeout, within)
        options = f"-c statement_timeout={max(int(longest.total_seconds() * 1000), 1)} -c timezone=UTC"
        patience = min(CONNECTING, max(int(within.total_seconds()), 1))
        with watched_side():
            watched = psycopg.connect(
                self.conninfo, connect_timeout=patience, options=options, client_encoding="UTF8", application_name="securenet monitoring"
            )
        watched.read_only = True
        watched.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        return watched

    def load_list(self, store: Store, watched: psycopg.Connection[Any], at: datetime, organization: str | None) -> None:
        """Stream the list from one database into the other; the bytes pass through as they are."""
        horizon = ladder(self.settings.warning_days, at)[0].until
        parameters = {"now": at, "horizon": horizon, "source": self.name, "organization": organization}
        pipe(store, "accounts.load", watched, self.query("listing"), parameters)

    def load_census(
        self, store: Store, watched: psycopg.Connection[Any], at: datetime, organization: str | None, identity: str
    ) -> float | None:
        """Count all active accounts, and what ends on which day, unless the last count still serves. Returns seconds."""
        if self.census_serves(store, at, organization, identity):
            return None
        started = time.monotonic()
        parameters = {"now": at, "horizon": at + CALENDAR, "source": self.name}
        pipe(store, "accounts.load_population", watched, self.query("population"), parameters)
        pipe(store, "accounts.load_calendar", watched, self.query("calendar"), parameters)
        return time.monotonic() - started

    def census_serves(self, store: Store, at: datetime, organization: str | None, identity: str) -> bool:
        """Whether the last count was expensive, of today and of this system; and no organisation has left the list, which may be gone."""
        system = store.one("accounts.system", source=self.name)
        if not system or not system["census_at"] or system["identity"] != identity:
            return False
        slow_and_new = system["census_seconds"] > QUICK_CENSUS_SECONDS and at - system["census_at"] < CENSUS_AGE
        return slow_and_new and not store.value("accounts.emptied", source=self.name, organization=organization)

    def keep_list(self, store: Store, at: datetime, organization: str | None) -> None:
        """Write what changed. Raises SourceError for rows that cannot be stored, as of an account without an id."""
        changed = store.change("accounts.gone", source=self.name, organization=organization)
        try:
            changed += store.change("accounts.come", source=self.name, at=at)
        except psycopg.IntegrityError as error:
            raise SourceError(f"the query gives what cannot be stored: {first_line(error)}") from None
        planner.note_growth(store, "account_snapshot", changed, "accounts.analyze")

    def keep_census(self, store: Store, at: datetime, seconds: float | None) -> None:
        """Replace the last census by the new one, if there is one."""
        if seconds is None:
            return
        for part in ("population", "calendar"):
            store.change(f"accounts.forget_{part}", source=self.name)
            store.change(f"accounts.keep_{part}")
        store.change("accounts.census_taken", source=self.name, at=at, seconds=seconds)

    def count(self, store: Store, at: datetime, organization: str | None) -> None:
        """Let the counts arrive as samples, zeros included. Raises RequestRefused for an organisation that is not there."""
        samples.make_room(store)
        steps = as_parameters(ladder(self.settings.warning_days, at))
        if not store.change("accounts.count", source=self.name, organization=organization, now=at, kinds=list(KINDS), **steps):
            known = [row["organization"] for row in store.many("accounts.organizations", source=self.name)]
            raise RequestRefused(f"there is no organisation {organization!r}; there are: {', '.join(known[:20])}")

    def query(self, wrapper: str) -> str:
        """A wrapper around the list's own query. Raises SourceError for a user's file that cannot be read or lacks a block."""
        path = Path(self.settings.query) if self.settings.query else SECURENET
        try:
            blocks = named_queries(path)
            present = blocks.get("present") or f"select from (\n{blocks['population']}\n) as counted where accounts > 0"
            return WRAPPERS[wrapper].format(**{name: blocks[name] for name in BLOCKS}, present=present, label=LABEL)
        except OSError as error:
            raise SourceError(f"{path} cannot be read: {error.strerror}") from None
        except (KeyError, ValueError) as error:
            raise SourceError(f"{path}: the blocks {', '.join(BLOCKS)} are needed: {error}") from None


def pipe(store: Store, into: str, watched: psycopg.Connection[Any], query: str, parameters: dict[str, Any]) -> None:
    """COPY out of one database into the other. Raises SourceError when the watched side fails."""
    with store.loading(into) as load:
        for block in blocks(chunks(watched, query, parameters)):
            load.write(block)


def blocks(rows: Iterable[bytes]) -> Iterator[bytes]:
    """The same bytes in fewer pieces: the server sends row by row, and each write costs a round through the driver."""
    block = bytearray()
    for row in rows:
        block += row
        if len(block) >= BLOCK:
            yield bytes(block)
            block.clear()
    yield bytes(block)


def chunks(watched: psycopg.Connection[Any], query: str, parameters: dict[str, Any]) -> Iterator[bytes]:
    """What COPY ... TO STDOUT sends. Raises SourceError."""
    with watched_side(), watched.cursor().copy(query.encode(), parameters) as out:
        for chunk in out:
            yield bytes(chunk)


@contextmanager
def watched_side() -> Iterator[None]:
    """Whatever the watched database refuses is a SourceError, with its first line."""
    try:
        yield
    except psycopg.Error as error:
        raise SourceError(first_line(error)) from None


@contextmanager
def deadline(watched: psycopg.Connection[Any], ends: float) -> Iterator[None]:
    """Cuts the connection at this time of the monotonic clock. Raises SourceError then."""
    left = max(ends - time.monotonic(), 0)
    with cut_after(watched, left):
        try:
            yield
        except SourceError:
            if time.monotonic() < ends:
                raise
            raise SourceError(f"there was no whole answer within {left:.0f} s") from None
