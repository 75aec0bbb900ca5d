"""The parts of the documents that are made from the code: each stands between two markers, `<!-- NAME: made by make docs -->`."""

from __future__ import annotations

import re
from pathlib import Path

from docs import duties, keys, measures, tree

ROOT = Path(__file__).parents[1]
PARTS = {
    "README.md": {"duties": duties.table},
    "docs/architecture.md": {"folders": tree.folders},
    "docs/modules.md": {"tree": tree.text},
    "docs/configuration.md": {"keys": keys.tables},
    "docs/metrics.md": {"metrics": measures.metrics},
    "docs/rules.md": {"rules": measures.rules},
}


def fresh() -> dict[Path, str]:
    """Each document as it should be."""
    documents = {}
    for name, parts in PARTS.items():
        text = (ROOT / name).read_text(encoding="utf-8")
        for part, make in parts.items():
            text = replaced(text, part, make())
        documents[ROOT / name] = text
    return documents


def replaced(text: str, part: str, content: str) -> str:
    """The text with new content between the part's markers. Raises ValueError when they are not there once."""
    begin, end = f"<!-- {part}: made by make docs -->", f"<!-- end of {part} -->"
    new, found = re.subn(f"{re.escape(begin)}.*?{re.escape(end)}", lambda _: f"{begin}\n{content}\n{end}", text, flags=re.DOTALL)
    if found != 1:
        raise ValueError(f"{begin} and {end} are needed once, not {found} times")
    return new
