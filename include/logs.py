"""Log lines: one per fact, with its numbers as fields that a machine can read back."""

from __future__ import annotations

import json
import logging
from typing import Any

# What ends a field, or seems to begin another one.
TELLING = frozenset(' "=')


def facts(log: logging.Logger, event: str, **fields: Any) -> None:
    """One line: the event, then `name=value` for each field; text with blanks or controls is quoted and escaped."""
    log.info("%s %s", event, " ".join(f"{name}={field(value)}" for name, value in fields.items()))


def field(value: Any) -> str:
    """The value on one line."""
    text = str(value)
    return text if text and text.isprintable() and TELLING.isdisjoint(text) else json.dumps(text)
