"""Servers that say what a test wants, byte by byte, and only as long as it lasts."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

Behaviour = Callable[[socket.socket], None]


@contextmanager
def raw(behaviour: Behaviour) -> Iterator[str]:
    """An HTTP server that reads a request and leaves the rest to `behaviour`; its address."""
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            with suppress(OSError):
                while True:
                    line, _ = listening.accept()
                    threading.Thread(target=answer, args=(line, behaviour), daemon=True).start()

        threading.Thread(target=serve, daemon=True).start()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}/metrics"
        listening.shutdown(socket.SHUT_RDWR)


def answer(line: socket.socket, behaviour: Behaviour) -> None:
    """One connection."""
    with line, suppress(OSError):
        line.recv(65536)
        behaviour(line)


@contextmanager
def names(reply: Callable[[bytes], bytes]) -> Iterator[int]:
    """A name server over UDP that answers each question with `reply`; its port."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as line:
        line.bind(("127.0.0.1", 0))
        line.settimeout(0.05)
        over = threading.Event()

        def serve() -> None:
            while not over.is_set():
                with suppress(TimeoutError):
                    question, where = line.recvfrom(4096)
                    line.sendto(reply(question), where)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield line.getsockname()[1]
        over.set()
        thread.join()
