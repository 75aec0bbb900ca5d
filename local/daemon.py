"""A process that outlives the command that started it, and is found again: after a crash, a reboot, a reused pid."""

import ctypes
import json
import math
import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from include import private
from local import account

BOOT = Path("/proc/sys/kernel/random/boot_id")
LOG_LIMIT = 10_000_000
PR_SET_PDEATHSIG = 1
LIBC = ctypes.CDLL(None)

_started: list[subprocess.Popen[bytes]] = []  # kept: a Popen that is collected while its process lives warns


@dataclass(frozen=True)
class Daemon:
    """One service process with its whole session (its children, and theirs). `record` says which; it stands until `stop`.

    `bound`: it does not outlive the thread that started it. What a killed test run leaves behind ends with it.
    """

    record: Path
    log: Path
    bound: bool = False

    def expect(self) -> None:
        """Note that it is wanted before it is started: `wanted` from now on, whatever becomes of this process."""
        if not self._recorded()[0]:
            self._note(pid=0, birth="", starter=os.getpid(), starter_birth=birth(os.getpid()))

    def start(self, command: Sequence[str], env: Mapping[str, str], cwd: Path, user: str | None = None) -> None:
        """Start it in a session of its own, as `user` if given; what an earlier one left behind ends first."""
        self.stop(signal.SIGKILL)
        self.expect()
        rotate(self.log)
        with open(self.log, "ab", opener=private.unread) as log:
            process = subprocess.Popen(
                command,
                env=dict(env),
                cwd=cwd,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                preexec_fn=_die_with_parent if self.bound else None,
                **account.identity(user),
            )
        _started.append(process)
        self._note(pid=process.pid, birth=birth(process.pid))

    def wanted(self) -> bool:
        """Started or expected, and not stopped on purpose since."""
        return self.record.exists()

    def coming(self, grace: float) -> bool:
        """Whether it may still be on its way: born less than `grace` seconds ago, or not born yet and its starter lives."""
        if pid := self.pid:
            return age(pid) < grace
        record = self._read()
        starter = record.get("starter")
        return isinstance(starter, int) and birth(starter) == record.get("starter_birth")

    @property
    def pid(self) -> int | None:
        """The leader, if it lives and is the process that we started."""
        pid, born = self._recorded()
        return pid if pid and birth(pid) == born else None

    def lives(self) -> bool:
        """Whether the leader does; what it started may live on without it."""
        return self.pid is not None

    def members(self) -> list[int]:
        """Every living process of its session, orphans included."""
        leader, born = self._recorded()
        if not leader or birth(leader) not in (born, None) or not born.startswith(_boot()):
            return []
        return [pid for pid in living() if _session(pid) == leader]

    def stop(self, how: signal.Signals = signal.SIGTERM, patience: float = 15) -> None:
        """Ask the leader, then its session, then insist."""
        if pid := self.pid:
            send([pid], how)
            wait_until(lambda: self.pid is None, patience)
        for insistence in (signal.SIGTERM, signal.SIGKILL):
            send(self.members(), insistence)
            wait_until(lambda: not self.members(), 2)
        self.record.unlink(missing_ok=True)

    def _recorded(self) -> tuple[int, str]:
        record = self._read()
        return int(record.get("pid", 0)), str(record.get("birth", ""))

    def _read(self) -> dict[str, Any]:
        try:
            record = json.loads(self.record.read_text())
        except (FileNotFoundError, ValueError):  # never started, or cut short while it was written
            return {}
        return record if isinstance(record, dict) else {}

    def _note(self, **record: object) -> None:
        self.record.parent.mkdir(parents=True, exist_ok=True)
        self.record.write_text(json.dumps(record))


def birth(pid: int) -> str | None:
    """What no other process shares: the boot and the tick it started at. None when it is gone or only a zombie."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return None
    return None if fields[0] in "ZX" else f"{_boot()} {fields[19]}"


def age(pid: int) -> float:
    """Seconds since it was born; endless for one that is gone."""
    born = birth(pid)
    running = float(Path("/proc/uptime").read_text().split()[0])
    return running - int(born.split()[1]) / os.sysconf("SC_CLK_TCK") if born else math.inf


def living() -> list[int]:
    """All processes of this machine that still run."""
    return [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit() and birth(int(entry.name))]


def send(pids: Sequence[int], number: signal.Signals) -> None:
    """Signal them all; one that has just gone is fine."""
    for pid in pids:
        try:
            os.kill(pid, number)
        except ProcessLookupError:
            continue


def wait_until(condition: Callable[[], object], seconds: float, pause: float = 0.05) -> bool:
    """Whether the condition came true in time."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(pause)
    return True


def rotate(log: Path) -> None:
    """Keep one old log beside a new one, so that a stack that stays up for months does not fill the disk."""
    if log.exists() and log.stat().st_size > LOG_LIMIT:
        log.replace(log.with_suffix(".log.1"))


def tail(log: Path, lines: int = 20) -> str:
    """The end of a log, for a person who has to find out what happened."""
    return "\n".join(log.read_text(errors="replace").splitlines()[-lines:]) if log.exists() else ""


def _die_with_parent() -> None:
    """In the child, before it becomes the program: the kernel signals it when the thread that made it ends. PostgreSQL takes SIGQUIT
    for a shutdown at once, of its children too."""
    LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGQUIT)


def _boot() -> str:
    return BOOT.read_text().strip()


def _session(pid: int) -> int | None:
    try:
        return os.getsid(pid)
    except ProcessLookupError:
        return None
