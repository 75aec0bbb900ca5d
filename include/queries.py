"""SQL stays SQL: files of named blocks, each with a line that says what it is for.

-- name: claim_head
-- The oldest message that may leave now.
select ...
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

BLOCK = re.compile(r"^-- name: (\w+)\n((?:-- .*\n)*)", re.MULTILINE)


@cache
def named_queries(path: Path) -> dict[str, str]:
    """Block name -> SQL of one file, which is read once. Raises as `blocks`."""
    return blocks(path.read_text(encoding="utf-8"), path.name)


def blocks(text: str, name_of_file: str) -> dict[str, str]:
    """Block name -> SQL. Raises ValueError for a name that stands twice or a block without description."""
    heads = list(BLOCK.finditer(text))
    ends = [head.start() for head in heads[1:]] + [len(text)]
    queries: dict[str, str] = {}
    for head, end in zip(heads, ends, strict=True):
        name, description = head[1], head[2]
        if name in queries or not description:
            raise ValueError(f"{name_of_file}: {name} stands twice or has no description")
        queries[name] = text[head.end() : end].strip().rstrip(";")
    return queries
