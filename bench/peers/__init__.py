"""Other monitoring systems that watch the same targets, where they are installed."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path

from bench.peers import icinga, prometheus

PEERS = (prometheus, icinga)
WARM = 45


@contextmanager
def watching(folder: Path, targets: Mapping[str, str], told: int) -> Iterator[tuple[str, ...]]:
    """Each peer in each of its settings at work, by name. targets: URL, or host:port, by name; told: the port that hears, /NAME of whom."""
    with ExitStack() as stack:
        names = [name for peer in PEERS for name in peer.start(stack, folder, targets, told)]
        time.sleep(WARM if names else 0)
        yield tuple(names)
