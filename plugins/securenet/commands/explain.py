"""Print who would be told of an alert, when, by which channel and why; nothing is sent, and no store is needed.

Exit code 0: told; 1: the alert or the moment is not understood; 2: the configuration was refused.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import sys
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from include.model import utc_now
from securenet.configuration import InForce, load_file

if TYPE_CHECKING:
    from include.config.settings import Settings
    from include.people.addressing import Subject
    from include.people.explaining import Told


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's options."""
    parser.add_argument("alert", help="as in severity=critical,duty=database_connectivity,environment=prod")
    parser.add_argument("--at", default=None, help="as in 2026-12-24T03:00, in monitoring.zone; default: now")
    parser.add_argument("--json", action="store_true")


def run(chosen: argparse.Namespace) -> int:
    """Explain; the exit code."""
    settings = load_file().settings
    try:
        with contextlib.redirect_stdout(sys.stderr):
            text = explained(chosen, settings)
    except (ValueError, OverflowError) as error:
        print(f"nothing to explain: {error}", file=sys.stderr)
        return 1
    print(text)
    return 0


def explained(chosen: argparse.Namespace, settings: Settings) -> str:
    """The explanation. Raises ValueError for words that are not understood."""
    from include.people.explaining import explain, read_moment, read_subject
    from securenet.wiring import Wiring

    zone = ZoneInfo(settings.monitoring.zone)
    at = read_moment(chosen.at, zone) if chosen.at else utc_now().replace(microsecond=0)
    subject = read_subject(chosen.alert, settings)
    receiver = Wiring(None, InForce(settings)).default_receiver  # type: ignore[arg-type]  # no store is needed to name it
    lines = explain(settings, subject, receiver, at)
    if missing := not_configured(lines, settings):
        print(f"nothing leaves through {', '.join(missing)}: not configured, see `make config`", file=sys.stderr)
    return as_json(lines, at, zone) if chosen.json else as_text(lines, subject, at, zone)


def not_configured(lines: list[Told], settings: Settings) -> list[str]:
    """The channels of these that have no connection."""
    from securenet.channels import openers

    return sorted({line.recipient.channel for line in lines} - openers(settings, utc_now).keys())


def as_json(lines: list[Told], at: datetime, zone: ZoneInfo) -> str:
    """The documented shape; the log, which hears everything, is left out."""
    return json.dumps({"steps": [row(line, at, zone) for line in lines if line.recipient.channel != "log"]}, indent=1)


def row(line: Told, at: datetime, zone: ZoneInfo) -> dict[str, Any]:
    """One step."""
    found = line.recipient
    after = int((line.at - at.astimezone(UTC)).total_seconds())
    when = line.at.astimezone(zone).isoformat()
    return {"role": found.role, "person": found.person, "channel": found.channel, "after_s": after, "at": when, "reason": found.reason}


def as_text(lines: list[Told], subject: Subject, at: datetime, zone: ZoneInfo) -> str:
    """For people: a line for each recipient, in columns."""
    alert = ", ".join(filter(None, [f"{subject.severity} with priority {subject.priority}", subject.duty, subject.rule]))
    head = f"{alert}, at {at.astimezone(zone):%a %Y-%m-%d %H:%M %Z}, if nobody acknowledges:"
    cells = [cells_of(line, at, zone) for line in lines]
    widths = [max(len(row[column]) for row in cells) for column in range(4)]
    rows = ["  ".join([*(text.ljust(width) for text, width in zip(row, widths, strict=False)), row[4]]) for row in cells]
    return "\n".join([head, *(f"  {row}" for row in rows), "Nothing was sent."])


def cells_of(line: Told, at: datetime, zone: ZoneInfo) -> tuple[str, str, str, str, str]:
    """How long after, when, through what, to whom, why."""
    from include.config.times import write_delay
    from include.writing.wording import visible

    found = line.recipient
    after = write_delay(timedelta(seconds=round((line.at - at.astimezone(UTC)).total_seconds())))
    who = f"{found.person}, {found.receiver}" if found.person else found.receiver
    when = f"{line.at.astimezone(zone):%a %Y-%m-%d %H:%M}"
    return after, when, found.channel, visible(who) or "nobody", visible(found.reason)
