"""Validate the configuration and print what is in force, defaults included. Exit code 2 when it is refused."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING

from include.config.loading import describe_settings
from include.config.spelling import for_everybody
from securenet.configuration import load_file
from securenet.parsing import overlay, path

if TYPE_CHECKING:
    from include.config.settings import Settings


# Of so many connections it is asked whether they are there.
MOST = 50


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's options."""
    parser.add_argument("--json", action="store_true")


def run(chosen: argparse.Namespace) -> int:
    """Print the configuration; the exit code."""
    settings = load_file().settings
    if missing := missing_overlay():
        print(missing, file=sys.stderr)
    if chosen.json:
        print(json.dumps(for_everybody(settings.model_dump(mode="json"))))
    else:
        print(f"# {files()}\n{describe_settings(settings)}{describe_connections(settings)}")
    return 0


def files() -> str:
    """The files that it was read from."""
    return " with ".join(str(file) for file in (path(), overlay()) if file.exists())


def missing_overlay() -> str | None:
    """That the environment has no overlay, which is allowed, and may be a slip of the pen."""
    environment = os.environ.get("SECURENET_ENV")
    if not environment or overlay().exists():
        return None
    return f"SECURENET_ENV={environment} changes nothing: there is no {overlay()}"


def describe_connections(settings: Settings) -> str:
    """Each connection, channel and file: there or not. Who gets what nobody was assigned to."""
    from securenet.configuration import InForce
    from securenet.connections import STORE, find_connection
    from securenet.standing import standings
    from securenet.wiring import Wiring

    needed = list(dict.fromkeys([STORE, settings.monitoring.account_expiration.connection, *connections_of(settings)]))
    wiring = Wiring(None, InForce(settings))  # type: ignore[arg-type]  # no store is needed to name channels and receivers
    receiver = wiring.default_receiver or "nobody: set SECURENET_ADMIN_EMAIL, or from_email of smtp_default"
    lines = [f"# connection {name}: {'there' if find_connection(name) else 'missing'}" for name in needed[:MOST]]
    lines += [f"# and {len(needed) - MOST:,} connections more"] if len(needed) > MOST else []
    if query := settings.monitoring.account_expiration.query:
        lines.append(f"# query {query}: {'there' if os.access(query, os.R_OK) else 'missing, or not to be read'}")
    channels = [f"# channel {name}: {words}" for name, words in standings().items()]
    return "\n".join([*lines, *channels, f"# default receiver: {receiver}"])


def connections_of(settings: Settings) -> Iterator[str]:
    """The connections that targets and lists of them name."""
    from include.config.targets import KINDS

    for entry in (*(one for kind in KINDS for one in getattr(settings.targets, kind)), *settings.targets.discover):
        if name := getattr(entry, "connection", None):
            yield name
