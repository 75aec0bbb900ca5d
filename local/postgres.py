"""A real PostgreSQL server of our own, driven by `initdb` and `postgres` alone: TCP on 127.0.0.1, passwords, no sockets.

with throwaway() as server:
    psycopg.connect(server.dsn("postgres"))
"""

import os
import secrets
import shutil
import signal
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import psycopg
from psycopg.conninfo import make_conninfo

from local import account, binaries, ports
from local.daemon import Daemon, living, send, tail, wait_until

SUPERUSER = "postgres"
SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "shared_preload_libraries": "pg_stat_statements",
    "max_connections": "200",
    "timezone": "UTC",
    "log_line_prefix": "%m [%p] %u@%d ",
}
QUICK = {"fsync": "off", "full_page_writes": "off"}  # survives a kill, though not a power cut
MEMORY, ROOM = Path("/dev/shm"), 4 * 2**30  # noqa: S108 - only for folders with names that nobody can guess
LOCALE = {"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8"}


@dataclass(frozen=True)
class Server:
    """One server and its data. Constructing it touches nothing; `start` creates what is missing and heals what is broken.

    `bound`: it does not outlive the thread that started it.
    """

    folder: Path
    port: int
    password: str
    log: Path
    settings: Mapping[str, str] = field(default_factory=dict)
    bound: bool = False

    @cached_property
    def user(self) -> str | None:
        """Who the server runs as, None for ourselves."""
        return account.server_user()

    @cached_property
    def place(self) -> Path:
        """Where the data really is: `folder`, unless the server's user cannot get there."""
        return account.within_reach(self.folder, self.user)

    @property
    def data(self) -> Path:
        """The data directory; either absent or complete."""
        return self.place / "data"

    @property
    def daemon(self) -> Daemon:
        """The postmaster."""
        return Daemon(self.folder / "pid", self.log, self.bound)

    @property
    def address(self) -> str:
        """Host and port."""
        return f"127.0.0.1:{self.port}"

    def wanted(self) -> bool:
        """Started, and not stopped on purpose since."""
        return self.daemon.wanted()

    def expect(self) -> None:
        """Note that it is wanted, before it is started."""
        self.daemon.expect()

    def lives(self) -> bool:
        """Whether the postmaster that we started is there."""
        return self.daemon.lives()

    def coming(self, grace: float) -> bool:
        """Whether it may still be on its way up."""
        return self.daemon.coming(grace)

    def dsn(self, database: str, user: str = SUPERUSER, password: str | None = None) -> str:
        """A connection URI. Passwords and names of ours need no escaping."""
        return f"postgresql://{user}:{password or self.password}@{self.address}/{database}"

    def answers(self) -> bool:
        """Whether a query comes back within two seconds."""
        try:
            with psycopg.connect(make_conninfo(self.dsn("postgres"), connect_timeout=2)) as connection:
                return connection.execute("SELECT true").fetchone() == (True,)
        except psycopg.OperationalError:
            return False

    def start(self, seconds: float = 60) -> None:
        """Bring it up, whatever state a crash or a reboot left it in. Returns when it answers."""
        if self.lives() and self.answers():
            return
        self.kill()
        if not (self.data / "PG_VERSION").exists():
            self._create()
        (self.data / "postmaster.pid").unlink(missing_ok=True)  # it may name a pid that now belongs to somebody else
        self.daemon.start(self._command(), LOCALE, cwd=self.place, user=self.user)
        wait_until(lambda: self.answers() or not self.lives(), seconds)
        if not self.answers():
            raise SystemExit(f"PostgreSQL did not start; the end of {self.log}:\n{tail(self.log)}")

    def stop(self) -> None:
        """Disconnect everybody and shut down cleanly; kill what does not listen."""
        self.resume()
        self.daemon.stop(signal.SIGINT)
        self.kill()
        self.daemon.record.unlink(missing_ok=True)

    def kill(self) -> None:
        """End every process at once, as a power cut would."""
        send(self.processes(), signal.SIGKILL)
        wait_until(lambda: not self.processes(), 10)

    def pause(self) -> None:
        """Freeze it: connections hang instead of being refused."""
        send(self.processes(), signal.SIGSTOP)

    def resume(self) -> None:
        """Undo `pause`; hanging connections go on."""
        send(self.processes(), signal.SIGCONT)

    def remove(self) -> None:
        """Stop it and delete its data for good."""
        self.stop()
        for folder in (self.place, self.folder):
            shutil.rmtree(folder, ignore_errors=True)

    def processes(self) -> list[int]:
        """The postmaster and its children, each in a session of its own; what they share is the data folder they work in."""
        data = str(self.data.resolve())
        return [pid for pid in living() if _works_in(pid) == data]

    def _command(self) -> list[str]:
        settings = SETTINGS | dict(self.settings) | {"port": str(self.port)}
        options = [word for key, value in settings.items() for word in ("-c", f"{key}={value}")]
        return [str(binaries.folder(self.user) / "postgres"), "-D", str(self.data), *options]

    def _create(self) -> None:
        """Initialise beside the final place and rename: data that is there is complete."""
        draft = self.place / "data.new"
        shutil.rmtree(draft, ignore_errors=True)
        draft.mkdir()
        account.own(draft, self.user)
        self._initdb(draft)
        draft.rename(self.data)

    def _initdb(self, data: Path) -> None:
        secret = data.with_name("password")
        secret.touch(mode=0o600)
        secret.write_text(self.password)
        if self.user:
            shutil.chown(secret, self.user)
        initdb = [str(binaries.folder(self.user) / "initdb"), "-D", str(data), "-U", SUPERUSER]
        options = ["-A", "scram-sha-256", f"--pwfile={secret}", "-E", "UTF8", "--no-sync", "--no-instructions"]
        result = account.run_as(self.user, [*initdb, *options], LOCALE)
        secret.unlink()
        if result.returncode:
            raise SystemExit(f"initdb failed: {result.stdout}{result.stderr}")


@contextmanager
def throwaway(**settings: str) -> Iterator[Server]:
    """A server for tests: a free port, an empty temporary folder, no waiting for the disk; gone afterwards, or when whoever began it is."""
    folder = Path(tempfile.mkdtemp(prefix="securenet-postgres-", dir=None if "fsync" in settings else memory()))
    folder.chmod(0o755)
    server = Server(folder, ports.any_free(), secrets.token_hex(16), folder / "log", QUICK | settings, bound=True)
    try:
        server.start()
        yield server
    finally:
        server.remove()


def memory() -> Path | None:
    """A folder that needs no disk at all, where there is one with room."""
    there = MEMORY.is_dir() and os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free > ROOM
    return MEMORY if there else None


def _works_in(pid: int) -> str | None:
    try:
        return os.readlink(f"/proc/{pid}/cwd")
    except OSError:  # gone meanwhile, or another user's
        return None
