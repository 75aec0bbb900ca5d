"""The schema as one text. `python -m tests.store.schema` writes down what the migrations make."""

from __future__ import annotations

from pathlib import Path

import psycopg

from include.store import connect, migrations
from local import binaries
from local.account import run_as, server_user
from local.postgres import Server, throwaway

SCHEMA = Path(migrations.__file__).parents[1] / "schema.sql"
OPTIONS = ("--schema-only", "--no-owner", "--no-privileges", "--schema=monitoring", "--exclude-table=monitoring.sample_2*")
NOISE = ("--", "SET ", "SELECT ", "\\")


def dumped(server: Server, database: str) -> str:
    """The schema as pg_dump writes it, without comments, settings and the daily partitions."""
    user = server_user()
    result = run_as(user, [str(binaries.folder(user) / "pg_dump"), *OPTIONS, server.dsn(database)])
    assert result.returncode == 0, result.stderr
    return "\n".join(line for line in result.stdout.splitlines() if line and not line.startswith(NOISE)) + "\n"


def main() -> None:
    """Write the schema down."""
    with throwaway() as server:
        with psycopg.connect(server.dsn("postgres"), autocommit=True) as admin:
            admin.execute("create database fresh")
        store = connect(server.dsn("fresh"), "schema")
        migrations.migrate(store)
        store.connection.close()
        SCHEMA.write_text(dumped(server, "fresh"))


if __name__ == "__main__":
    main()
