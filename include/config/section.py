"""What every section of the file has in common, and the words that several of them use."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cache
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel, ConfigDict, Field, model_validator

ChannelName = Literal["email", "slack", "pagerduty", "sms", "webhook", "log"]
SeverityName = Literal["critical", "warning", "info"]
PriorityName = Literal["critical", "high", "medium", "low"]
Organizations = Annotated[tuple[str, ...], Field(min_length=1)]
EVERYTHING = ("*",)


class Section(BaseModel):
    """A mapping of the file: frozen, and nothing in it goes unread."""

    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True, serialize_by_alias=True, defer_build=True)

    @model_validator(mode="before")
    @classmethod
    def without_the_empty(cls, value: Any) -> Any:
        """A section of which nothing is left but comments is as if it were not there."""
        if isinstance(value, dict):
            return {key: inner for key, inner in value.items() if inner is not None or key not in sections_of(cls)}
        return {} if value is None else value


@cache
def sections_of(kind: type[Section]) -> frozenset[str]:
    """The keys below which other sections stand, alone, in a list or by name, or names of the user's."""
    return frozenset(key for key, annotation in keys(kind).items() if any(map(holds_sections, plain(annotation))))


def holds_sections(kind: Any) -> bool:
    """Whether a type is a section, a mapping, or a list of sections."""
    if get_origin(kind) is tuple:
        return any(map(holds_sections, plain(get_args(kind)[0])))
    return get_origin(kind) is dict or bool(keys(kind))


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


def keys_at(annotation: Any, place: Iterable[str | int]) -> set[str]:
    """The keys that a type knows at a place in it; none where it knows none."""
    for part in place:
        annotation = below(annotation, str(part))
    return {key for section in plain(annotation) for key in keys(section)}


def below(annotation: Any, part: str) -> Any:
    """What a type has at a key, or inside a list or mapping; None where it has nothing."""
    kinds = list(plain(annotation))
    keyed = [keys(kind)[part] for kind in kinds if part in keys(kind)]
    contained = [get_args(kind)[get_origin(kind) is dict] for kind in kinds if get_origin(kind) in (dict, tuple)]
    return next(iter([*keyed, *contained]), None)


def listed(value: Any) -> Any:
    """A single word as the list that it stands for."""
    return (value,) if isinstance(value, str) else value


def may_see(scope: Organizations, organization: str | None) -> bool:
    """Whether what belongs to an organisation lies in a scope; None: what belongs to nobody in particular."""
    return "*" in scope or organization in scope
