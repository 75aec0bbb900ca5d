"""Hosts by Airflow's SSH provider: without it, and with it against a real sshd, where both are installed."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from getpass import getuser
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from include.config.targets import HostTarget, Targets
from include.failures import SourceError
from include.hosts.host_metrics import METRICS
from include.model import utc_now
from include.targets.fleet import Fleet
from securenet.fleets import fleet, host
from securenet.ssh import shell
from tests.sources.seen import read, value
from tests.sources.servers import raw

WITHIN = timedelta(seconds=15)
TARGET = HostTarget(name="web1", via="ssh", connection="ssh_web1")


def connect(monkeypatch: pytest.MonkeyPatch, port: int, **extra: Any) -> None:
    """The Airflow connection of the host."""
    found = {"conn_type": "ssh", "host": "127.0.0.1", "port": port, "login": getuser(), "extra": {"look_for_keys": False, **extra}}
    monkeypatch.setenv("AIRFLOW_CONN_SSH_WEB1", json.dumps(found))


def test_without_the_provider_that_host_alone_is_missing_and_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "airflow.providers.ssh.hooks.ssh", None)
    connect(monkeypatch, 22)
    seen = fleet("systems", Targets(hosts=(HostTarget(name="local"), TARGET)), "system_health", utc_now).measured(WITHIN)
    assert {one.labels["target"]: one.why for one in seen} == {
        "local": None,
        "web1": "apache-airflow-providers-ssh is not installed: pip install apache-airflow-providers-ssh",
    }


def test_a_host_whose_connection_is_missing_does_not_answer_and_that_is_said(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    (seen,) = fleet("systems", Targets(hosts=(TARGET,)), "system_health", utc_now).measured(WITHIN)
    assert (seen.labels["target"], seen.kind, seen.why) == ("web1", "hosts", "the connection ssh_web1 is missing: create it in Airflow")
    assert "the connection ssh_web1 is missing: create it in Airflow" in caplog.text


@pytest.fixture
def provided() -> None:
    """The optional provider is installed."""
    if not find_spec("airflow.providers.ssh"):
        pytest.skip("apache-airflow-providers-ssh is not installed")


@dataclass
class Sshd:
    """A server: its port, its host key as known_hosts has it, the key that opens it, and where its keys of users stand."""

    port: int
    host_key: str
    key: str
    authorized: Path


def new_key(file: Path) -> str:
    """A pair of keys; its public half."""
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", file], check=True)
    return " ".join(file.with_suffix(".pub").read_text().split()[:2])


@pytest.fixture
def sshd(provided: None, tmp_path: Path) -> Iterator[Sshd]:
    """A real one, that lets in whoever runs the tests."""
    program = shutil.which("sshd", path=f"{os.environ['PATH']}:/usr/sbin")
    if not program:
        pytest.skip("sshd is not installed")
    if os.geteuid() == 0:
        Path("/run/sshd").mkdir(exist_ok=True)
    host_key, public = new_key(tmp_path / "host"), new_key(tmp_path / "user")
    (tmp_path / "authorized").write_text(public)
    with socket.create_server(("127.0.0.1", 0)) as line:
        port = line.getsockname()[1]
    options = {
        "ListenAddress": f"127.0.0.1:{port}",
        "HostKey": tmp_path / "host",
        "AuthorizedKeysFile": tmp_path / "authorized",
        "PidFile": "none",
        "UsePAM": "no",
        "StrictModes": "no",
        "PasswordAuthentication": "no",
    }
    (tmp_path / "config").write_text("".join(f"{name} {option}\n" for name, option in options.items()))
    with subprocess.Popen([program, "-D", "-e", "-f", tmp_path / "config"], stderr=subprocess.DEVNULL) as running:
        try:
            until_it_listens(port)
            yield Sshd(port, host_key, (tmp_path / "user").read_text(), tmp_path / "authorized")
        finally:
            running.terminate()


def until_it_listens(port: int) -> None:
    ends = time.monotonic() + 10
    while time.monotonic() < ends:
        with suppress(OSError), socket.create_connection(("127.0.0.1", port)):
            return
        time.sleep(0.05)
    raise AssertionError("sshd did not start")


def command_of(sshd: Sshd, command: str) -> None:
    """Whatever is asked of the server, it runs this."""
    sshd.authorized.write_text(f'command="{command}" {sshd.authorized.read_text()}')


def why_not(seconds: float = 10) -> str:
    """Why the host says nothing."""
    with pytest.raises(SourceError) as refused:
        read(host(TARGET), within=timedelta(seconds=seconds))
    return str(refused.value)


def test_a_real_host_says_what_every_host_says(sshd: Sshd, monkeypatch: pytest.MonkeyPatch) -> None:
    connect(monkeypatch, sshd.port, private_key=sshd.key, host_key=sshd.host_key)
    gauge = host(TARGET.model_copy(update={"processes": ("sshd",)}))
    for _ in range(2):  # one login each
        found = read(gauge, within=WITHIN)
        assert value(found, "process_up", process="sshd") == 1
        assert 0 < value(found, "disk_usage", mount="/") < 100
    assert {one.labels["target"] for one in Fleet("systems", "system_health", [gauge], METRICS).measured(WITHIN)} == {"web1"}


def test_a_host_key_that_nobody_knows_is_not_accepted(sshd: Sshd, monkeypatch: pytest.MonkeyPatch) -> None:
    connect(monkeypatch, sshd.port, private_key=sshd.key)
    assert why_not() == "its host key is not known: put it into known_hosts, or as host_key into the extras of ssh_web1"
    connect(monkeypatch, sshd.port, private_key=sshd.key, no_host_key_check=True)
    assert read(host(TARGET), within=WITHIN), "unless the connection says so"


def test_another_host_key_than_is_known_is_told(sshd: Sshd, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    connect(monkeypatch, sshd.port, private_key=sshd.key, host_key=new_key(tmp_path / "other"))
    assert why_not() == "its host key is not the one that is known: was it set up anew, or is somebody in between?"


def test_who_is_not_let_in_hears_whose_key_it_is(sshd: Sshd, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    new_key(tmp_path / "stranger")
    for extra in ({"private_key": (tmp_path / "stranger").read_text()}, {}):
        connect(monkeypatch, sshd.port, host_key=sshd.host_key, **extra)
        assert why_not().startswith("it does not accept what the connection ssh_web1 logs in with: ")


def test_a_connection_that_makes_no_sense_says_so_and_not_what_its_key_is(provided: None, monkeypatch: pytest.MonkeyPatch) -> None:
    connect(monkeypatch, 22, private_key="sesame")
    assert why_not().startswith("the connection ssh_web1 cannot be used: Key must have")
    assert "sesame" not in why_not()


@pytest.mark.parametrize(
    ("command", "why"),
    [
        ("yes", "more than 8 MiB came: not read"),
        ("sleep 60", "there was no whole answer within 2 s"),
        ("while true; do echo x; sleep 0.05; done", "there was no whole answer within 2 s"),
        ("printf '\\377\\376'", "this is no Linux host: it says "),
        ("exit 7", "this is no Linux host"),
        ("kill -9 $$", "this is no Linux host"),
    ],
)
def test_a_host_that_behaves_badly_costs_no_more_than_it_may(sshd: Sshd, monkeypatch: pytest.MonkeyPatch, command: str, why: str) -> None:
    """The commands go on for as long as somebody listens: that the test ends at all is the point."""
    connect(monkeypatch, sshd.port, private_key=sshd.key, host_key=sshd.host_key)
    command_of(sshd, command)
    assert why_not(2 if "within" in why else 10).startswith(why)


def test_a_host_that_is_none_is_named(provided: None, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    with socket.create_server(("127.0.0.1", 0)) as line:
        connect(monkeypatch, line.getsockname()[1])
        assert why_not(1) == "there was no whole answer within 1 s"
    assert why_not() == "cannot be reached: Connection refused"
    with raw(lambda line: line.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")) as url:
        connect(monkeypatch, int(url.split(":")[2].split("/")[0]))
        assert why_not(5).startswith("does not speak SSH as it should: ")
    assert "Traceback" not in caplog.text


def test_whoever_drips_is_cut_off(provided: None, monkeypatch: pytest.MonkeyPatch) -> None:
    def drip(line: socket.socket) -> None:
        while True:
            line.sendall(b"#\r\n")
            time.sleep(0.05)

    before = timers()
    with raw(drip) as url:
        connect(monkeypatch, int(url.split(":")[2].split("/")[0]))
        started = time.monotonic()
        why_not(1)
    assert time.monotonic() - started < 5
    assert shell("ssh_web1")
    for timer in timers() - before:
        timer.join(10)  # one that was told to end may need a moment for it
    assert timers() <= before


def timers() -> set[threading.Thread]:
    """Those that run in this process."""
    return {thread for thread in threading.enumerate() if isinstance(thread, threading.Timer)}
