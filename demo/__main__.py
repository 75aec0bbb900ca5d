"""Builds the demo system, or moves twelve of its accounts over a step. Both may be called again and then change nothing."""

import argparse
from datetime import UTC, datetime

import psycopg

from demo import build, is_built, move, remove


def main() -> None:
    """Run one verb in one transaction and say what came of it."""
    arguments = parse()
    with psycopg.connect(arguments.dsn) as connection:
        if arguments.verb == "move":
            print(f"{move(connection, arguments.now)} accounts moved over a step")
        elif is_built(connection) and not arguments.rebuild:
            print("the demo system was built before; --rebuild makes it anew")
        else:
            rebuild(connection, arguments.now)


def rebuild(connection: psycopg.Connection, now: datetime) -> None:
    """Build, in place of what is there."""
    if is_built(connection):
        remove(connection)
    build(connection, now)
    accounts = connection.execute("select count(*) from users").fetchone()
    print(f"the demo system is built: {accounts[0] if accounts else 0} accounts")


def parse() -> argparse.Namespace:
    """The command line. Passwords come from PGPASSWORD or a password file, never from here."""
    parser = argparse.ArgumentParser(prog="demo", description=__doc__)
    parser.add_argument("verb", choices=("build", "move"))
    parser.add_argument("--dsn", required=True, help="the database to build in, as its owner")
    parser.add_argument("--now", type=moment, default=datetime.now(UTC), help="the moment that all dates hang on; default: now")
    parser.add_argument("--rebuild", action="store_true", help="drop what is there first")
    return parser.parse_args()


def moment(text: str) -> datetime:
    """An ISO time; one without a zone is UTC."""
    parsed = datetime.fromisoformat(text)
    return parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)


if __name__ == "__main__":
    main()
