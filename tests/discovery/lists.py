"""Lists of targets as a test writes them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

from include.config.discover import Discover
from include.discovery import file_sd, rows
from include.targets.discovering import List

SECOND = timedelta(seconds=1)


def group(*addresses: Any, **labels: Any) -> dict[str, Any]:
    """A group of a file."""
    return {"targets": list(addresses), "labels": labels}


def written(path: Path, *groups: Mapping[str, Any]) -> Path:
    """The file with these groups, in place of what was there."""
    new = path.with_suffix(".new")
    new.write_text(json.dumps(groups))
    return new.rename(path)


def of_file(file: Path | str, kind: str = "apis", **more: Any) -> List:
    """A list that is a file."""
    entry = Discover.model_validate({"kind": kind, "file": str(file), **more})
    return List(entry, lambda within: file_sd.read(str(file), within))


def of_query(dsn: str, query: str, kind: str = "apis", **more: Any) -> List:
    """A list that is a query."""
    entry = Discover.model_validate({"kind": kind, "connection": "cmdb", "query": query, **more})
    return List(entry, lambda within: rows.read(dsn, query, within))
