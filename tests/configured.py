"""A configuration from its text, for tests of what follows from it."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

from include.config.loading import parse
from include.config.settings import Settings


def configured(text: str) -> Settings:
    """The settings that a file with this text gives."""
    return parse(dedent(text), Path("monitoring.yaml")).settings
