"""Where the local stack keeps its run-time state: one folder, `.run/` in the project or `SECURENET_RUN`."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from include import private

ROOT = Path(__file__).resolve().parent.parent


def run() -> Path:
    """The run-time folder, created on first use; others may pass through it but not list it."""
    folder = Path(os.environ.get("SECURENET_RUN") or ROOT / ".run").resolve()
    folder.mkdir(mode=0o711, parents=True, exist_ok=True)
    return folder


def log(service: str) -> Path:
    """The log file of a service; its folder exists afterwards."""
    return private.closed(run() / "logs") / f"{service}.log"


@contextmanager
def exclusive() -> Iterator[None]:
    """Only one `up` or `down` at a time in this folder; a second one waits. A crash frees the lock."""
    with (run() / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
