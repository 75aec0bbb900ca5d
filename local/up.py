"""`make up`: everything started, the demo system built, and the first duty run twice through the scheduler."""

import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import version
from pathlib import Path

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from include import private
from local import airflow, demo_runs, environment, layout, services, summary
from local.daemon import tail
from local.external import External
from local.postgres import Server
from local.progress import say, step
from local.services import Service

START_SECONDS = 180


def up() -> None:
    """Bring the whole stack up from any state; what runs or was done already is left as it is."""
    with layout.exclusive():
        services.settle_ports()
        table = services.table()
        outlived = not table["postgres"].runs()
        _expect(table)
        _databases_and_inbox(table)
        _together(_prepare_airflow, _prepare_monitoring)
        if outlived:
            _stop_airflow(table)
        _start_airflow(table)
        _duties()
        summary.show()


def _expect(table: dict[str, Service]) -> None:
    """All of it is wanted from now on: what is missing after a kill of this very command is stale, not stopped."""
    for service in table.values():
        service.process.expect()


def start_demo() -> None:
    """The watched system alone, as after its own outage."""
    services.table()["securenet"].start()
    say("securenet runs")


def _databases_and_inbox(table: dict[str, Service]) -> None:
    with step("PostgreSQL servers and inbox"):
        _together(*(table[name].start for name in ("postgres", "securenet", "inbox")))
        services.wait_for(table["inbox"], 20)
    for name in ("postgres", "securenet"):
        _say_where(name, services.server(name))


def _say_where(name: str, server: Server | External) -> None:
    if isinstance(server, Server) and not server.place.is_relative_to(layout.run()):
        say(f"{name}: PostgreSQL runs as {server.user}, who cannot enter this folder: data in {server.place}")


def _prepare_airflow() -> None:
    airflow.password_file()
    if _migrated() != _schema():
        with step("Airflow's database"):
            run("airflow-migration", "airflow", "db", "migrate")
        (environment.airflow_home() / "migrated").write_text(_schema())


def _prepare_monitoring() -> None:
    with step("the store's schema"):
        run("store-migration", "python", "-m", "securenet", "migrate")
    with step("the demo system"):
        demo("build")


def demo(verb: str) -> None:
    """Run the demo system's builder as the owner of its server; the password does not go on the command line."""
    parts = {name: str(part) for name, part in conninfo_to_dict(services.server("securenet").dsn("securenet")).items()}
    secret = parts.pop("password", "")
    run(f"demo-{verb}", "python", "-m", "demo", verb, "--dsn", make_conninfo(**parts), PGPASSWORD=secret)


def run(name: str, program: str, *arguments: str, **variables: str) -> None:
    """Run a program of the environment; its output goes to a log of that name, which is shown when it fails."""
    log = layout.log(name)
    with open(log, "wb", opener=private.unread) as output:
        done = subprocess.run(
            [Path(sys.executable).with_name(program), *arguments],
            env=environment.full() | variables,
            cwd=layout.ROOT,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            check=False,
        )
    if done.returncode:
        raise SystemExit(f"{name} failed; the end of {log}:\n{tail(log)}")


def _stop_airflow(table: dict[str, Service]) -> None:
    """What lived through the loss of its database may fall over it at any moment, and its last heartbeat says that it is well."""
    living = [table[name].process for name in airflow.PROCESSES if table[name].process.lives()]
    _together(*(process.stop for process in living))
    _expect(table)


def _start_airflow(table: dict[str, Service]) -> None:
    for name in airflow.PROCESSES:
        table[name].start()
    waiting = [name for name in airflow.PROCESSES if not table[name].runs()]
    if waiting:
        with step(f"Airflow: {', '.join(waiting)}"):
            for name in waiting:
                services.wait_for(table[name], START_SECONDS)


def _duties() -> None:
    with step("duties"):
        api = airflow.Api()
        demo_runs.unpause(api)
    demo_runs.twice(api, move=lambda: demo("move"))


def _schema() -> str:
    """The Airflow version and the revision that its database is at, empty before the first migration."""
    with psycopg.connect(environment.metadata_dsn()) as connection:
        exists = connection.execute("SELECT to_regclass('alembic_version') IS NOT NULL").fetchone() == (True,)
        revision = connection.execute("SELECT version_num FROM alembic_version").fetchone() if exists else None
    return f"{version('apache-airflow')} {revision[0]}" if revision else ""


def _migrated() -> str:
    path = environment.airflow_home() / "migrated"
    return path.read_text() if path.exists() else "never"


def _together(*tasks: Callable[[], None]) -> None:
    with ThreadPoolExecutor() as pool:
        for future in [pool.submit(task) for task in tasks]:
            future.result()
