"""SecureNet's database without its people: the tables, their keys, and the account that the monitoring reads with."""

from pathlib import Path

import psycopg

HERE = Path(__file__).parent


def create_tables(connection: psycopg.Connection) -> None:
    """The bare tables, ready for a bulk load."""
    run(connection, "securenet.sql")


def create_keys(connection: psycopg.Connection) -> None:
    """Primary, unique and foreign keys and SecureNet's own indexes."""
    run(connection, "securenet_keys.sql")


def grant(connection: psycopg.Connection) -> None:
    """Let the role `monitor` read what it may know; it is made if need be, without a password."""
    run(connection, "monitor.sql")


def run(connection: psycopg.Connection, script: str, **parameters: object) -> psycopg.Cursor:
    """Run a file of statements in the connection's transaction; the cursor stands on the first one's result."""
    cursor = psycopg.ClientCursor(connection)  # the server binds no parameters across several statements
    return cursor.execute((HERE / script).read_bytes(), parameters or None)
