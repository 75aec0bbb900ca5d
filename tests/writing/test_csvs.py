"""CSV files."""

from __future__ import annotations

import csv
import io

import pytest

from include.writing.csvs import csv_text, cut, whole_rows

ROWS = [["first", 1], ['with "quotes"\r\nand a line break', 2], ["last", 3]]


def read(text: str) -> list[list[str]]:
    """What a spreadsheet sees."""
    return list(csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline="")))


def test_excel_recognises_the_encoding_and_every_row_ends_in_crlf() -> None:
    text = csv_text(["name"], [["Søren"]])
    assert text.encode() == b"\xef\xbb\xbfname\r\nS\xc3\xb8ren\r\n"


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\n", "\uff1d"])
def test_a_name_that_would_be_calculated_is_text(start: str) -> None:
    assert read(csv_text(["name"], [[f"{start}cmd()"]]))[1] == [f"'{start}cmd()"]


@pytest.mark.parametrize("name", ["Ann;=cmd()", "Ann\t=cmd()", 'Ann;"=cmd()', "Ann; =cmd()", "Ann\r\n;@cmd()", ";\uff1dcmd()"])
@pytest.mark.parametrize("separator", [";", "\t"])
def test_a_name_is_text_also_where_other_separators_are_in_use(name: str, separator: str) -> None:
    """As in Germany, where a spreadsheet splits at semicolons."""
    cells = csv_text(["name"], [["acme", name, "z"]]).replace("\r\n", separator).split(separator)
    assert not [cell for cell in cells if cell.strip(' "').startswith(("=", "@", "\uff1d"))]


def test_a_name_that_would_read_backwards_does_not() -> None:
    assert read(csv_text(["name"], [["\u202egpj.exe"]]))[1] == ["\ufffdgpj.exe"]


def test_negative_numbers_stay_numbers() -> None:
    assert read(csv_text(["hours"], [[-12.5]]))[1] == ["-12.5"]


def test_a_name_keeps_its_line_breaks_quotes_and_length() -> None:
    assert read(csv_text(["name", "n"], [*ROWS, ["x" * 10_000, 4]]))[2:] == [[ROWS[1][0], "2"], ["last", "3"], ["x" * 10_000, "4"]]


def test_a_file_that_is_too_large_is_cut_at_a_whole_row_and_says_how_many_are_missing() -> None:
    text = csv_text(["name", "n"], ROWS)
    header, first, broken, last = whole_rows(text)
    assert cut(text, len(text.encode())) == (text, 0)
    assert cut(text, len(text.encode()) - 1) == (header + first + broken, 1)
    assert cut(text, len((header + first + broken).encode()) - 1) == (header + first, 2)
    assert last == "last,3\r\n"
