"""The schema, step by step: `<major>.<number>_<what>.sql`. Migrating is an explicit act; a newer major is refused by name."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from pathlib import Path

from include.store import Store, StoreError

HERE = Path(__file__).parent
LEDGER = """
create schema if not exists monitoring;
create table if not exists monitoring.migration (
    major int not null, number int not null, name text not null, checksum text not null,
    applied_at timestamptz not null default now(), primary key (major, number))
"""


@dataclass(frozen=True, slots=True, order=True)
class Migration:
    """One step of the schema."""

    major: int
    number: int
    name: str
    text: str = field(repr=False)

    @property
    def checksum(self) -> str:
        """Tells a step that was edited after it was applied."""
        return hashlib.sha256(self.text.encode()).hexdigest()


def known() -> list[Migration]:
    """The steps that this code brings, in order."""
    return sorted(read(path) for path in HERE.glob("*.sql"))


def read(path: Path) -> Migration:
    """The step in a file."""
    version, _, name = path.stem.partition("_")
    major, _, number = version.partition(".")
    return Migration(int(major), int(number), name, path.read_text(encoding="utf-8"))


def migrate(store: Store) -> list[Migration]:
    """Apply what is missing, each step in one transaction, and return it. Two at once wait for each other."""
    with store.transaction():
        store.connection.execute("select pg_advisory_xact_lock(hashtext('monitoring.migrate'))")
        store.connection.execute(LEDGER)
        missing = unapplied(store)
        for step in missing:
            store.connection.execute(step.text.encode())
            store.connection.execute(
                "insert into migration (major, number, name, checksum) values (%s, %s, %s, %s)",
                (step.major, step.number, step.name, step.checksum),
            )
        store.connection.execute("select ensure_partition((now() at time zone 'UTC')::date + day) from generate_series(-1, 14) day")
    return missing


def unapplied(store: Store) -> list[Migration]:
    """The steps that the store lacks. Raises StoreError for a newer major or a step that was edited."""
    applied = {(row["major"], row["number"]): row for row in store.connection.execute("select * from migration")}
    newest = max((step.major for step in known()), default=0)
    for major, number in applied:
        if major > newest:
            raise StoreError(f"the store's schema is {major}.{number:03}, this code knows {newest}.x: install the newer release")
    for step in known():
        row = applied.get((step.major, step.number))
        if row and row["checksum"] != step.checksum:
            raise StoreError(f"migration {step.major}.{step.number:03}_{step.name} was changed after it was applied: restore the file")
    return [step for step in known() if (step.major, step.number) not in applied]


def check(store: Store) -> None:
    """Raises StoreError, with the command to run, unless the store is what this code needs."""
    ledger = store.connection.execute("select to_regclass('monitoring.migration') as there").fetchone()
    if not ledger or ledger["there"] is None:
        raise StoreError("the store is empty: run `make migrate`, or trigger `housekeeping` with migrate on")
    if missing := unapplied(store):
        raise StoreError(f"the store lacks {len(missing)} migration(s): run `make migrate`, or trigger `housekeeping` with migrate on")
