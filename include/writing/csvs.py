"""CSV files that a spreadsheet opens as they are meant: as text, never as a formula."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence

from include.writing.wording import undirected

BYTE_ORDER_MARK = "\ufeff"
# As much as a mail may carry.
MOST_ATTACHED = 10 * 1024 * 1024
# https://owasp.org/www-community/attacks/CSV_Injection, full-width forms included
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")


def csv_text(header: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A file with a byte order mark (Excel reads UTF-8 then) and rows that end in CRLF."""
    file = io.StringIO(newline="")
    file.write(BYTE_ORDER_MARK)
    writer = csv.writer(file)
    writer.writerow(header)
    writer.writerows([cell(value) for value in row] for row in rows)
    return file.getvalue()


def cell(value: object) -> object:
    """Text that a spreadsheet would calculate gets an apostrophe in front, reversed writing is shown as `�`; numbers stay numbers."""
    if not isinstance(value, str):
        return value
    text = undirected(value)
    return f"'{text}" if text.startswith(FORMULA_STARTS) else text


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
    row = ""
    for line in io.StringIO(text, newline=""):
        row += line
        if row.count('"') % 2 == 0:
            yield row
            row = ""
