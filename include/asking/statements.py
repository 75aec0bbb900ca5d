"""Statements that people read: other people's secrets stand in them, and anything else."""

from __future__ import annotations

import re

# What quotes and comments there are, so that a quote within one of them opens nothing. Those with a name are taken out.
PARTS = re.compile(
    r"""(?P<comment>--[^\n]*|/\*.*?(?:\*/|\Z))
      | "[^"]*"?
      | (?P<escaped>[eE]'(?:[^'\\]|''|\\.)*(?:'|\Z))
      | (?P<quoted>'(?:[^']|'')*(?:'|\Z))
      | (?P<dollar>\$(?P<tag>[^\W\d]?\w*)\$.*?(?:\$(?P=tag)\$|\Z))""",
    re.VERBOSE | re.DOTALL,
)


def told(statement: str, at_most: int) -> str:
    """The statement in one line of so many characters, without its comments and the texts in it, which may be passwords or names."""
    line = " ".join(PARTS.sub(without, statement).split())
    return line if len(line) <= at_most else f"{line[: at_most - 1]}…"


def without(part: re.Match[str]) -> str:
    """What is left of a quoted text, a comment, or the name of a column."""
    if part["comment"]:
        return " "
    return "'…'" if part["escaped"] or part["quoted"] or part["dollar"] else part[0]
