"""A real Chromium that visits one page, and is gone when the time is over."""

from __future__ import annotations


class Failed(Exception):
    """A visit came to nothing because of the page; says why in one short line that is fit to be shown."""


class Refused(Failed):
    """The browser does not do what it was told."""


class Late(Exception):
    """The time is over."""


class Gone(Exception):
    """The browser has ended."""
