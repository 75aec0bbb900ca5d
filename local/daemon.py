"""A process that outlives the command that started it, and is found again: after a crash, a reboot, a reused pid."""

import json
import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from local import account

BOOT = Path("/proc/sys/kernel/random/boot_id")
LOG_LIMIT = 10_000_000

_started: list[subprocess.Popen[bytes]] = []  # kept: a Popen that is collected while its process lives warns


@dataclass(frozen=True)
class Daemon:
    """One service process with its whole session (its children, and theirs). `record` says which; it stands until `stop`."""

    record: Path
    log: Path

    def start(self, command: Sequence[str], env: Mapping[str, str], cwd: Path, user: str | None = None) -> None:
        """Start it in a session of its own, as `user` if given; what an earlier one left behind ends first."""
        self.stop(signal.SIGKILL)
        rotate(self.log)
        with self.log.open("ab") as log:
            process = subprocess.Popen(
                command,
                env=dict(env),
                cwd=cwd,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                **account.identity(user),
            )
        _started.append(process)
        self.record.parent.mkdir(parents=True, exist_ok=True)
        self.record.write_text(json.dumps({"pid": process.pid, "birth": birth(process.pid)}))

    def wanted(self) -> bool:
        """Started, and not stopped on purpose since."""
        return self.record.exists()

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
        try:
            record = json.loads(self.record.read_text())
            return int(record["pid"]), str(record["birth"])
        except (FileNotFoundError, ValueError, KeyError):  # never started, or cut short while it was written
            return 0, ""


def birth(pid: int) -> str | None:
    """What no other process shares: the boot and the tick it started at. None when it is gone or only a zombie."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return None
    return None if fields[0] in "ZX" else f"{_boot()} {fields[19]}"


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


def _boot() -> str:
    return BOOT.read_text().strip()


def _session(pid: int) -> int | None:
    try:
        return os.getsid(pid)
    except ProcessLookupError:
        return None
