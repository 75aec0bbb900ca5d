"""What a parse of a DAG file needs of the configuration, at a parse's price: an unchanged file is not validated again.

Beside Airflow's home lies a copy of the last accepted settings of each file and environment, with a stamp of the files and the schema that
it came from. So whoever tries out another file (`SECURENET_CONFIG=candidate.yaml make check`) changes nothing for the one that is in use.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
from pathlib import Path
from typing import Any

from include import private
from include.config import SHIPPED
from include.failures import Refused

log = logging.getLogger(__name__)
SCHEMA = sorted(SHIPPED.parent.glob("*.py"))
Plain = dict[str, Any]


def path() -> Path:
    """The configuration file: SECURENET_CONFIG, else the shipped one."""
    return Path(os.environ.get("SECURENET_CONFIG") or SHIPPED)


def environment() -> str | None:
    """Which overlay of it counts: SECURENET_ENV."""
    return os.environ.get("SECURENET_ENV") or None


def overlay() -> Path:
    """The overlay, which need not exist, nor be one that can."""
    file = path()
    return file.parent / f"{file.stem}.{environment()}{file.suffix}"


def at_parse() -> Plain:
    """The settings as plain values, for a schedule: the file's, else its last accepted, else defaults. Never raises, asks no database."""
    try:
        return must_be_valid()
    except Refused as refused:
        log.warning("%s", refused)
    from include.config.reading import merge

    copy = read_copy()
    return merge(defaults(), copy["settings"]) if copy else defaults()  # a release before this one may have written it


def digest() -> str:
    """16 hex digits: another one for other settings."""
    return hashlib.sha256(json.dumps(at_parse(), sort_keys=True).encode()).hexdigest()[:16]


def must_be_valid() -> Plain:
    """The file's settings as plain values. Raises ConfigurationRefused."""
    copy, now = read_copy(), stamp()
    if copy and copy["stamp"] == now:
        settings: Plain = copy["settings"]
        return settings
    from include.config.loading import load

    accepted: Plain = load(path(), environment()).settings.model_dump(mode="json")
    write_copy({"stamp": now, "settings": accepted})
    return accepted


def stamp() -> list[Any]:
    """Changes whenever the file, its overlay or the schema does: the name, time and size of each."""
    return [[str(file), *seen(file)] for file in (path(), overlay(), *SCHEMA)]


def seen(file: Path) -> list[int]:
    """Modification time in ns and size; [] for a file that is not there."""
    try:
        found = file.stat()
    except OSError:
        return []
    return [found.st_mtime_ns, found.st_size]


def copy_path() -> Path:
    """Where the copy stands: another place for another file or environment."""
    of = hashlib.sha256(f"{path().resolve()} {environment() or ''}".encode()).hexdigest()[:16]
    return Path(os.environ.get("AIRFLOW_HOME") or Path.home() / "airflow") / "securenet" / f"accepted-{of}.json"


def read_copy() -> Plain | None:
    """The copy; None when there is none that can be read."""
    try:
        copy = json.loads(copy_path().read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return copy if isinstance(copy, dict) and {"stamp", "settings"} <= set(copy) else None


def write_copy(copy: Plain) -> None:
    """Replace the copy at once, as a whole. A home that cannot be written to is no reason to fail."""
    place = copy_path()
    try:
        fresh = private.closed(place.parent) / f"{place.name}.{os.getpid()}"
        with open(fresh, "w", encoding="utf-8", opener=private.unread) as file:
            json.dump(copy, file)
        fresh.replace(place)
    except OSError as error:
        log.warning("the accepted configuration could not be kept in %s: %s", place, error)


def defaults() -> Plain:
    """What holds where nothing was ever accepted; the tasks then fail by name."""
    from include.config.settings import Settings

    return Settings().model_dump(mode="json")
