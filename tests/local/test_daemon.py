"""A service is found again, and nothing else is mistaken for it."""

import json
import os
import signal
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from local.daemon import Daemon, age, birth, wait_until

STUBBORN = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True); time.sleep(60)"
PARENT = "import subprocess, time; subprocess.Popen(['sleep', '61']); print('up', flush=True); time.sleep(60)"


@pytest.fixture
def daemon(tmp_path: Path) -> Iterator[Daemon]:
    daemon = Daemon(tmp_path / "service" / "pid", tmp_path / "log")
    yield daemon
    daemon.stop(signal.SIGKILL)


def start(daemon: Daemon, code: str) -> None:
    daemon.start([sys.executable, "-c", code], os.environ, Path("/"))
    assert wait_until(lambda: "up" in daemon.log.read_text(), 10)


def test_stop_ends_the_children_too(daemon: Daemon) -> None:
    start(daemon, PARENT)
    members = daemon.members()
    assert len(members) == 2
    daemon.stop()
    assert [birth(pid) for pid in members] == [None, None]
    assert not daemon.wanted()


def test_stop_ends_what_a_killed_leader_orphaned(daemon: Daemon) -> None:
    start(daemon, PARENT)
    leader = daemon.pid
    assert leader
    os.kill(leader, signal.SIGKILL)
    assert wait_until(lambda: daemon.pid is None, 5)
    assert daemon.wanted()
    (orphan,) = daemon.members()
    daemon.stop()
    assert birth(orphan) is None


def test_stop_insists_where_a_signal_is_ignored(daemon: Daemon) -> None:
    start(daemon, STUBBORN)
    daemon.stop(patience=0.2)
    assert daemon.members() == []


def test_a_pid_that_now_belongs_to_somebody_else_is_neither_believed_nor_killed(daemon: Daemon) -> None:
    """As after a reboot: the recorded pid runs again, but it was born at another time."""
    stranger = subprocess.Popen(["sleep", "60"], start_new_session=True)
    daemon.record.parent.mkdir()
    daemon.record.write_text(json.dumps({"pid": stranger.pid, "birth": "another-boot 1"}))
    assert daemon.pid is None
    daemon.stop()
    assert stranger.poll() is None
    stranger.kill()
    stranger.wait()


def test_what_is_expected_is_wanted_and_coming_while_whoever_expects_it_lives(daemon: Daemon) -> None:
    daemon.expect()
    assert daemon.wanted()
    assert not daemon.lives()
    assert daemon.coming(0)
    note = json.loads(daemon.record.read_text())
    daemon.record.write_text(json.dumps({**note, "starter_birth": "another-boot 1"}))
    assert not daemon.coming(1000)


def test_to_expect_what_runs_already_forgets_nothing_of_it(daemon: Daemon) -> None:
    start(daemon, PARENT)
    members = daemon.members()
    daemon.expect()
    assert daemon.members() == members


def test_a_process_is_coming_only_while_it_is_young(daemon: Daemon) -> None:
    start(daemon, PARENT)
    assert daemon.coming(60)
    assert daemon.pid
    assert 0 <= age(daemon.pid) < 60
    assert not daemon.coming(0)


def test_its_log_is_for_its_owner_alone(daemon: Daemon) -> None:
    start(daemon, PARENT)
    assert stat.S_IMODE(daemon.log.stat().st_mode) == 0o600


@pytest.mark.parametrize("record", ["", "{", "[]", '{"pid": 1}'], ids=["empty", "cut short", "a list", "incomplete"])
def test_a_broken_record_means_not_running(daemon: Daemon, record: str) -> None:
    daemon.record.parent.mkdir()
    daemon.record.write_text(record)
    assert daemon.pid is None
    assert daemon.members() == []
