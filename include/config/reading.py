"""YAML as people mean it: YAML 1.1 without its traps (`on`, `NO`, `012`, `12:30:45`), and no key written twice."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, ClassVar

import yaml

BASE = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
# The C loader goes as deep as it is told, until its process has no stack any more and dies.
DEEPEST = 100
# Some thousand targets and rules; each task of each duty reads them.
LARGEST = 1_000_000


class PlainLoader(BASE):  # type: ignore[misc, valid-type]
    """Only `true` and `false` are booleans, only plain decimals are numbers; moments stay text."""

    yaml_implicit_resolvers: ClassVar[dict[str, list[tuple[str, re.Pattern[str]]]]] = {}

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        """As the base class does, but a key that stands twice is an error and not a silent loss."""
        seen = set()
        for key_node, _ in node.value:
            key = self.construct_object(key_node, deep=True)
            if not isinstance(key, str | int | float | bool | None):
                raise yaml.constructor.ConstructorError(None, None, "a key is a word, not a list or mapping", key_node.start_mark)
            if key in seen:
                raise yaml.constructor.ConstructorError(None, None, f"the key {key!r} stands twice", key_node.start_mark)
            seen.add(key)
        mapping: dict[Any, Any] = super().construct_mapping(node, deep)
        return mapping


for tag, pattern, first in (
    ("null", r"^(?:~|null|)$", ["~", "n", ""]),
    ("bool", r"^(?:true|false)$", ["t", "f"]),
    ("int", r"^[-+]?(?:0|[1-9][0-9]{0,99})$", list("-+0123456789")),
    ("float", r"^[-+]?(?:[0-9]+\.[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]+)?$", list("-+.0123456789")),
):
    PlainLoader.add_implicit_resolver(f"tag:yaml.org,2002:{tag}", re.compile(pattern), first)


def read_yaml(path: Path) -> dict[str, Any]:
    """The mapping in the file; {} for an empty one. Raises OSError, yaml.YAMLError, or ValueError when it is no mapping, or too large."""
    size = path.stat().st_size
    if not (path.is_file() or path.is_dir()):  # a pipe can be read once, and some never end
        raise ValueError("not a file; allowed: a file that can be read again and again")
    if size > LARGEST:
        raise ValueError(f"{size:,} bytes; allowed: {LARGEST:,}. Lists of targets can stand in files of their own: targets.discover")
    return parse_yaml(path.read_text(encoding="utf-8"))


def parse_yaml(text: str) -> dict[str, Any]:
    """The mapping in the text; raises like `read_yaml` and `load_yaml`."""
    content = load_yaml(text)
    if content is None:
        return {}
    if not isinstance(content, dict):
        raise ValueError("not a mapping; allowed at the top: keys with a value each, as in monitoring: {zone: UTC}")
    return content


def load_yaml(text: str) -> Any:
    """Whatever the text says. Raises yaml.YAMLError, also for what is nested too deeply, and ValueError."""
    depth = 0
    for event in yaml.parse(text, Loader=PlainLoader):
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > DEEPEST:
            mark: Any = event.start_mark
            raise yaml.MarkedYAMLError(problem=f"nested too deeply; allowed: {DEEPEST} levels", problem_mark=mark)
    try:
        return yaml.load(text, Loader=PlainLoader)  # noqa: S506  a safe loader's subclass
    except (LookupError, AttributeError):  # the library's own constructors trust their tags
        raise yaml.YAMLError("a value is not what its tag says, as in !!int many") from None


def merge(base: dict[str, Any], overlay: dict[str, Any]) -> dict[str, Any]:
    """The base with the overlay on top: mappings are merged key by key, anything else is replaced, and nothing changes nothing."""
    merged = dict(base)
    for key, value in overlay.items():
        old = merged.get(key)
        merged[key] = merge(old, value or {}) if isinstance(old, dict) and isinstance(value, dict | None) else value
    return merged
