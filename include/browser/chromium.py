"""A Chromium of one's own while it is needed: headless, nothing of it remains, no process and no file."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil

from include.browser import Failed, Gone, Late
from include.browser.devtools import Pipe
from include.failures import SourceError
from include.scraping.hostile import seemly

PROGRAMS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
MISSING = "Chromium is not installed where the tasks run: apt-get install chromium"
FLAGS = (
    "--headless",
    "--remote-debugging-pipe",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-extensions",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-breakpad",
    "--disable-crash-reporter",
    "--disable-features=HttpsUpgrades,Translate,MediaRouter,OptimizationHints",
    "--block-new-web-contents",
    "--deny-permission-prompts",
    "--mute-audio",
    "--no-first-run",
    "--password-store=basic",
    "--window-size=1350,940",
)
# The pipe is expected at the descriptors 3 and 4: a shell puts its own input and output there.
THROUGH = 'exec 3<&0 4>&1 0</dev/null 1>/dev/null; exec "$@"'
LOG = "log"
# The folder of a browser, with the number of the process that it is for.
PREFIX = "page-load-"
MOST_MEMORY = 1536 * 1024 * 1024
# So long it may take to be gone, in seconds; what is large takes a while to die.
LEAVING = 5.0


@contextmanager
def chromium(seconds: float) -> Iterator[Pipe]:
    """A browser for at most so many seconds. Raises SourceError when there is none, or it does not stay."""
    program = next(filter(None, map(shutil.which, PROGRAMS)), None)
    if not program:
        raise SourceError(MISSING)
    sweep(Path(tempfile.gettempdir()))
    with (
        tempfile.TemporaryDirectory(prefix=f"{PREFIX}{os.getpid()}-", ignore_cleanup_errors=True) as home,
        running(program, Path(home)) as process,
    ):
        ends = time.monotonic() + seconds
        try:
            yield Pipe(*ends_of(process), ends, pulse=lambda: limited(process.pid))
        except Gone:
            raise SourceError(f"Chromium ended by itself: {last_words(Path(home))}") from None
        except Failed as failed:
            raise SourceError(f"Chromium cannot be used: {seemly(str(failed))}") from None
        except Late:
            raise SourceError(f"Chromium did not start within {seconds:.3g} s") from None


def sweep(folder: Path) -> None:
    """Delete what browsers left there whose task was killed."""
    for left in folder.glob(f"{PREFIX}*-*"):
        number = left.name.removeprefix(PREFIX).partition("-")[0]
        if number.isdecimal() and not Path("/proc", number).exists():
            shutil.rmtree(left, ignore_errors=True)


@contextmanager
def running(program: str, home: Path) -> Iterator[subprocess.Popen[bytes]]:
    """The process, killed with all that it started. It knows none of our environment, in which connections may stand."""
    with (home / LOG).open("wb") as log:
        process = subprocess.Popen(
            ["sh", "-c", THROUGH, "sh", program, *flags(home), "about:blank"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            env={"PATH": os.environ.get("PATH", os.defpath), "HOME": str(home), "LANG": "C.UTF-8"},
            start_new_session=True,
        )
    with process:
        try:
            yield process
        finally:
            end(process)


def ends_of(process: subprocess.Popen[bytes]) -> tuple[int, int]:
    """Where it is written to and read from."""
    if not (process.stdin and process.stdout):
        raise Gone
    return process.stdin.fileno(), process.stdout.fileno()


def flags(home: Path) -> list[str]:
    """With an empty profile; root has no sandbox, as Chromium refuses to give it one."""
    return [*FLAGS, f"--user-data-dir={home}/profile", *(() if os.geteuid() else ("--no-sandbox",))]


def limited(pid: int) -> None:
    """Raises Failed when the browser, all its processes together, has grown too large."""
    size = 0
    for process in tree(pid):
        with suppress(psutil.Error, OSError):
            size += process.memory_full_info().pss
    if size > MOST_MEMORY:
        raise Failed(f"it makes the browser take more than {MOST_MEMORY // 1024 // 1024} MiB")


def tree(pid: int) -> list[psutil.Process]:
    """A process and all below it."""
    try:
        top = psutil.Process(pid)
        return [top, *top.children(recursive=True)]
    except psutil.Error:
        return []


def end(process: subprocess.Popen[bytes]) -> None:
    """Kill it with all that it started, and see it gone."""
    there = tree(process.pid)
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    for one in there:
        with suppress(psutil.Error):
            one.kill()
    ends = time.monotonic() + LEAVING
    while any(map(is_alive, there)) and time.monotonic() < ends:
        time.sleep(0.02)


def is_alive(process: psutil.Process) -> bool:
    """Whether it still does anything; one that is only not reaped yet does not."""
    try:
        return bool(process.is_running() and process.status() != psutil.STATUS_ZOMBIE)
    except psutil.Error:
        return False


def last_words(home: Path) -> str:
    """What it said before it ended."""
    lines = (home / LOG).read_text("utf-8", "replace").strip().splitlines()
    return seemly(lines[-1]) if lines else "it said nothing"
