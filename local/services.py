"""The services of the local stack, by name: how each starts, stops and is asked whether it works."""

import sys
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import httpx

from local import airflow, daemon, databases, environment, external, layout, ports
from local.daemon import Daemon
from local.external import External
from local.passwords import password
from local.postgres import Server

# For so long after its birth a process that does not answer may be on its way up.
GRACE_SECONDS = 90
DATABASE_OWNERS = ("airflow", "monitoring")
# port -> the service that listens on it
PORTS = {"postgres": "postgres", "securenet": "securenet", "smtp": "inbox", "inbox": "inbox", "api-server": "api-server"}


class State(StrEnum):
    """What a service is doing."""

    RUNNING = "running"
    STARTING = "starting"  # on its way: its process is young, or `make up` is about to start it
    STALE = "stale"  # should run, and is dead or does not answer
    STOPPED = "stopped"


@dataclass(frozen=True)
class Service:
    """One process with everything below it. `start` does nothing when it runs already."""

    name: str
    address: str
    process: Daemon | Server | External
    answers: Callable[[], bool]
    start: Callable[[], None]

    def state(self) -> State:
        """Running means: the process that we started lives, and answers."""
        if not self.process.wanted():
            return State.STOPPED
        if self.runs():
            return State.RUNNING
        return State.STARTING if self.process.coming(GRACE_SECONDS) else State.STALE

    def runs(self) -> bool:
        """Whether the process that we started lives, and answers."""
        return self.process.lives() and self.answers()


def server(name: str) -> Server | External:
    """One of the two PostgreSQL servers: the one that the environment names, else our own."""
    return external.named(name) or Server(_folder(name), ports.port(name), password(f"{name}-superuser"), layout.log(name))


def table() -> dict[str, Service]:
    """All services in the order they start."""
    found = [_database("postgres", _prepare_store), _database("securenet", _prepare_securenet), _inbox()]
    return {service.name: service for service in [*found, *map(_airflow, airflow.PROCESSES)]}


def settle_ports() -> None:
    """Choose the ports of what does not run, before anything is told them."""
    for port, name in PORTS.items():
        service = table()[name]
        if not service.process.lives():
            service.process.stop()  # a child that outlived its killed leader may still hold the port
            ports.settle(port)


def _database(name: str, prepare: Callable[[Server | External], None]) -> Service:
    found = server(name)

    def start() -> None:
        found.start()
        prepare(found)

    return Service(name, found.address, found, found.answers, start)


def _prepare_store(found: Server | External) -> None:
    for owner in DATABASE_OWNERS:
        databases.ensure(found, owner, owner, password(f"postgres-{owner}"))


def _prepare_securenet(found: Server | External) -> None:
    databases.ensure(found, "securenet", "securenet", password("securenet-securenet"))
    databases.ensure_reader(found, "monitor", password("securenet-monitor"))


def _inbox() -> Service:
    page = environment.variables()["SECURENET_INBOX"]
    numbers = [str(ports.port("smtp")), str(ports.port("inbox"))]
    command = [sys.executable, "-m", "local.inbox", str(layout.run() / "mails"), *numbers]
    return _program("inbox", page, command, lambda: _reachable(f"{page}/api/messages?limit=1"))


def _airflow(name: str) -> Service:
    address = airflow.address() if name == airflow.API_SERVER else ""
    process = _daemon(name)
    return _program(name, address, airflow.command(name), lambda: airflow.health(name, daemon.age(process.pid or 0)))


def _program(name: str, address: str, command: list[str], answers: Callable[[], bool]) -> Service:
    process = _daemon(name)

    def start() -> None:
        if not process.pid:
            process.start(command, environment.full(), cwd=layout.ROOT)

    return Service(name, address, process, answers, start)


def _daemon(name: str) -> Daemon:
    return Daemon(_folder(name) / "pid", layout.log(name))


def _folder(name: str) -> Path:
    return layout.run() / name


def _reachable(address: str) -> bool:
    try:
        return httpx.get(address, timeout=3).is_success
    except httpx.HTTPError:
        return False


def wait_for(service: Service, seconds: float) -> None:
    """Return when it runs; end with the end of its log when it does not come up."""
    daemon.wait_until(lambda: service.runs() or not service.process.lives(), seconds, pause=0.5)
    if not service.runs():
        log = layout.log(service.name)
        raise SystemExit(f"{service.name} does not run; the end of {log}:\n{daemon.tail(log)}")
