"""PostgreSQL refuses to run as root: who it runs as then, and a place that this user reaches."""

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

CANDIDATES = ("postgres", "nobody")
REFUGE = Path("/var/tmp")  # noqa: S108  survives a reboot, unlike /tmp


def server_user() -> str | None:
    """The unprivileged user for servers, None when we are one ourselves."""
    if os.geteuid() != 0:
        return None
    names = {entry.pw_name for entry in pwd.getpwall()}
    if not (found := [name for name in CANDIDATES if name in names]):
        raise SystemExit(f"PostgreSQL does not run as root, and none of these users exists: {', '.join(CANDIDATES)}")
    return found[0]


def identity(user: str | None) -> dict[str, Any]:
    """What makes a subprocess run as that user, with none of our groups; nothing for None."""
    return {"user": user, "group": pwd.getpwnam(user).pw_gid, "extra_groups": []} if user else {}


def run_as(user: str | None, command: list[str], env: Mapping[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    """Run to the end as that user, from a folder that everybody may be in; the caller looks at the result."""
    return subprocess.run(command, **identity(user), env=env, cwd="/", text=True, capture_output=True, check=False)


def reaches(user: str | None, path: Path) -> bool:
    """Whether that user may enter the folder, or execute the file. Asked of the system, not computed from modes."""
    return run_as(user, ["test", "-x", str(path)]).returncode == 0


def own(path: Path, user: str | None) -> None:
    """Give the user a folder for themselves alone."""
    path.chmod(0o700)
    if user:
        shutil.chown(path, user, pwd.getpwnam(user).pw_gid)


def within_reach(folder: Path, user: str | None) -> Path:
    """The folder itself, or where the user cannot enter it, one of their own elsewhere that `folder/elsewhere` remembers."""
    folder.mkdir(parents=True, exist_ok=True)
    if user is None or reaches(user, folder):
        return folder
    pointer = folder / "elsewhere"
    if not pointer.exists() or not Path(pointer.read_text()).is_dir():
        _remember(pointer, _own_folder(user))
    return Path(pointer.read_text())


def _own_folder(user: str) -> Path:
    created = Path(tempfile.mkdtemp(prefix="securenet-", dir=REFUGE))
    own(created, user)
    return created


def _remember(pointer: Path, target: Path) -> None:
    draft = pointer.with_suffix(".new")
    draft.write_text(str(target))
    draft.replace(pointer)
