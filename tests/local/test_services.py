"""The states of a service, ports that others took, and the commands around them."""

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import psycopg
import pytest

from local import airflow, daemon, environment, layout, ports, postgres, services
from local.daemon import Daemon
from local.services import Service, State


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    """A process that answers as soon as the file `answers` is there."""
    process = Daemon(tmp_path / "pid", tmp_path / "log")
    command = [sys.executable, "-c", "import time; time.sleep(60)"]
    answers = (tmp_path / "answers").exists
    start = partial(process.start, command, {}, tmp_path)
    yield Service("sleeper", "", process.wanted, process.lives, answers, start, process.stop)
    process.stop(signal.SIGKILL)


def test_a_service_is_stopped_starting_running_stale_and_stopped_again(service: Service, tmp_path: Path) -> None:
    assert service.state() is State.STOPPED
    service.start()
    assert service.state() is State.STARTING
    (tmp_path / "answers").touch()
    assert service.state() is State.RUNNING
    os.kill(json.loads((tmp_path / "pid").read_text())["pid"], signal.SIGKILL)
    assert daemon.wait_until(lambda: service.state() is State.STALE, 5)
    service.stop()
    assert service.state() is State.STOPPED


def test_the_services_are_these() -> None:
    assert list(services.table()) == ["postgres", "securenet", "inbox", *airflow.PROCESSES]


def test_a_port_that_somebody_has_is_replaced_by_the_next_free_one_for_good() -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        taken = other.getsockname()[1]
        ports.DEFAULTS["probe"] = min(taken, 32000)
        try:
            found = ports.settle("probe")
        finally:
            del ports.DEFAULTS["probe"]
    assert found != taken


def test_a_chosen_port_that_is_taken_is_refused_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        monkeypatch.setenv("SECURENET_PORT_SMTP", str(other.getsockname()[1]))
        with pytest.raises(SystemExit, match="chosen for smtp by the environment, is in use"):
            ports.settle("smtp")


def test_make_help_names_every_command() -> None:
    done = subprocess.run(["make", "-s", "help"], cwd=layout.ROOT, capture_output=True, text=True, check=True)
    listed = {line.split()[0] for line in done.stdout.splitlines()}
    phony = (layout.ROOT / "Makefile").read_text().split(".PHONY:")[1].splitlines()[0].split()
    assert listed == set(phony)


@pytest.mark.parametrize("code", [0, 1, 2])
def test_make_passes_the_exit_codes_of_check_on(code: int, tmp_path: Path) -> None:
    """Through a stand-in for the environment's Python that exits with the code."""
    python = tmp_path / "python"
    python.write_text(f"#!/bin/sh\nexit {code}\n")
    python.chmod(0o755)
    command = ["make", "-s", "check", "DUTY=x", f"PY={python}", "READY="]
    assert subprocess.run(command, cwd=layout.ROOT, capture_output=True, check=False).returncode == code


def test_a_server_that_the_environment_names_is_used_and_never_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    with postgres.throwaway() as given:
        monkeypatch.setenv("SECURENET_DSN_POSTGRES", given.dsn("postgres"))
        service = services.table()["postgres"]
        service.start()
        with psycopg.connect(environment.store_dsn()) as store:
            assert store.execute("SELECT current_user").fetchone() == ("monitoring",)
        service.stop()
        assert service.state() is State.RUNNING
        given.stop()
        assert service.state() is State.STALE
