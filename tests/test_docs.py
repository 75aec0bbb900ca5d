"""The documents say what is true: their generated parts are fresh, and what they name exists."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
import yaml

from docs import generated, keys
from include.config.loading import parse
from include.config.settings import Settings
from include.hooks import HOOKS
from securenet.channels import CONNECTION_OF, smtp
from securenet.connections import HEARTBEATS, STORE, conninfo, find_connection

ROOT = Path(__file__).parents[1]
DOCUMENTS = sorted([ROOT / "README.md", ROOT / "CHANGELOG.md", *(ROOT / "docs").glob("*.md")])
CODE = [path for folder in ("include", "plugins", "local") for path in (ROOT / folder).rglob("*.py")]
LINK = re.compile(r"\]\(([^)#]+)[^)]*\)|src=\"([^\"]+)\"")
VARIABLE = re.compile(r"(?<!CONN_)\bSECURENET_[A-Z]+(?:_[A-Z]+)*")


def read(name: str) -> str:
    """A document."""
    return (ROOT / name).read_text(encoding="utf-8")


def rows(text: str) -> list[list[str]]:
    """The cells of every table row that begins with code."""
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in text.splitlines() if line.startswith("| `")]


def test_the_generated_parts_are_fresh(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """After a change of duties, settings or folders, `make docs` writes them."""
    monkeypatch.setenv("AIRFLOW_HOME", str(tmp_path))
    for name in ("SECURENET_CONFIG", "SECURENET_ENV"):
        monkeypatch.delenv(name, raising=False)
    stale = [str(path.relative_to(ROOT)) for path, text in generated.fresh().items() if path.read_text(encoding="utf-8") != text]
    assert stale == []


def test_a_part_whose_markers_are_missing_is_an_error() -> None:
    with pytest.raises(ValueError, match="<!-- end of duties --> are needed once, not 0 times"):
        generated.replaced("# a document\n<!-- duties: made by make docs -->", "duties", "x")


def test_a_default_is_written_as_in_the_file() -> None:
    assert [keys.default(value) for value in (None, 5.0, 2.5, True, "1h")] == ["none", "`5`", "`2.5`", "`true`", '`"1h"`']


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_link_leads_somewhere(document: Path) -> None:
    targets = [first or second for first, second in LINK.findall(document.read_text(encoding="utf-8"))]
    missing = [target for target in targets if not target.startswith("https://") and not (document.parent / target).exists()]
    assert missing == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_make_command_exists(document: Path) -> None:
    known = set(re.findall(r"^([a-z-]+):", read("Makefile"), re.MULTILINE))
    named = set(re.findall(r"(?:[`(]|^    )make (?:-s )?([a-z-]+)", document.read_text(encoding="utf-8"), re.MULTILINE))
    assert named <= known


def test_every_variable_of_the_environment_is_documented_and_no_other() -> None:
    used = {name for path in CODE for name in VARIABLE.findall(path.read_text(encoding="utf-8"))}
    documented = set(VARIABLE.findall(read("docs/interfaces.md")))
    assert {name for name in used if not name.startswith(("SECURENET_PORT", "SECURENET_DSN"))} <= documented
    assert {name for name in documented if not name.startswith(("SECURENET_PORT", "SECURENET_DSN"))} <= used


def test_every_table_of_the_store_is_explained() -> None:
    created = set(re.findall(r"^CREATE TABLE monitoring\.(\w+)", read("include/store/schema.sql"), re.MULTILINE)) - {"sample_default"}
    assert {name for cells in rows(read("docs/store.md")) for name in re.findall(r"`(\w+)`", cells[0])} == created


def test_how_it_is_built_can_be_read_in_five_minutes_and_leads_to_the_rest() -> None:
    text = read("docs/architecture.md")
    assert len(text.split()) < 1300
    assert set(re.findall(r"\]\((\w+\.md)\)", text)) == {"store.md", "guarantees.md", "decisions.md", "modules.md"}


def test_every_connection_is_in_the_readme_and_its_example_works(monkeypatch: pytest.MonkeyPatch) -> None:
    text = read("README.md").split("**1. Connections**")[1].split("**2.")[0]
    named = {name for cells in rows(text) for name in re.findall(r"`(\w+)`", cells[0])}
    assert named == {STORE, "securenet_db", *CONNECTION_OF.values(), *HEARTBEATS.values(), *(f"hooks_{vendor}" for vendor in HOOKS)}
    for name, value in re.findall(r"^    (AIRFLOW_CONN_\w+)='(.*)'$", text, re.MULTILINE):
        monkeypatch.setenv(name, value)
    assert "sslmode=require" in conninfo("securenet_db")
    assert "dbname=monitoring" in conninfo(STORE)
    found = find_connection("smtp_default")
    assert found is not None
    settings = smtp(found)
    assert (settings.host, settings.port, settings.security, settings.sender) == (
        "mail.example.com",
        587,
        "starttls",
        "monitoring@example.com",
    )


def test_the_example_of_a_configuration_is_accepted() -> None:
    found = re.search(r"\n(    monitoring:\n(?:    .*\n)+)", read("docs/configuration.md"))
    assert found
    settings = parse(found[1].replace("\n    ", "\n").removeprefix("    "), Path("example.yaml")).settings
    assert [person.name for person in settings.holders("administrator")] == ["Ann Ito", "Bob Lee"]


def test_pictures_are_small_and_shown() -> None:
    shown = set(re.findall(r"docs/pictures/(\w+\.png)", read("README.md")))
    assert {path.name for path in (ROOT / "docs/pictures").iterdir()} == shown
    assert all(path.stat().st_size < 200_000 for path in (ROOT / "docs/pictures").iterdir())


def test_the_licence_is_whole() -> None:
    text = read("LICENSE")
    assert "TERMS AND CONDITIONS FOR USE, REPRODUCTION, AND DISTRIBUTION" in text
    assert text.rstrip().endswith("limitations under the License.")


def configurations() -> Iterator[tuple[str, str]]:
    """(file, text) of all that looks like a part of the configuration file."""
    for path in (*sorted((ROOT / "docs").glob("*.md")), ROOT / "README.md"):
        text = path.read_text(encoding="utf-8")
        indented = (textwrap.dedent(block) for block in re.findall(r"(?:^ {4}.*\n|^\n(?= {4}))+", text, re.MULTILINE))
        for block in (*re.findall(r"```yaml\n(.*?)```", text, re.DOTALL), *indented):
            with suppress(yaml.YAMLError):
                found = yaml.safe_load(block)
                if isinstance(found, dict) and found.keys() <= Settings.model_fields.keys():
                    yield path.name, block


@pytest.mark.parametrize(("file", "text"), list(configurations()))
def test_what_the_documents_show_of_the_configuration_is_accepted(file: str, text: str) -> None:
    parse(text, ROOT / file)


def test_the_documents_show_the_configuration() -> None:
    assert len(list(configurations())) >= 10
