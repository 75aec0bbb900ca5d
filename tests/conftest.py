"""Real servers for the tests: PostgreSQL, with a database cloned for each test, and an SMTP catcher."""

from __future__ import annotations

import itertools
import logging
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import psycopg
import pytest

from demo import securenet
from include.model import Clock
from include.store import Store, connect, migrations
from local.postgres import Server, throwaway
from tests.smtp import Inbox, serving

if TYPE_CHECKING:
    from tests.story import Story

# Before Airflow is imported: a home of the tests' own, and nothing of what whoever runs them has set.
for name in [name for name in os.environ if name.startswith(("AIRFLOW", "SECURENET_"))]:
    del os.environ[name]
os.environ["AIRFLOW_HOME"] = tempfile.mkdtemp(prefix="airflow-home-")

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
logging.getLogger("mail.log").setLevel(logging.ERROR)
numbers = itertools.count(1)


def stopped(at: datetime) -> Clock:
    """A clock that stands still."""
    return lambda: at


# The files that take longest, which begin first and in this order: at the end no worker waits for another.
LONGEST = [
    "test_page.py",
    "test_kill_channels.py",
    "test_account_expiration.py",
    "test_observing.py",
    "test_kill.py",
    "test_stack_faults.py",
    "test_stack.py",
    "test_stack_escalation.py",
]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """As pytest calls it."""
    items.sort(key=lambda item: LONGEST.index(item.path.name) if item.path.name in LONGEST else len(LONGEST))


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    """One PostgreSQL server for the whole session."""
    with throwaway() as running:
        yield running


@contextmanager
def database(server: Server, template: str) -> Iterator[str]:
    """A database of one's own, cloned from a template; its DSN."""
    name = f"test_{next(numbers)}"
    with psycopg.connect(server.dsn("postgres"), autocommit=True) as admin:
        admin.execute(f'create database "{name}" template "{template}" strategy file_copy')
        try:
            yield server.dsn(name)
        finally:
            admin.execute(f'drop database "{name}" with (force)')


@pytest.fixture(scope="session")
def store_template(server: Server) -> str:
    """A migrated, empty store to clone."""
    with psycopg.connect(server.dsn("postgres"), autocommit=True) as admin:
        admin.execute("create database store_template")
    store = connect(server.dsn("store_template"), "tests")
    migrations.migrate(store)
    store.connection.close()
    return "store_template"


@pytest.fixture
def store_dsn(server: Server, store_template: str) -> Iterator[str]:
    """The DSN of an empty store."""
    with database(server, store_template) as dsn:
        yield dsn


@pytest.fixture
def store(store_dsn: str) -> Iterator[Store]:
    """An empty store."""
    opened = connect(store_dsn, "tests")
    yield opened
    opened.connection.close()


@pytest.fixture(scope="session")
def watched_template(server: Server) -> str:
    """SecureNet's tables without an account, to clone."""
    with psycopg.connect(server.dsn("postgres"), autocommit=True) as admin:
        admin.execute("create database watched_template")
    with psycopg.connect(server.dsn("watched_template")) as connection:
        securenet.create_tables(connection)
        securenet.create_keys(connection)
    return "watched_template"


@pytest.fixture
def watched_dsn(server: Server, watched_template: str) -> Iterator[str]:
    """The DSN of an empty SecureNet."""
    with database(server, watched_template) as dsn:
        yield dsn


@pytest.fixture
def inbox() -> Iterator[Inbox]:
    """A real SMTP server that keeps what it gets."""
    with serving() as running:
        yield running


@pytest.fixture
def story(store: Store, watched_dsn: str, inbox: Inbox, monkeypatch: pytest.MonkeyPatch) -> Iterator[Story]:
    """An installation whose connections are real."""
    from tests.story import ADMIN, Story

    monkeypatch.setenv("AIRFLOW_CONN_SECURENET_DB", watched_dsn)
    monkeypatch.setenv("AIRFLOW_CONN_SMTP_DEFAULT", mail_connection(inbox))
    monkeypatch.setenv("SECURENET_ADMIN_EMAIL", ADMIN)
    monkeypatch.setattr("include.collecting.PAUSES", (0.0, 0.0))
    with psycopg.connect(watched_dsn, autocommit=True) as watched:
        yield Story(store, watched, inbox)


def mail_connection(inbox: Inbox) -> str:
    """The inbox as an Airflow connection."""
    return f"smtp://127.0.0.1:{inbox.port}/?from_email=monitoring%40example.com&disable_ssl=true&disable_tls=true&timeout=5"
