"""From files to settings: the file, its overlay, and every reason for which they are refused, by name."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Sequence
from copy import copy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError
from pydantic_core import ErrorDetails

from include.config.complaints import describe, unreadable
from include.config.reading import merge, parse_yaml, read_yaml
from include.config.references import REFERENCE
from include.config.settings import Settings
from include.config.spelling import for_everybody, spelled
from include.failures import Refused

# The sections whose entries are right or wrong one by one, and what stands in for a wrong one of a list, which keeps its numbers.
NAMED = ("people", "roles", "calendars", "routes", "rules")
OVERLAY = re.compile(r"[\w.-]{1,100}", re.ASCII)
TO_NOBODY_NAMED = {"to": [{"channel": "log"}]}
NOT_JUDGED = {"metric": "none", "duty": "system_health", "off": True}


class ConfigurationRefused(Refused):
    """The file cannot be used; each problem names the file, the key's path, the value and what is allowed."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("configuration refused: " + "; ".join(problems))
        self.problems = problems


@dataclass(frozen=True, slots=True)
class Configuration:
    """Settings that were accepted, as one text without overlays, with the digest of that text."""

    settings: Settings
    text: str

    @property
    def digest(self) -> str:
        """64 hex digits: equal for equal configurations, however their files were laid out."""
        return hashlib.sha256(self.text.encode()).hexdigest()


def load(path: Path, environment: str | None = None) -> Configuration:
    """The file with the overlay `<stem>.<environment>.yaml` beside it, if there is one. Raises ConfigurationRefused."""
    content = read_file(path)
    if environment and not OVERLAY.fullmatch(environment):
        raise ConfigurationRefused([f"SECURENET_ENV: {spelled(environment)} names no environment; allowed: letters, digits, -, _ and ."])
    overlay = path.with_name(f"{path.stem}.{environment}{path.suffix}")
    if environment and overlay.exists():
        validate(content, path)
        return accept(merge(content, read_file(overlay)), overlay)
    return accept(content, path)


def parse(text: str, origin: Path) -> Configuration:
    """An accepted text again. Raises ConfigurationRefused, as after a change of the schema."""
    try:
        return accept(parse_yaml(text), origin)
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise ConfigurationRefused([unreadable(origin, error)]) from None


def read_file(path: Path) -> dict[str, Any]:
    """The file's mapping. Raises ConfigurationRefused when it is missing, unreadable or no YAML."""
    try:
        return read_yaml(path)
    except OSError as error:
        raise ConfigurationRefused([f"{path}: cannot be read: {error.strerror}"]) from None
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise ConfigurationRefused([unreadable(path, error)]) from None


def accept(content: dict[str, Any], path: Path) -> Configuration:
    """The content as a configuration. Raises ConfigurationRefused."""
    settings = validate(content, path)
    return Configuration(settings, yaml.safe_dump(content, sort_keys=True, allow_unicode=True))


def validate(content: dict[str, Any], path: Path) -> Settings:
    """The settings in the content. Raises ConfigurationRefused with every problem at once."""
    try:
        return Settings.model_validate(content)
    except ValidationError as error:
        found = [problem for problem in error.errors() if not is_echo(problem)]
    raise ConfigurationRefused([describe(path, problem) for problem in (*found, *between_the_rest(content, found))])


def is_echo(problem: ErrorDetails) -> bool:
    """Whether a list only counts as too short because of wrong entries, which are problems of their own."""
    return problem["type"] == "too_short" and len(problem["input"]) >= problem["ctx"]["min_length"]


def between_the_rest(content: dict[str, Any], found: Sequence[ErrorDetails]) -> Iterator[ErrorDetails]:
    """What the sections that are right in themselves wrongly say of each other. Names that only a wrong one could know are let be."""
    broken = [entry_of(problem["loc"]) for problem in found]
    try:
        Settings.model_validate(without(content, broken))
    except ValidationError as error:
        for problem in error.errors():
            section = problem.get("ctx", {}).get("section")
            if problem["type"] == REFERENCE and not any(known in broken for known in ([section], [section, problem["input"]])):
                yield problem


def entry_of(place: Sequence[Any]) -> list[Any]:
    """The entry of a section of names, or of such a list, in which a place lies; else its whole section."""
    return list(place[:2] if place[0] in NAMED else place[:1])


def without(content: dict[str, Any], broken: Iterable[list[Any]]) -> dict[str, Any]:
    """The content without these entries and sections; the others of a list keep their numbers."""
    rest = {key: copy(value) for key, value in content.items()}
    for section, *entry in broken:
        if not entry:
            rest.pop(section, None)
        elif isinstance(rest[section], list):
            rest[section][entry[0]] = stand_in(section, rest[section][entry[0]])
        else:
            rest[section].pop(entry[0], None)
    return rest


def stand_in(section: str, entry: Any) -> dict[str, Any]:
    """Of a list an entry that is right. A rule is not judged, under its own name where it has one: others may change it."""
    if section == "routes":
        return TO_NOBODY_NAMED
    name = entry.get("name") if isinstance(entry, dict) else None
    return {**NOT_JUDGED, "name": name if isinstance(name, str) and name else "nameless"}


def describe_settings(settings: Settings) -> str:
    """All settings, defaults included, as the YAML that would produce them; but for secrets, which everybody would see."""
    return yaml.safe_dump(for_everybody(settings.model_dump(mode="json")), sort_keys=False, allow_unicode=True)
