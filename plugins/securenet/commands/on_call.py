"""Print who has each role, or the shifts of one role for 90 days as an iCalendar file; no store is needed.

Exit code 0: printed; 1: the moment or the role is not understood; 2: the configuration was refused.
"""

from __future__ import annotations

import argparse
import sys
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from include.model import utc_now
from securenet.configuration import load_file

if TYPE_CHECKING:
    from include.config.settings import Settings

AHEAD = timedelta(days=90)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's options."""
    parser.add_argument("--at", default=None, help="as in 2026-12-24T03:00, in monitoring.zone; default: now")
    parser.add_argument("--ics", metavar="ROLE", default=None, help="the shifts of this role as a calendar file")


def run(chosen: argparse.Namespace) -> int:
    """Print; the exit code."""
    settings = load_file().settings
    try:
        text = printed(chosen, settings)
    except (ValueError, OverflowError) as error:
        print(f"not understood: {error}", file=sys.stderr)
        return 1
    sys.stdout.write(text)
    return 0


def printed(chosen: argparse.Namespace, settings: Settings) -> str:
    """The table, or the calendar file. Raises ValueError for words that are not understood."""
    from include.people.explaining import read_moment
    from include.people.on_call import ical

    at = read_moment(chosen.at, ZoneInfo(settings.monitoring.zone)) if chosen.at else utc_now()
    return table(settings, at) if chosen.ics is None else ical(settings, chosen.ics, at, at + AHEAD)


def table(settings: Settings, at: datetime) -> str:
    """A line for each role, those of nobody included."""
    from include.config.people import DEFAULT_ROLES
    from include.people.on_call import on_call
    from include.writing.wording import visible

    roles = dict.fromkeys((*DEFAULT_ROLES, *settings.roles))
    width = max(len(visible(role)) for role in roles)
    names = {role: ", ".join(f"{key} ({settings.people[key].name})" for key in on_call(settings, role, at)) for role in roles}
    return "".join(f"{visible(role):{width}}  {visible(found) or 'nobody: the default receiver'}\n" for role, found in names.items())
