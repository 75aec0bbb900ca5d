"""Reports of `make check` as files to look at, for whoever ran it alone, and not more and more of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from include import private

KINDS = ("html", "csv")
NEWEST = 20


def write(folder: Path, stem: str, report: dict[str, Any]) -> dict[str, str]:
    """The report under this name; {kind: path}. The oldest reports go."""
    files = {kind: private.closed(folder) / f"{stem}.{kind}" for kind in KINDS}
    for kind, path in files.items():
        with open(path, "w", encoding="utf-8", newline="", opener=private.unread) as file:
            file.write(report[kind])
    prune(folder)
    return {kind: str(path) for kind, path in files.items()}


def prune(folder: Path) -> None:
    """Keep the newest reports."""
    files = [path for path in folder.iterdir() if path.suffix.lstrip(".") in KINDS]
    by_age = sorted(files, key=lambda path: path.stat().st_mtime_ns, reverse=True)
    for path in by_age[NEWEST * len(KINDS) :]:
        path.unlink(missing_ok=True)
