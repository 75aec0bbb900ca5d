"""`python -m securenet check|config|explain|on-call|migrate|duties`: what `make` calls. Results on stdout, logs on stderr."""

from __future__ import annotations

import argparse
import logging
import sys
from importlib import import_module
from typing import NoReturn

from include.config.loading import ConfigurationRefused

COMMANDS = ("check", "config", "explain", "on-call", "migrate", "duties")


class Parser(argparse.ArgumentParser):
    """Words it does not understand end with 1, could not run: argparse's own 2 means a refused configuration here."""

    def error(self, message: str) -> NoReturn:
        """Say how it is called, and end."""
        self.print_usage(sys.stderr)
        self.exit(1, f"{self.prog}: {message}\n")


def main(arguments: list[str]) -> int:
    """Run one command; its exit code. Whatever it is, a refused configuration is 2, with every problem on stderr."""
    logging.basicConfig(stream=sys.stderr, level=logging.INFO, format="%(levelname)s %(name)s: %(message)s")
    parser = Parser(prog="securenet", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    modules = {name: import_module(f"securenet.commands.{name.replace('-', '_')}") for name in COMMANDS}
    for name, module in modules.items():
        module.add_arguments(commands.add_parser(name, help=module.__doc__, description=module.__doc__))
    chosen = parser.parse_args(arguments)
    try:
        result: int = modules[chosen.command].run(chosen)
    except ConfigurationRefused as refused:
        print("\n".join(refused.problems), file=sys.stderr)
        return 2
    return result


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
