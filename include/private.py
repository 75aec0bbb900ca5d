"""Files full of names and addresses: only their owner may read them."""

from __future__ import annotations

import os
from pathlib import Path


def closed(folder: Path) -> Path:
    """The folder for its owner alone: made, or closed with its files where an older version left it open."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if folder.stat().st_mode & 0o077:
        folder.chmod(0o700)
        for path in folder.iterdir():
            path.chmod(0o700 if path.is_dir() else 0o600)
    return folder


def unread(path: str, flags: int) -> int:
    """An `opener` whose new files nobody else may read."""
    return os.open(path, flags, 0o600)
