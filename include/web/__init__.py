"""A small HTTP client that times what it does. One exchange at a time, a bounded answer, and each failure in one line."""

from __future__ import annotations

import errno
import os

MOST_SHOWN = 120
# What the system says when there is nothing wrong with the target.
FULL = errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM


class Failed(Exception):
    """An exchange came to nothing; says why in one short line that is fit to be shown."""


class HungUp(Failed):
    """A connection that was kept open was closed meanwhile, as servers do: the request was not answered, and another connection will do."""


class NoRoom(Exception):
    """This process or machine had no room for another connection: nobody was asked, and nothing is known of the target."""


def no_room(error: Exception) -> bool:
    """Whether a failure is ours. psycopg has libpq's words alone."""
    return getattr(error, "errno", None) in FULL or any(os.strerror(code) in str(error) for code in FULL)


def shown(text: str, most: int = MOST_SHOWN) -> str:
    """What a stranger's server said, as it may stand in a message: cut, and without what is not printable."""
    printable = "".join(letter if letter.isprintable() else "·" for letter in text[: most + 1])
    return printable if len(text) <= most else f"{printable[: most - 1]}…"
