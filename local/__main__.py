"""`python -m local VERB`: what the Makefile calls."""

import argparse
import os
import sys
from collections.abc import Callable

from local import down, environment, marks, status, up

VERBS: dict[str, Callable[[], None]] = {
    "up": up.up,
    "down": down.down,
    "clean": down.clean,
    "start-demo": up.start_demo,
    "stop-demo": down.stop_demo,
    "env": lambda: print(environment.exports()),
}


def parse() -> argparse.Namespace:
    """The verb and what it needs."""
    parser = argparse.ArgumentParser(prog="python -m local", description=__doc__)
    verbs = parser.add_subparsers(dest="verb", required=True)
    for verb in VERBS:
        verbs.add_parser(verb)
    verbs.add_parser("status").add_argument("--json", action="store_true")
    verbs.add_parser("exec").add_argument("command", nargs=argparse.REMAINDER)
    return parser.parse_args()


def main() -> int:
    """Run one verb; returns its exit code."""
    options = parse()
    marks.forget_exported()
    if options.verb == "status":
        return status.show(options.json)
    if options.verb == "exec":
        execute(options.command)
    VERBS[options.verb]()
    return 0


def execute(command: list[str]) -> None:
    """Become the command, within the environment of the local stack."""
    os.execvpe(command[0], command, environment.full())  # noqa: S606  no shell is the point


if __name__ == "__main__":
    sys.exit(main())
