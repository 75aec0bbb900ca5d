"""How it ends: last of all, because it takes the stack away."""

from __future__ import annotations

import os
from pathlib import Path

import psutil

from tests.e2e.conftest import Stack, readable


def test_down_stops_all_of_it(stack: Stack) -> None:
    stack.make("down")
    status = stack.status()
    assert {service["state"] for service in status["services"].values()} == {"stopped"}
    run = stack.environment["SECURENET_RUN"]
    left = [p for p in psutil.process_iter() if readable(p).get("SECURENET_RUN") == run and p.pid != os.getpid()]
    assert left == []


def test_clean_leaves_nothing(stack: Stack) -> None:
    elsewhere = [Path(file.read_text()) for file in stack.folder.glob("*/elsewhere")]
    stack.make("clean")
    assert [path for path in (stack.folder, *elsewhere) if path.exists()] == []
