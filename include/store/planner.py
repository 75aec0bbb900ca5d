"""What PostgreSQL's planner knows of a table: it is told at once of what would mislead it until autovacuum comes by."""

from __future__ import annotations

from include.store import Store

MANY = 1000


def note_growth(store: Store, table: str, written: int, analyze: str) -> None:
    """Run the named query `analyze` when so many rows were written at once and the planner knows of fewer than that."""
    if written > MANY and written > store.value("planner.known_rows", name=table):
        store.change(analyze)
