"""`python -m securenet check|config|migrate|duties`: what `make` calls. Results on stdout, logs on stderr."""

from __future__ import annotations

import argparse
import logging
import sys
from importlib import import_module

COMMANDS = ("check", "config", "migrate", "duties")


def main(arguments: list[str]) -> int:
    """Run one command; its exit code."""
    logging.basicConfig(stream=sys.stderr, level=logging.INFO, format="%(levelname)s %(name)s: %(message)s")
    parser = argparse.ArgumentParser(prog="securenet", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    modules = {name: import_module(f"securenet.commands.{name}") for name in COMMANDS}
    for name, module in modules.items():
        module.add_arguments(commands.add_parser(name, help=module.__doc__, description=module.__doc__))
    chosen = parser.parse_args(arguments)
    result: int = modules[chosen.command].run(chosen)
    return result


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
