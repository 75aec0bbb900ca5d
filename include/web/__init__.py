"""A small HTTP client that times what it does. One exchange at a time, a bounded answer, and each failure in one line."""

from __future__ import annotations

MOST_SHOWN = 120


class Failed(Exception):
    """An exchange came to nothing; says why in one short line that is fit to be shown."""


class HungUp(Failed):
    """A connection that was kept open was closed meanwhile, as servers do: the request was not answered, and another connection will do."""


def shown(text: str, most: int = MOST_SHOWN) -> str:
    """What a stranger's server said, as it may stand in a message: cut, and without what is not printable."""
    printable = "".join(letter if letter.isprintable() else "·" for letter in text[: most + 1])
    return printable if len(text) <= most else f"{printable[: most - 1]}…"
