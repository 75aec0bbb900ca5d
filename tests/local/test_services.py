"""The states of a service, ports that others took, and the commands around them."""

import json
import os
import signal
import socket
import stat
import subprocess
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import psycopg
import pytest

from local import airflow, daemon, down, environment, layout, ports, postgres, services, status
from local.daemon import Daemon
from local.services import Service, State


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    """A process that answers as soon as the file `answers` is there."""
    process = Daemon(tmp_path / "pid", tmp_path / "log")
    command = [sys.executable, "-c", "import time; time.sleep(60)"]
    answers = (tmp_path / "answers").exists
    yield Service("sleeper", "", process, answers, partial(process.start, command, {}, tmp_path))
    process.stop(signal.SIGKILL)


def test_a_service_is_stopped_starting_running_stale_and_stopped_again(service: Service, tmp_path: Path) -> None:
    assert service.state() is State.STOPPED
    service.start()
    assert service.state() is State.STARTING
    (tmp_path / "answers").touch()
    assert service.state() is State.RUNNING
    os.kill(json.loads((tmp_path / "pid").read_text())["pid"], signal.SIGKILL)
    assert daemon.wait_until(lambda: service.state() is State.STALE, 5)
    service.process.stop()
    assert service.state() is State.STOPPED


def test_a_service_that_no_longer_answers_is_stale_when_it_is_too_old_to_be_on_its_way(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    service.start()
    assert service.state() is State.STARTING
    monkeypatch.setattr(services, "GRACE_SECONDS", 0)
    assert service.state() is State.STALE


KILLED_UP = """
import os, signal
from local import services, up
up._databases_and_inbox = lambda table: os.kill(os.getpid(), signal.SIGKILL)
up.up()
"""


def test_what_a_killed_make_up_never_came_to_start_is_stale(run: Path) -> None:
    done = subprocess.run([sys.executable, "-c", KILLED_UP], cwd=layout.ROOT, check=False)
    assert done.returncode == -signal.SIGKILL
    assert {service.state() for service in services.table().values()} == {State.STALE}
    assert status.show(as_json=True) == 1
    down.down()
    assert {service.state() for service in services.table().values()} == {State.STOPPED}


def test_the_status_of_a_store_that_hangs_is_an_exit_code_of_1(
    store_server: postgres.Server, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    command = [sys.executable, "-m", "local", "status", "--json"]
    empty = subprocess.run(command, cwd=layout.ROOT, capture_output=True, text=True, check=False)
    assert json.loads(empty.stdout)["services"]["postgres"]["state"] == "running"
    assert "the store does not answer: the store is empty" in empty.stderr
    assert empty.returncode == 1
    store_server.pause()
    assert services.table()["postgres"].state() is State.STARTING
    monkeypatch.setattr(services, "GRACE_SECONDS", 0)
    assert services.table()["postgres"].state() is State.STALE
    assert status.show(as_json=True) == 1
    assert json.loads(capsys.readouterr().out.splitlines()[-1])["duties"] == {}


@pytest.fixture
def store_server() -> Iterator[postgres.Server]:
    """The stack's own store, running."""
    ports.settle("postgres")
    found = services.server("postgres")
    assert isinstance(found, postgres.Server)
    found.start()
    services.table()["postgres"].start()
    yield found
    found.resume()
    found.remove()


def test_the_status_of_a_stack_that_was_never_up_shows_no_password_to_whoever_has_its_port(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with socket.socket() as stranger:
        stranger.bind(("127.0.0.1", 0))
        stranger.listen()
        stranger.settimeout(0.5)
        monkeypatch.setenv("SECURENET_PORT_POSTGRES", str(stranger.getsockname()[1]))
        assert [status.show(as_json) for as_json in (True, False)] == [0, 0]
        with pytest.raises(TimeoutError):
            stranger.accept()
    assert json.loads(capsys.readouterr().out.splitlines()[0])["duties"] == {}


def test_logs_that_stand_open_from_before_are_closed(run: Path) -> None:
    old = run / "logs" / "scheduler.log"
    old.parent.mkdir(mode=0o755, parents=True)
    old.touch(mode=0o644)
    layout.log("scheduler")
    assert [stat.S_IMODE(path.stat().st_mode) for path in (old.parent, old)] == [0o700, 0o600]


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
        service.process.stop()
        assert service.state() is State.RUNNING
        given.stop()
        assert service.state() is State.STALE
