"""Roles and databases on our servers: each made once, each role with the password that we generated for it."""

from typing import LiteralString

import psycopg
from psycopg import sql

from local.external import External
from local.postgres import Server


def ensure(server: Server | External, database: str, owner: str, password: str) -> None:
    """A database that belongs to a login role of its own."""
    with psycopg.connect(server.dsn("postgres"), autocommit=True) as connection:
        _role(connection, owner, password)
        if not _exists(connection, "SELECT 1 FROM pg_database WHERE datname = %s", database):
            connection.execute(sql.SQL("CREATE DATABASE {} OWNER {}").format(sql.Identifier(database), sql.Identifier(owner)))
    with psycopg.connect(server.dsn(database)) as connection:
        connection.execute("CREATE EXTENSION IF NOT EXISTS pg_stat_statements")


def ensure_reader(server: Server | External, role: str, password: str) -> None:
    """A login role that cannot write. What it may select is granted where the tables are made."""
    with psycopg.connect(server.dsn("postgres"), autocommit=True) as connection:
        _role(connection, role, password)
        connection.execute(sql.SQL("ALTER ROLE {} SET default_transaction_read_only = on").format(sql.Identifier(role)))


def _role(connection: psycopg.Connection, role: str, password: str) -> None:
    verb = "ALTER" if _exists(connection, "SELECT 1 FROM pg_roles WHERE rolname = %s", role) else "CREATE"
    connection.execute(sql.SQL("{} ROLE {} LOGIN PASSWORD {}").format(sql.SQL(verb), sql.Identifier(role), sql.Literal(password)))


def _exists(connection: psycopg.Connection, query: LiteralString, name: str) -> bool:
    return connection.execute(query, (name,)).fetchone() is not None
