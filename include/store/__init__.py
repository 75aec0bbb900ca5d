"""The store: one PostgreSQL schema, `monitoring`. Its SQL stands in the .sql files of this folder and is called by name."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache, partial
from pathlib import Path
from typing import Any

import msgspec
import psycopg
from psycopg.rows import dict_row
from psycopg.types.json import set_json_dumps, set_json_loads

from include.asking.cutting import cut_after
from include.queries import named_queries
from include.store.text import dumps

HERE = Path(__file__).parent
# The server asks now and then whether we are still there: a machine that is gone holds locks and messages for a minute, not for hours.
KEEPALIVES = "-c tcp_keepalives_idle=30 -c tcp_keepalives_interval=10 -c tcp_keepalives_count=3"
# What a run compares and counts, as 50,000 accounts, is to be sorted in memory: PostgreSQL's own 4 MB send it to the disk.
OPTIONS = f"-c search_path=monitoring -c timezone=UTC -c lock_timeout=60s -c work_mem=32MB {KEEPALIVES}"
Row = dict[str, Any]


class StoreError(Exception):
    """The store cannot be used as it is; says what to do."""


class Store:
    """A connection to the store. Queries are named `file.block`; parameters go by name. `reopen`: makes another one like it."""

    def __init__(self, connection: psycopg.Connection[Row], reopen: Callable[[], psycopg.Connection[Row]] | None = None) -> None:
        self.connection = connection
        self.reopen = reopen

    def reconnect(self) -> None:
        """Another connection in place of one that broke. Raises psycopg.OperationalError while there is none."""
        self.connection.close()
        if self.reopen:
            self.connection = self.reopen()

    @contextmanager
    def cut_after(self, seconds: float) -> Iterator[None]:
        """What takes longer than so many seconds ends with psycopg.OperationalError, also at a server that no longer does anything."""
        with cut_after(self.connection, seconds):
            yield

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing; inside another transaction, a savepoint."""
        with self.connection.transaction():
            yield

    @contextmanager
    def rehearsal(self) -> Iterator[None]:
        """A transaction of which nothing remains."""
        with self.connection.transaction(force_rollback=True):
            yield

    def many(self, query: str, **parameters: Any) -> list[Row]:
        """All rows of a named query."""
        return self.connection.execute(sql(query), parameters).fetchall()

    def one(self, query: str, **parameters: Any) -> Row | None:
        """The first row of a named query, or None."""
        return self.connection.execute(sql(query), parameters).fetchone()

    def value(self, query: str, **parameters: Any) -> Any:
        """The first column of the first row of a named query, or None."""
        row = self.one(query, **parameters)
        return next(iter(row.values())) if row else None

    def change(self, query: str, **parameters: Any) -> int:
        """How many rows a named query wrote."""
        return self.connection.execute(sql(query), parameters).rowcount

    @contextmanager
    def loading(self, query: str) -> Iterator[psycopg.Copy]:
        """A named COPY ... FROM STDIN, to write rows or bytes into."""
        with self.connection.cursor().copy(sql(query)) as copy:
            yield copy


def connect(conninfo: str, application: str) -> Store:
    """Open the store. Raises psycopg.OperationalError when it cannot be reached within 10 s, or 3 s for a connection that broke."""

    def opened(seconds: int) -> psycopg.Connection[Row]:
        connection = psycopg.connect(
            conninfo,
            autocommit=True,
            row_factory=dict_row,
            connect_timeout=seconds,
            application_name=application[:63],
            options=OPTIONS,
        )
        set_json_dumps(dumps, connection)
        set_json_loads(msgspec.json.decode, connection)
        return connection

    return Store(opened(10), partial(opened, 3))


def sql(query: str) -> bytes:
    """The text of a named query; bytes, because it comes from our own files and needs no composing."""
    room, name = query.split(".")
    return queries_of(room)[name].encode()


@cache
def queries_of(room: str) -> dict[str, str]:
    """The queries of one file. It is asked for at every statement, and a path takes longer to build than the text to find."""
    return named_queries(HERE / f"{room}.sql")
