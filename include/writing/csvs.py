"""CSV files that a spreadsheet opens as they are meant: as text, never as a formula."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator, Sequence

from include.writing.wording import undirected

BYTE_ORDER_MARK = "\ufeff"
# A mail may be 10 MB, as most servers have it, and writes three bytes as four.
MOST_ATTACHED = 7_000_000
# https://owasp.org/www-community/attacks/CSV_Injection, full-width forms included; and behind whatever separates the cells of a file where
# its reader lives, as a semicolon in Germany.
FORMULA = re.compile(r"""^(?=[\t\r\n]) | (?:^ | (?<=[;|\t\n]) | (?<=\r)(?!\n)) (?=[ "]*[=+\-@\uff1d\uff0b\uff0d\uff20])""", re.VERBOSE)


def csv_text(header: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A file with a byte order mark (Excel reads UTF-8 then) and rows that end in CRLF."""
    file = io.StringIO(newline="")
    file.write(BYTE_ORDER_MARK)
    writer = csv.writer(file)
    writer.writerow(header)
    writer.writerows([cell(value) for value in row] for row in rows)
    return file.getvalue()


def cell(value: object) -> object:
    """What a spreadsheet would calculate gets an apostrophe in front, reversed writing is shown as `�`; numbers stay numbers."""
    return FORMULA.sub("'", undirected(value)) if isinstance(value, str) else value


def cut(text: str, most_bytes: int) -> tuple[str, int]:
    """The file's beginning, whole rows and at most so many bytes, and how many rows were left out."""
    kept: list[str] = []
    size = left_out = 0
    for row in whole_rows(text):
        size += len(row.encode())
        if size <= most_bytes:
            kept.append(row)
        else:
            left_out += 1
    return "".join(kept), left_out


def whole_rows(text: str) -> Iterator[str]:
    """The rows with their ends. A line break between quotes is no end."""
    row, quotes = [], 0
    for line in io.StringIO(text, newline=""):
        row.append(line)
        quotes += line.count('"')
        if quotes % 2 == 0:
            yield "".join(row)
            row.clear()
