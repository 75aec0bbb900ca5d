"""Which configuration is in force in a run. A refused file leaves the last accepted one, from the store (at a parse: see parsing.py)."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from include.config.loading import Configuration, ConfigurationRefused, load, parse
from include.config.settings import Settings
from securenet.parsing import environment, path

if TYPE_CHECKING:
    from include.store import Store


@dataclass(frozen=True, slots=True)
class InForce:
    """The settings that a run uses. `refusal`: why the file itself was refused, None when it was accepted."""

    settings: Settings
    refusal: str | None = None


def load_file() -> Configuration:
    """The file with its overlay. Raises ConfigurationRefused."""
    return load(path(), environment())


def at_run(store: Store, *, accept: bool = True) -> InForce:
    """For a task: the file, else the last accepted one in the store. Raises ConfigurationRefused when there is neither.

    `accept`: whether the file is that of the duties, which go on with it should it be refused later, and not one that is being tried out.
    """
    try:
        configuration = load_file()
    except ConfigurationRefused as refused:
        row = store.one("configuration.newest")
        if row is None:
            raise
        return InForce(parse(row["text"], Path("the store's last accepted configuration")).settings, str(refused))
    if accept:
        store.change("configuration.accept", digest=configuration.digest, text=configuration.text)
    return InForce(configuration.settings)
