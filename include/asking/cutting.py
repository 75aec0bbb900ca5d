"""Cutting a connection after a time: a server that is frozen heeds no timeout of its own, and cannot be asked to cancel."""

from __future__ import annotations

import contextlib
import os
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg


@contextmanager
def cut_after(connection: psycopg.Connection[Any], seconds: float) -> Iterator[None]:
    """Whatever is asked of the connection within takes at most so many seconds, and then ends with psycopg.OperationalError."""
    with socket.socket(fileno=os.dup(connection.fileno())) as line:
        timer = threading.Timer(seconds, hang_up, [line])
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()


def hang_up(line: socket.socket) -> None:
    """End a line, if it has not ended."""
    with contextlib.suppress(OSError):
        line.shutdown(socket.SHUT_RDWR)
