"""The keys of the configuration, from its schema: the pydantic models know the defaults, the strings below the keys what they mean."""

from __future__ import annotations

import ast
import inspect
import json
from collections.abc import Iterator
from itertools import pairwise
from typing import Any, get_args, get_origin

from include.config import SHIPPED
from include.config.section import Section
from include.config.settings import Settings


def tables() -> str:
    """One table per section of the file."""
    meanings = written_meanings()
    places: dict[type[Section], list[str]] = {}
    for path, model in sections(Settings, ""):
        places.setdefault(model, []).append(f"`{path or 'top level'}`")
    return "\n\n".join(table(", ".join(paths), model, inherited(model, meanings)) for model, paths in places.items())


def inherited(model: type[Section], meanings: dict[str, dict[str, str]]) -> dict[str, str]:
    """The meanings of a section's keys, those of the sections that it builds on among them."""
    return {key: meaning for kind in reversed(model.__mro__) for key, meaning in meanings.get(kind.__name__, {}).items()}


def table(places: str, model: type[Section], meanings: dict[str, str]) -> str:
    """One section. Raises KeyError for a key whose meaning nobody wrote down."""
    defaults = model.model_construct().model_dump(mode="json", warnings=False, by_alias=False, exclude_none=True)
    rows = [
        f"| `{field.alias or name}` | {'required' if field.is_required() else default(defaults.get(name))} | {meanings[name]} |"
        for name, field in model.model_fields.items()
        if not is_section(field.annotation)
    ]
    head = f"### {places}\n\n{inspect.getdoc(model)}"
    return "\n".join([f"{head}\n", "| key | default | meaning |", "|---|---|---|", *rows]) if rows else head


def default(value: Any) -> str:
    """As one would write it in the file."""
    number = int(value) if isinstance(value, float) and value.is_integer() else value
    return "none" if value is None else f"`{json.dumps(number)}`"


def sections(model: type[Section], path: str) -> Iterator[tuple[str, type[Section]]]:
    """Every mapping that may stand in the file, with the path to it: NAME is anyone of a mapping, N any one of a list."""
    yield path, model
    for name, field in model.model_fields.items():
        for inner in filter(is_section, inside(field.annotation)):
            within = "" if is_section(field.annotation) else ".NAME" if get_origin(field.annotation) is dict else ".N"
            yield from sections(inner, f"{path}.{name}{within}".lstrip("."))


def inside(annotation: Any) -> Iterator[Any]:
    """The annotation and all that it is made of."""
    yield annotation
    for part in get_args(annotation):
        yield from inside(part)


def is_section(annotation: Any) -> bool:
    """Whether it is a mapping with keys of its own."""
    return isinstance(annotation, type) and issubclass(annotation, Section)


def written_meanings() -> dict[str, dict[str, str]]:
    """{class: {key: the string below it}}. Only the source has them: at run time they would cost and serve nobody."""
    modules = [ast.parse(path.read_text(encoding="utf-8")) for path in SHIPPED.parent.glob("*.py")]
    classes = [node for module in modules for node in module.body if isinstance(node, ast.ClassDef)]
    return {node.name: dict(meanings_of(node)) for node in classes}


def meanings_of(node: ast.ClassDef) -> Iterator[tuple[str, str]]:
    """The keys of one class that have a string below them."""
    for key, below in pairwise(node.body):
        if isinstance(key, ast.AnnAssign) and isinstance(below, ast.Expr):
            yield ast.unparse(key.target), str(ast.literal_eval(below.value))
