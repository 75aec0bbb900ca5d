"""An onlooker at somebody else's database: changes nothing, waits for nobody for long, and is gone when the time is over."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import psycopg
from psycopg import sql
from psycopg.adapt import Loader
from psycopg.rows import DictRow, dict_row

from include.asking.cutting import cut_after
from include.failures import SourceError, first_line

OPTIONS = "-c default_transaction_read_only=on -c timezone=UTC -c datestyle=ISO"
# Of the catalogue, names are looked up where nobody else can put any; rows that a policy hides are an error, not fewer rows.
OF_CATALOGUE = "-c search_path=pg_catalog -c row_security=off -c jit=off"
LOCK = timedelta(seconds=1)
# Characters that a statement of a user's may give.
MOST_TEXT = 16 * 2**20
# Seconds; libpq knows no shorter ones than two.
CONNECTING = 5, 2


class Lenient(Loader):
    """Text whose bytes may be no UTF-8: other sessions' statements come in the encoding of their database, whatever ours is."""

    def load(self, data: bytes | bytearray | memoryview) -> str:
        """The text, with marks for what is none."""
        return bytes(data).decode("utf-8", "replace")


@dataclass(frozen=True, slots=True)
class Onlooker:
    """`connecting`: how many seconds that took. `ends`: on the monotonic clock."""

    connection: psycopg.Connection[DictRow]
    connecting: float
    ends: float
    patience: timedelta

    @property
    def version(self) -> int:
        """The server's major version."""
        return self.connection.info.server_version // 10000

    def rows(self, query: str | sql.Composed, parameters: Mapping[str, Any] | None = None) -> list[DictRow]:
        """What it answers. Raises psycopg.Error, and TimeoutError when there is no time to ask."""
        self.hurry()
        return self.connection.execute(query if isinstance(query, sql.Composed) else query.encode(), parameters).fetchall()

    def strangers(self, query: str) -> Iterator[DictRow]:
        """What a stranger's statement gives, row by row. Raises as `rows` does, and SourceError for too much."""
        self.hurry()
        taken = 0
        with self.connection.cursor() as cursor:
            for row in cursor.stream(query.encode()):
                taken += sum(len(value) for value in row.values() if isinstance(value, str))
                if taken > MOST_TEXT:
                    raise SourceError(f"its rows are more than {MOST_TEXT // 2**20} MiB of text: not read")
                yield row

    def hurry(self) -> None:
        """Raises TimeoutError when a statement might outlast the connection."""
        if self.ends - time.monotonic() < self.patience.total_seconds():
            raise TimeoutError("not asked: no time was left")

    def lives(self) -> bool:
        """Whether anything can still be asked."""
        return not self.connection.closed


@contextmanager
def onlooking(conninfo: str, within: timedelta, patience: timedelta, options: str = "") -> Iterator[Onlooker]:
    """A connection for so long, each statement of which may take at most `patience`. Raises SourceError when there is none, or it ends."""
    started = time.monotonic()
    try:
        connection = connect(conninfo, within, patience, options)
        spent = time.monotonic() - started
        left = max(within.total_seconds() - spent, 0)
        with closing(connection), cut_after(connection, left):
            yield Onlooker(connection, spent, started + within.total_seconds(), patience)
    except psycopg.Error as error:
        over = time.monotonic() - started >= within.total_seconds()
        raise SourceError(f"no whole answer within {within.total_seconds():.0f} s" if over else first_line(error)) from None


def connect(conninfo: str, within: timedelta, patience: timedelta, options: str) -> psycopg.Connection[DictRow]:
    """The connection. Raises psycopg.Error."""
    most, least = CONNECTING
    connection = psycopg.connect(
        conninfo,
        autocommit=True,
        row_factory=dict_row,
        connect_timeout=max(min(most, int(within.total_seconds())), least),
        options=f"{OPTIONS} {options} -c statement_timeout={milliseconds(patience)} -c lock_timeout={milliseconds(min(LOCK, patience))}",
        client_encoding="UTF8",
        application_name="securenet monitoring",
    )
    for name in ("text", "varchar", "name"):
        connection.adapters.register_loader(name, Lenient)
    return connection


def milliseconds(length: timedelta) -> int:
    """As PostgreSQL takes it; 0 would be for ever."""
    return max(int(length.total_seconds() * 1000), 1)
