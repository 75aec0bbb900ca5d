"""Fills SecureNet's database with people, and later moves twelve of them closer to their end."""

from datetime import datetime

import psycopg

from demo import securenet

SCRIPTS = ("chance", "organizations", "accounts", "groups", "due", "cast", "activity")
MOVED = 12
"""How many accounts `move` takes over a step, each of another owner."""


def build(connection: psycopg.Connection, now: datetime) -> None:
    """Make the demo system in an empty database, in the connection's transaction. The same `now`, the same rows."""
    connection.execute("set local timezone to 'UTC'")
    securenet.create_tables(connection)
    for script in SCRIPTS:
        securenet.run(connection, f"{script}.sql", now=now)
    securenet.create_keys(connection)
    securenet.grant(connection)


def is_built(connection: psycopg.Connection) -> bool:
    """Whether the tables are there; a build is one transaction, so then everything is."""
    return connection.execute("select to_regclass('public.users') is not null").fetchone() == (True,)


def remove(connection: psycopg.Connection) -> None:
    """Drop SecureNet's tables and types, and nothing else that the database holds."""
    securenet.run(connection, "securenet_drop.sql")


def move(connection: psycopg.Connection, now: datetime) -> int:
    """Let twelve accounts cross a step; returns how many did, 0 when they had before. Nobody else comes near one."""
    moved = securenet.run(connection, "move.sql", now=now).fetchone()
    return int(moved[0]) if moved else 0
