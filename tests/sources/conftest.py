"""A database for each test of a source."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from local.postgres import Server
from tests.conftest import database


@pytest.fixture
def dsn(server: Server) -> Iterator[str]:
    """A database of one's own on the server that all tests share."""
    with database(server, "template1") as dsn:
        yield dsn
