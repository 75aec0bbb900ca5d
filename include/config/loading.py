"""From files to settings: the file, its overlay, and every reason for which they are refused, by name."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin

import yaml
from pydantic import ValidationError
from pydantic_core import ErrorDetails

from include.config.people import LISTED, ROTATES
from include.config.reading import merge, parse_yaml, read_yaml
from include.config.settings import Settings
from include.failures import Refused


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
    overlay = path.with_name(f"{path.stem}.{environment}{path.suffix}")
    if environment and overlay.exists():
        validate(content, path)
        return accept(merge(content, read_file(overlay)), overlay)
    return accept(content, path)


def parse(text: str, origin: Path) -> Configuration:
    """An accepted text again. Raises ConfigurationRefused, as after a change of the schema."""
    try:
        return accept(parse_yaml(text), origin)
    except (yaml.YAMLError, ValueError) as error:
        raise ConfigurationRefused([f"{origin}: {one_line(error)}"]) from None


def read_file(path: Path) -> dict[str, Any]:
    """The file's mapping. Raises ConfigurationRefused when it is missing, unreadable or no YAML."""
    try:
        return read_yaml(path)
    except OSError as error:
        raise ConfigurationRefused([f"{path}: cannot be read: {error.strerror}"]) from None
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise ConfigurationRefused([f"{path}: {one_line(error)}"]) from None


def accept(content: dict[str, Any], path: Path) -> Configuration:
    """The content as a configuration. Raises ConfigurationRefused."""
    settings = validate(content, path)
    return Configuration(settings, yaml.safe_dump(content, sort_keys=True, allow_unicode=True))


def validate(content: dict[str, Any], path: Path) -> Settings:
    """The settings in the content. Raises ConfigurationRefused with every problem at once."""
    try:
        return Settings.model_validate(content)
    except ValidationError as error:
        raise ConfigurationRefused([describe(path, problem) for problem in error.errors()]) from None


def describe(path: Path, problem: ErrorDetails) -> str:
    """`file: key.path: what is wrong and allowed (found: value)`."""
    place = [str(part) for part in problem["loc"] if part not in (LISTED, ROTATES)]
    what = problem["msg"].removeprefix("Value error, ")
    if problem["type"] == "extra_forbidden":
        what = f"unknown key; allowed here: {', '.join(allowed_keys(place[:-1]))}"
    return f"{path}: {'.'.join(place) or 'top'}: {what} (found: {repr(problem['input'])[:80]})"


def allowed_keys(place: list[str]) -> list[str]:
    """The keys that the schema knows at this place; [] where it knows none."""
    annotation: Any = Settings
    for part in place:
        annotation = below(annotation, part)
    return sorted({key for section in plain(annotation) for key in keys(section)})


def below(annotation: Any, part: str) -> Any:
    """What the schema has at a key, or inside a list or mapping; None where it has nothing."""
    kinds = list(plain(annotation))
    keyed = [keys(kind)[part] for kind in kinds if part in keys(kind)]
    contained = [get_args(kind)[get_origin(kind) is dict] for kind in kinds if get_origin(kind) in (dict, tuple)]
    return next(iter([*keyed, *contained]), None)


def plain(annotation: Any) -> Iterator[Any]:
    """The types that a value may have, without what is said about them."""
    if get_origin(annotation) is Annotated:
        yield from plain(get_args(annotation)[0])
    elif get_origin(annotation) in (Union, UnionType):
        for member in get_args(annotation):
            yield from plain(member)
    else:
        yield annotation


def keys(kind: Any) -> dict[str, Any]:
    """The keys of a section as the file spells them, with their types; {} for anything else."""
    return {field.alias or name: field.annotation for name, field in getattr(kind, "model_fields", {}).items()}


def one_line(error: Exception) -> str:
    """The error's text without line breaks."""
    return " ".join(str(error).split())


def describe_settings(settings: Settings) -> str:
    """All settings, defaults included, as the YAML that would produce them."""
    return yaml.safe_dump(settings.model_dump(mode="json"), sort_keys=False, allow_unicode=True)
