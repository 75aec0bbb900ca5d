"""The house as a tree: folders and modules, each with the first sentence of its own docstring."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]
# Folders that have no docstring.
FOLDERS = {
    "dags": "One file per duty: `ls dags` is the list of duties",
    "plugins": "All that Airflow loads by itself; `.airflowignore` lets it see one file",
    "bench": "What `make bench` measures",
    "docker": "What the containers need beside the image",
    "tests": "Mirrors the tree; `tests/story.py` is the stage that most stories play on",
}
ORDER = ("dags", "plugins", "include", "local", "demo", "docker", "docs", "bench", "tests")


def text() -> str:
    """The tree in a code block."""
    return block(line for name in ORDER for line in folder(ROOT / name, 0))


def folders() -> str:
    """The same without the modules."""
    return block(line for name in ORDER for line in folder(ROOT / name, 0) if line[0].endswith("/"))


def block(lines: Iterable[tuple[str, str]]) -> str:
    """Names and what they are, in two columns."""
    return "\n".join(["```text", *(f"{path:<28} {what}".rstrip() for path, what in lines), "```"])


def folder(path: Path, depth: int) -> Iterator[tuple[str, str]]:
    """The folder, and below it what is worth a line."""
    name = str(path.relative_to(ROOT))
    yield f"{'  ' * depth}{path.name}/", FOLDERS.get(name) or first_sentence(path / "__init__.py")
    inside = sorted(path.iterdir()) if name != "tests" else []
    for child in (one for one in inside if one.suffix == ".py" and one.name != "__init__.py" and one.name != "__main__.py"):
        yield f"{'  ' * (depth + 1)}{child.name}", first_sentence(child)
    for child in (one for one in inside if (one / "__init__.py").exists()):
        yield from folder(child, depth + 1)


def first_sentence(module: Path) -> str:
    """The first sentence of its docstring, without emphasis."""
    doc = ast.get_docstring(ast.parse(module.read_text(encoding="utf-8"))) or ""
    return doc.split("\n\n")[0].replace("\n", " ").split(". ")[0].replace("**", "").rstrip(".")
