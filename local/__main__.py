"""`python -m local VERB`: what the Makefile calls."""

import argparse
import os
import sys

from local import down, environment, status, up


def parse() -> argparse.Namespace:
    """The verb and what it needs."""
    parser = argparse.ArgumentParser(prog="python -m local", description=__doc__)
    verbs = parser.add_subparsers(dest="verb", required=True)
    for verb in ("up", "down", "clean", "env", "stop-demo", "start-demo"):
        verbs.add_parser(verb)
    verbs.add_parser("status").add_argument("--json", action="store_true")
    verbs.add_parser("exec").add_argument("command", nargs=argparse.REMAINDER)
    return parser.parse_args()


def main() -> int:
    """Run one verb; returns its exit code."""
    options = parse()
    match options.verb:
        case "up":
            up.up()
        case "start-demo":
            up.start_demo()
        case "down":
            down.down()
        case "clean":
            down.clean()
        case "stop-demo":
            down.stop_demo()
        case "env":
            print(environment.exports())
        case "exec":
            execute(options.command)
        case "status":
            return status.show(options.json)
    return 0


def execute(command: list[str]) -> None:
    """Become the command, within the environment of the local stack."""
    os.execvpe(command[0], command, environment.full())  # noqa: S606  no shell is the point


if __name__ == "__main__":
    sys.exit(main())
