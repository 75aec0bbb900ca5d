"""Statements as people are told them: no password, no name, one line."""

from __future__ import annotations

import pytest

from include.asking.statements import told

SECRET = "s3cret"
CASES = {
    "a password": ("ALTER ROLE ann PASSWORD 's3cret'", "ALTER ROLE ann PASSWORD '…'"),
    "quotes in quotes": ("select 'it''s s3cret', 2", "select '…', 2"),
    "a backslash that escapes": (r"select E'it\'s s3cret', 2", "select '…', 2"),
    "a backslash that does not": (r"select 'C:\', 's3cret'", "select '…', '…'"),
    "dollars": ("select $$s3cret$$, $1, $2, $x$ $$ s3cret $x$", "select '…', $1, $2, '…'"),
    "cut in the middle": ("insert into users values ('s3cr", "insert into users values ('…'"),
    "cut within dollars": ("do $$ begin s3cret", "do '…'"),
    "a quote in a comment": ("select 1 -- don't\n, 's3cret'", "select 1 , '…'"),
    "a quote in a long comment": ("select /* don't */ 's3cret'", "select '…'"),
    "a comment in a quote": ("select '-- ', 's3cret'", "select '…', '…'"),
    "a quote in a column's name": ("""select "o'brien", 's3cret'""", """select "o'brien", '…'"""),
    "lines and tabs": ("select\n\t1", "select 1"),
    "markup": ("select <b>1</b>", "select <b>1</b>"),
}


@pytest.mark.parametrize(("statement", "said"), CASES.values(), ids=CASES)
def test_what_stands_between_quotes_is_not_told(statement: str, said: str) -> None:
    assert told(statement, 200) == said
    assert SECRET not in said


def test_a_long_statement_is_cut() -> None:
    assert told("x" * 10_000, 200) == "x" * 199 + "…"
    assert told("x" * 200, 200) == "x" * 200


def test_a_statement_of_a_megabyte_of_quotes_is_read_once() -> None:
    assert told("select '" + "''" * 500_000, 20) == "select '…'"
