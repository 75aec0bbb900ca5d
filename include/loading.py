"""Plug-in tables: name -> `module:Class`, loaded on first use."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Any


def load_named(table: Mapping[str, str], name: str, what: str) -> Any:
    """The class that the table names. Raises ValueError with the names that exist."""
    if name not in table:
        raise ValueError(f"there is no {what} {name!r}; there are: {', '.join(sorted(table))}")
    module, _, attribute = table[name].partition(":")
    return getattr(import_module(module), attribute)
