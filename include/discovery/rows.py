"""Rows of a database that knows targets: one for each, its columns are the target's keys."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

from include.asking.onlooker import onlooking
from include.discovery import MOST, Answer, Said
from include.failures import SourceError
from include.queries import named_queries

WRAPPED = named_queries(Path(__file__).with_name("rows.sql"))["rows"]
# So long one statement may take there.
LONGEST = timedelta(seconds=10)


def read(conninfo: str, query: str, within: timedelta) -> Answer:
    """What the query gives, one row more than is watched at most. Raises SourceError where it gives nothing."""
    statement = WRAPPED.format(sql=query.strip().rstrip(";"), most=MOST + 1)
    try:
        with onlooking(conninfo, within, min(LONGEST, within / 2)) as onlooker:
            said = [json.loads(row["said"]) for row in onlooker.strangers(statement)]
    except TimeoutError as error:
        raise SourceError(str(error)) from None
    return Answer([Said(f"row {number}", one) for number, one in enumerate(said, 1)])
