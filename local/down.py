"""`make down` and `make stop-demo`: whole process groups, what a crash orphaned included."""

import shutil
from concurrent.futures import ThreadPoolExecutor

from local import airflow, layout, services
from local.postgres import Server
from local.progress import say, step
from local.services import Service


def down() -> None:
    """Stop everything: Airflow at once, then what it stands on."""
    with layout.exclusive():
        table = services.table()
        with step("Airflow stops"):
            _stop([table[name] for name in airflow.PROCESSES])
        with step("inbox and PostgreSQL servers stop"):
            _stop([service for name, service in table.items() if name not in airflow.PROCESSES])
    say("everything is down")


def clean() -> None:
    """Stop everything and delete its data: databases, mails, logs, passwords. Nobody else's server is touched."""
    down()
    for name in ("postgres", "securenet"):
        found = services.server(name)
        if isinstance(found, Server):
            found.remove()
    shutil.rmtree(layout.run())
    say("all of its data is deleted")


def stop_demo() -> None:
    """Take the watched system away, to see what the monitoring says."""
    services.table()["securenet"].process.stop()
    say("securenet is stopped; start it again with: make start-demo")


def _stop(found: list[Service]) -> None:
    with ThreadPoolExecutor() as pool:
        list(pool.map(lambda service: service.process.stop(), found))
