"""A value of the file in an error text: as YAML knows it and not Python, and not longer than a line takes."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

LONGEST = 80
MOST = 12
# What opens an address may stand in it.
PASSWORD = re.compile(r"(?P<before>//)[^/\s'\"]*(?P<after>@)|(?P<key>password\s*=\s*)[^\s'\"]+", re.IGNORECASE)
WORDS = {None: "nothing", True: "true", False: "false"}


def spelled(value: Any) -> str:
    """The value, cut where it is long."""
    return inner(value, 4)[:LONGEST]


def inner(value: Any, levels: int) -> str:
    """The head of the value, down to so many levels: aliases may make both endless."""
    if value is None or isinstance(value, bool):
        return WORDS[value]
    if isinstance(value, dict | list) and not levels:
        return "..."
    if isinstance(value, dict):
        return f"{{{', '.join(f'{inner(key, 1)}: {inner(within, levels - 1)}' for key, within in head(value.items()))}}}"
    if isinstance(value, list):
        return f"[{', '.join(inner(within, levels - 1) for within in head(value))}]"
    if isinstance(value, int) and value.bit_length() > LONGEST:
        return f"a number of {value.bit_length()} bits"
    return repr(without_password(value) if isinstance(value, str) else value)


def head(values: Iterable[Any]) -> Iterator[Any]:
    """As many as can have a part of a line."""
    return islice(values, MOST)


def without_password(text: str) -> str:
    """The text as everybody may see it: what opens the addresses in it left out."""
    return PASSWORD.sub(lambda found: f"{found['before'] or ''}{found['key'] or ''}…{found['after'] or ''}", text)
