"""Which configuration is in force. A refused file leaves the last accepted one: a parse takes it from a file, a run from the store."""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from include.config.loading import SHIPPED, Configuration, ConfigurationRefused, load, parse
from include.config.settings import Settings

if TYPE_CHECKING:
    from include.store import Store

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class InForce:
    """The settings that a run uses. `refusal`: why the file itself was refused, None when it was accepted."""

    settings: Settings
    refusal: str | None = None


def path(environment: Mapping[str, str] = os.environ) -> Path:
    """The configuration file: SECURENET_CONFIG, else the shipped one."""
    return Path(environment.get("SECURENET_CONFIG") or SHIPPED)


def load_file(environment: Mapping[str, str] = os.environ) -> Configuration:
    """The file with its overlay. Raises ConfigurationRefused."""
    return load(path(environment), environment.get("SECURENET_ENV") or None)


def at_parse() -> Settings:
    """For a schedule: the file, else the accepted copy beside Airflow's home, else the defaults. Never raises, asks no database."""
    try:
        configuration = load_file()
    except ConfigurationRefused as refused:
        log.warning("%s", refused)
        return accepted_copy()
    remember(configuration)
    return configuration.settings


def accepted_copy() -> Settings:
    """What the last accepted file said. Its tasks fail by name where the store knows no accepted one either."""
    try:
        return parse(copy_path().read_text(encoding="utf-8"), copy_path()).settings
    except (OSError, ConfigurationRefused):
        return Settings()


def remember(configuration: Configuration) -> None:
    """Keep an accepted configuration beside Airflow's home, when it is another than before. A read-only home is no reason to fail."""
    copy = copy_path()
    try:
        if copy.exists() and copy.read_text(encoding="utf-8") == configuration.text:
            return
        copy.parent.mkdir(parents=True, exist_ok=True)
        fresh = copy.with_name(f"{copy.name}.{os.getpid()}")
        fresh.write_text(configuration.text, encoding="utf-8")
        fresh.replace(copy)
    except OSError as error:
        log.warning("the accepted configuration could not be kept in %s: %s", copy, error)


def copy_path() -> Path:
    """Where the copy stands."""
    return Path(os.environ.get("AIRFLOW_HOME") or Path.home() / "airflow") / "securenet" / "accepted.yaml"


def at_run(store: Store) -> InForce:
    """For a task: the file, else the last accepted one in the store. Raises ConfigurationRefused when there is neither."""
    try:
        configuration = load_file()
    except ConfigurationRefused as refused:
        row = store.one("configuration.newest")
        if row is None:
            raise
        return InForce(parse(row["text"], Path("the store's last accepted configuration")).settings, str(refused))
    store.change("configuration.accept", digest=configuration.digest, text=configuration.text)
    return InForce(configuration.settings)
