"""SecureNet's tables with as many users as wanted: what the account benchmark runs on.

0.5 % of the users are inside the 30-day window, the four kinds together: 0.2 % by account end, 0.1 % each by
password, contract and membership; 0.05 % are past their account's end. All dates hang on `now`, nothing is random.
"""

from datetime import datetime
from pathlib import Path

import psycopg
from psycopg import sql

from demo import securenet
from include.queries import named_queries

HERE = Path(__file__).parent
GENERATORS = named_queries(HERE / "tables.sql")
AGE = (HERE / "age.sql").read_text()
BARE = (HERE / "bare.sql").read_text()
"""The one statement that counts the four kinds per organisation and step; parameter `now`."""


def fill(dsn: str, users: int, now: datetime) -> None:
    """Create SecureNet's tables in the empty database `dsn` and fill them; keys, indexes and statistics come last."""
    with psycopg.connect(dsn) as target, psycopg.connect(dsn) as source:
        securenet.create_tables(target)
        target.commit()
        for table in GENERATORS:
            copy(source, target, table, {"users": users, "organizations": organizations(users), "now": now})
        source.rollback()
        securenet.create_keys(target)
    with psycopg.connect(dsn, autocommit=True) as target:
        target.execute("vacuum analyze")


def organizations(users: int) -> int:
    """One for every 10,000 users, at least one."""
    return max(1, users // 10_000)


def copy(source: psycopg.Connection, target: psycopg.Connection, table: str, parameters: dict[str, object]) -> None:
    """Stream one generated table as binary COPY from a session that computes the rows into one that stores them."""
    into = sql.SQL("copy {} ({}) from stdin (format binary)").format(sql.Identifier(table), columns(source, table, parameters))
    generated = sql.SQL("copy ({}) to stdout (format binary)").format(sql.SQL(GENERATORS[table]))
    with source.cursor().copy(generated, parameters) as rows, target.cursor().copy(into) as stored:
        for chunk in rows:
            stored.write(chunk)


def columns(source: psycopg.Connection, table: str, parameters: dict[str, object]) -> sql.Composed:
    """The columns that the generator of this table fills, in its order."""
    empty = source.execute(sql.SQL("select * from ({}) as generated limit 0").format(sql.SQL(GENERATORS[table])), parameters)
    return sql.SQL(", ").join(sql.Identifier(column.name) for column in empty.description or ())


def age(connection: psycopg.Connection, now: datetime) -> int:
    """Let 0.1 % of the users pass their account's end; returns how many. `now` is the moment that the tables were filled for."""
    return connection.execute(AGE, {"now": now}).rowcount
