"""One server for these tests, one demo system built on it, and a copy of that for each test."""

from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import count

import psycopg
import pytest

import demo
from local import postgres
from local.postgres import Server

NOW = datetime(2026, 3, 2, 9, 41, 17, tzinfo=UTC)
NUMBERS = count()


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    """A server with the built demo system as its database `demo`, and the role `monitor` able to log in."""
    with postgres.throwaway() as server:
        create(server, "demo")
        with psycopg.connect(server.dsn("demo")) as connection:
            demo.build(connection, NOW)
            connection.execute("alter role monitor password 'monitor'")
        yield server


@pytest.fixture
def database(server: Server) -> str:
    """The name of a fresh copy of the demo system."""
    return create(server, f"demo_{next(NUMBERS)}", template="demo")


@pytest.fixture
def system(server: Server, database: str) -> Iterator[psycopg.Connection]:
    """The copy, as its owner."""
    with psycopg.connect(server.dsn(database)) as connection:
        yield connection


@pytest.fixture
def monitor(server: Server, database: str) -> Iterator[psycopg.Connection]:
    """The copy, as the monitoring sees it."""
    with psycopg.connect(server.dsn(database, "monitor", "monitor"), autocommit=True) as connection:
        yield connection


def create(server: Server, name: str, template: str = "template1") -> str:
    """Make a database; returns its name."""
    with psycopg.connect(server.dsn("postgres"), autocommit=True) as connection:
        connection.execute(f"create database {name} template {template}")
    return name
