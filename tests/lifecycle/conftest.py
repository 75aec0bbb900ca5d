"""The stage of these tests."""

from __future__ import annotations

import pytest

from include.store import Store
from tests.lifecycle.stage import Stage


@pytest.fixture
def stage(store: Store) -> Stage:
    """One installation with one receiver of everything."""
    return Stage(store)
