"""Prometheus' text format, line by line: what is wanted of it, how many lines could not be read, and the first of them."""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from include.failures import SourceError
from include.metrics import Reading
from include.scraping.hostile import seemly

MOST_LINES = 500_000
NAME = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*")
LABEL = re.compile(r'\s*([a-zA-Z_][a-zA-Z0-9_]*)\s*=\s*"((?:[^"\\]|\\.)*)"\s*(,|(?=\}))')
# A value, perhaps a time, perhaps an example of OpenMetrics.
VALUE = re.compile(r"\s*([+-]?(?:\d[\d.eE+-]*|\.\d[\deE+-]*|[Ii]nf|[Nn]a[Nn]))(?:\s+[-+\d.eE]+)?\s*(?:#.*)?")
END = re.compile(r"\s*\}")
ESCAPE = re.compile(r"\\(.)")


class Series(NamedTuple):
    """One line: a name, labels and a value, which may be NaN or infinite."""

    name: str
    labels: Mapping[str, str]
    value: float


@dataclass
class Exposition:
    """A page as it is read: iterate over it once, then `refused` and `first` say what was not understood. `wanted`: names, None for all."""

    lines: Iterable[str]
    wanted: Container[str] | None = None
    refused: int = 0
    first: str = field(default="")

    def __iter__(self) -> Iterator[Series]:
        """What is wanted, in the order of the page. Raises SourceError for a page without end."""
        for number, line in enumerate(self.lines):
            if number >= MOST_LINES:
                raise SourceError(f"more than {MOST_LINES:,} lines came: not read")
            if line and not line.startswith("#") and (series := self.series(line.strip())):
                yield series

    def series(self, line: str) -> Series | None:
        """One line; None for what is not wanted or cannot be read, which is counted."""
        name = NAME.match(line)
        if line and not name:
            self.refuse(line)
        if not name or (self.wanted is not None and name[0] not in self.wanted):
            return None
        try:
            return parsed(line, name[0])
        except ValueError:
            self.refuse(line)
            return None

    def refuse(self, line: str) -> None:
        """Count a line."""
        self.refused += 1
        self.first = self.first or seemly(line, 80)

    def outcome(self) -> Reading:
        """How many lines could not be read."""
        return Reading("lines_refused", self.refused, note=f"the first: {self.first}" if self.refused else None)


def parsed(line: str, name: str) -> Series:
    """A line that begins with this name. Raises ValueError."""
    labels: dict[str, str] = {}
    at = len(name)
    while line.startswith((" ", "\t"), at):
        at += 1
    if line.startswith("{", at):
        labels, at = labelled(line, at + 1)
    value = VALUE.fullmatch(line, at)
    if not value:
        raise ValueError("no value")
    return Series(name, labels, float(value[1]))


def labelled(line: str, at: int) -> tuple[dict[str, str], int]:
    """Labels from here, and where they end. Raises ValueError."""
    labels: dict[str, str] = {}
    while found := LABEL.match(line, at):
        labels[found[1]] = unescaped(found[2])
        at = found.end()
    if not (end := END.match(line, at)):
        raise ValueError("labels without end")
    return labels, end.end()


def unescaped(value: str) -> str:
    """A label's value without its escapes."""
    return ESCAPE.sub(lambda found: "\n" if found[1] == "n" else found[1], value) if "\\" in value else value
