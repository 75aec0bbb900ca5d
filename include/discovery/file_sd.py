"""Files in the format of Prometheus' file_sd: groups of addresses with the labels that they share."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator
from datetime import timedelta
from glob import glob
from itertools import islice
from pathlib import Path
from typing import Any

import yaml

from include.config.complaints import unreadable
from include.config.reading import load_yaml
from include.config.spelling import spelled
from include.discovery import MOST, Answer, Said
from include.failures import SourceError
from include.store.text import storable

MOST_BYTES = 4 * 1024 * 1024
ALLOWED = "allowed: as in {targets: ['web1:9100'], labels: {environment: dev}}"


def read(pattern: str, within: timedelta) -> Answer:
    """What all files of a pattern say, one target more than is watched at most. Raises SourceError where there is no file."""
    paths = [Path(path) for path in sorted(glob(pattern, recursive=True))]
    if not paths:
        raise SourceError(f"{pattern}: there is no such file")
    said: list[Said] = []
    broken = {}
    for path in paths:
        try:
            said += list(islice(said_in(path), MOST + 1 - len(said)))
        except SourceError as error:
            broken[storable(str(path))] = str(error)
    return Answer(said, broken)


def came_from(said: Said, paths: Collection[str]) -> bool:
    """Whether one of these files said it."""
    return said.place.rpartition(", group ")[0] in paths


def said_in(path: Path) -> Iterator[Said]:
    """What a file says, target by target. Raises SourceError: a file of which something cannot be understood is not believed."""
    for number, group in enumerate(groups(path), 1):
        check(group, f"{path}: group {number}")
        labels = {str(name): plain(value) for name, value in (group.get("labels") or {}).items()}
        for place, address in enumerate(group["targets"], 1):
            yield Said(f"{path}, group {number}, target {place}", {"address": plain(address), "labels": labels})


def groups(path: Path) -> list[Any]:
    """The groups of a file. Raises SourceError that says where it is no list of them."""
    try:
        content = parsed(path)
    except OSError as error:
        raise SourceError(f"{path}: cannot be read: {error.strerror}") from None
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise SourceError(unreadable(path, error)) from None
    if not isinstance(content, list):
        raise SourceError(f"{path}: not a list of groups; {ALLOWED} for each, or [] where there is none (found: {spelled(content)})")
    return content


def parsed(path: Path) -> Any:
    """What stands in a file. Raises OSError, yaml.YAMLError, and ValueError for what is too long or no JSON."""
    with path.open("rb") as file:
        text = file.read(MOST_BYTES + 1)
    if len(text) > MOST_BYTES:
        raise ValueError(f"too long; allowed: {MOST_BYTES // 1024 // 1024} MiB")
    if path.suffix == ".json":
        return json.loads(text.decode())
    return load_yaml(text.decode())


def check(group: Any, where: str) -> None:
    """Raises SourceError for what is no group, or says what nobody would read."""
    if not isinstance(group, dict) or not isinstance(group.get("targets"), list) or not isinstance(group.get("labels") or {}, dict):
        raise SourceError(f"{where}: no group of targets; {ALLOWED} (found: {spelled(group)})")
    if unknown := group.keys() - {"targets", "labels"}:
        raise SourceError(f"{where}: {', '.join(map(spelled, sorted(unknown, key=str)))} is not known; {ALLOWED}")


def plain(value: Any) -> Any:
    """A value as it can be kept; what is neither text nor a number nor nothing is spelled, in a list, as which it is refused later."""
    if isinstance(value, float):
        return str(value)
    return value if value is None or isinstance(value, str | int) else [spelled(value)]
