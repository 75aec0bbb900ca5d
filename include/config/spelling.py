"""A value of the file in an error text: as YAML knows it and not Python, and not longer than a line takes."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

LONGEST = 80
MOST = 12
# Secrets stand in connections; who writes one here is not to find it in mails and logs. Rather too much is hidden than too little.
SECRET = re.compile(r"pass|pwd|secret|token|credential|auth|key$|webhook", re.IGNORECASE)
OPENING = re.compile(
    r"""(?P<before>//)\S*(?P<after>@) | (?P<key>\bpass\w*\s*[=:]\s*)('[^']*'|[^\s'"]+)
        | (?P<query>[?&][\w-]*(?:pass|secret|token|key|sig)[\w-]*=)[^\s&'"]* | (?P<hook>\bhooks\.[\w.-]+/)[^\s'"]*""",
    re.IGNORECASE | re.VERBOSE,
)
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
        return f"{{{', '.join(f'{inner(key, 1)}: {below(key, within, levels - 1)}' for key, within in head(value.items()))}}}"
    if isinstance(value, list):
        return f"[{', '.join(inner(within, levels - 1) for within in head(value))}]"
    if isinstance(value, int) and value.bit_length() > LONGEST:
        return f"a number of {value.bit_length()} bits"
    return repr(without_secrets(value) if isinstance(value, str) else value)


def below(key: Any, value: Any, levels: int) -> str:
    """The value of a key, unless it is nobody's business."""
    return "…" if is_secret(key) else inner(value, levels)


def is_secret(key: Any) -> bool:
    """Whether what stands at a key of this name is likely to open something."""
    return isinstance(key, str) and bool(SECRET.search(key))


def for_everybody(value: Any) -> Any:
    """The value as everybody may see it, in logs for one: strings that open something are left out."""
    if isinstance(value, dict):
        return {key: "…" if is_secret(key) and isinstance(within, str) else for_everybody(within) for key, within in value.items()}
    if isinstance(value, list):
        return [for_everybody(within) for within in value]
    return without_secrets(value) if isinstance(value, str) else value


def head(values: Iterable[Any]) -> Iterator[Any]:
    """As many as can have a part of a line."""
    return islice(values, MOST)


def without_secrets(text: str) -> str:
    """The text as everybody may see it: what opens the addresses in it left out."""
    return OPENING.sub(lambda found: f"{found['before'] or found['key'] or found['query'] or found['hook']}…{found['after'] or ''}", text)
