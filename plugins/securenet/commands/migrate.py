"""Bring the store's schema up to date."""

from __future__ import annotations

import argparse
import sys


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command has no options."""


def run(chosen: argparse.Namespace) -> int:
    """Migrate; the exit code."""
    try:
        applied = migrate_store()
    except Exception as error:  # outermost: the shell gets one line and exit code 1
        print(f"not migrated: {error}", file=sys.stderr)
        return 1
    print("\n".join(applied) if applied else "the schema is up to date")
    return 0


def migrate_store() -> list[str]:
    """Apply what is missing; what was applied. Raises StoreError, psycopg.Error, AirflowFailException."""
    from contextlib import closing

    from include.store import connect, migrations
    from securenet.connections import STORE, conninfo

    store = connect(conninfo(STORE), "securenet migrate")
    with closing(store.connection):
        return [f"{step.major}.{step.number:03}_{step.name}" for step in migrations.migrate(store)]
