"""Text on its way into PostgreSQL: hostile names may hold what its types cannot."""

from __future__ import annotations

import json
import re
from typing import Any

ESCAPED_NUL = re.compile(r"(?<!\\)((?:\\\\)*)\\u0000")


def storable(text: str) -> str:
    """The text without what a PostgreSQL text cannot hold: NUL and halves of surrogate pairs."""
    return text.replace("\0", "\ufffd").encode("utf-8", "replace").decode("utf-8")


def dumps(value: Any) -> str:
    """JSON as jsonb takes it: no NUL, no NaN."""
    text = json.dumps(value, ensure_ascii=False, allow_nan=False)
    return storable(ESCAPED_NUL.sub("\\1\ufffd", text) if "\\u0000" in text else text)
