"""A PostgreSQL server that is not ours to start and stop: `SECURENET_DSN_POSTGRES` or `SECURENET_DSN_SECURENET` names it,
as a user who may create roles and databases there."""

import os
from dataclasses import dataclass

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo


@dataclass(frozen=True)
class External:
    """Stands in for `Server` where somebody else runs it."""

    given: str

    @property
    def address(self) -> str:
        """Host and port."""
        parts = conninfo_to_dict(self.given)
        return f"{parts.get('host', 'localhost')}:{parts.get('port', 5432)}"

    def dsn(self, database: str) -> str:
        """The given user's way to another database there."""
        return make_conninfo(self.given, dbname=database)

    def answers(self) -> bool:
        """Whether it lets us in."""
        try:
            with psycopg.connect(make_conninfo(self.given, connect_timeout=2)) as connection:
                return not connection.closed
        except psycopg.OperationalError:
            return False

    def wanted(self) -> bool:
        """Always: we never stop it."""
        return True

    def expect(self) -> None:
        """Nothing to note: it is always wanted."""

    def lives(self) -> bool:
        """All that can be known from here."""
        return self.answers()

    def coming(self, grace: float) -> bool:
        """Not by us."""
        return False

    def start(self) -> None:
        """Somebody else's business; but say so when they have not."""
        if not self.answers():
            raise SystemExit(f"the PostgreSQL server at {self.address}, named by the environment, does not answer")

    def stop(self) -> None:
        """Somebody else's business."""


def named(server: str) -> External | None:
    """The server that the environment names in place of ours."""
    given = os.environ.get(f"SECURENET_DSN_{server.upper()}")
    return External(given) if given else None
