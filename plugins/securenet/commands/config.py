"""Validate the configuration and print what is in force, defaults included. Exit code 2 when it is refused."""

from __future__ import annotations

import argparse
import json
import sys

from include.config.loading import ConfigurationRefused, describe_settings
from securenet.configuration import load_file, path


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's options."""
    parser.add_argument("--json", action="store_true")


def run(chosen: argparse.Namespace) -> int:
    """Print the configuration; the exit code."""
    try:
        settings = load_file().settings
    except ConfigurationRefused as refused:
        print("\n".join(refused.problems), file=sys.stderr)
        return 2
    if chosen.json:
        print(json.dumps(settings.model_dump(mode="json")))
    else:
        print(f"# {path()}\n{describe_settings(settings)}# connections\n{describe_connections()}")
    return 0


def describe_connections() -> str:
    """Each connection: there or not. Who gets what nobody was assigned to."""
    from securenet.configuration import InForce
    from securenet.wiring import CONNECTION_OF, STORE, Wiring, find_connection

    names = [STORE, load_file().settings.monitoring.account_expiration.connection, *CONNECTION_OF.values()]
    lines = [f"# {name}: {'there' if find_connection(name) else 'not configured'}" for name in names]
    wiring = Wiring(None, InForce(load_file().settings))  # type: ignore[arg-type]  # no store is needed to name a receiver
    receiver = wiring.default_receiver or "nobody: set SECURENET_ADMIN_EMAIL, or from_email of smtp_default"
    return "\n".join([*lines, f"# default receiver: {receiver}"])
