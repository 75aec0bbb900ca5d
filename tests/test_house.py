"""The house: imports go one way, plug-in tables are their folders, modules stay small."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import get_args

import pytest

from include.channels import CHANNELS
from include.config.duties import DIGEST_DUTIES, SECTION_OF, DutyName
from include.config.settings import Monitoring
from include.hooks import HOOKS
from include.loading import load_named
from include.queries import named_queries
from include.reports import REPORTS
from include.rules import EVERY_DUTY, OF_DUTY, RULES
from include.sources import SOURCES

ROOT = Path(__file__).parents[1]
TABLES = {"channels": CHANNELS, "hooks": HOOKS, "reports": REPORTS, "rules": RULES, "sources": SOURCES}
# Modules that serve the registered ones of their folder and are none themselves.
SERVING = {
    "channels": {"alert", "http", "reminder"},
    "reports": {"account_digest_facts", "account_digest_view", "account_digest_words", "charts"},
    "sources": {"application_metrics"},
}


@pytest.mark.parametrize("folder", TABLES)
def test_a_plugin_table_is_its_folder(folder: str) -> None:
    modules = {path.stem for path in (ROOT / "include" / folder).glob("*.py")} - {"__init__"} - SERVING.get(folder, set())
    assert {path.partition(":")[0].rpartition(".")[2] for path in TABLES[folder].values()} == modules


@pytest.mark.parametrize("table", TABLES.values(), ids=TABLES)
def test_every_name_of_a_table_loads(table: Mapping[str, str]) -> None:
    assert all(isinstance(load_named(table, name, "thing"), type) for name in table)


def test_a_name_that_no_table_knows_is_answered_with_those_it_does() -> None:
    with pytest.raises(ValueError, match="there is no channel 'fax'; there are: email"):
        load_named(CHANNELS, "fax", "channel")


def test_every_rule_is_somebodys() -> None:
    assert {*EVERY_DUTY, *(name for names in OF_DUTY.values() for name in names)} == set(RULES)


def test_every_duty_has_a_name_that_routes_may_use() -> None:
    assert {path.stem for path in (ROOT / "dags").glob("*.py")} <= set(get_args(DutyName))
    assert set(Monitoring.model_fields) - {"zone"} <= set(get_args(DutyName))
    assert {*SECTION_OF, *SECTION_OF.values(), *DIGEST_DUTIES} <= set(get_args(DutyName))


def test_the_domain_lives_without_airflow() -> None:
    blocked = (
        "import sys, pkgutil, importlib\n"
        "sys.modules['airflow'] = sys.modules['securenet'] = None\n"
        "import include\n"
        "names = [m.name for m in pkgutil.walk_packages(include.__path__, 'include.')]\n"
        "[importlib.import_module(name) for name in names]\n"
        "print(len(names))"
    )
    result = subprocess.run([sys.executable, "-c", blocked], capture_output=True, text=True, cwd=ROOT, check=False)
    assert result.returncode == 0, result.stderr
    assert int(result.stdout) > 30


def test_dags_import_airflow_sdk_and_securenet_and_nothing_else() -> None:
    for path in (ROOT / "dags").glob("*.py"):
        modules = {node.module for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.ImportFrom)}
        assert {str(module).partition(".")[0] for module in modules} <= {"airflow", "securenet"}, path
        assert not [node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Import)], path


def test_every_query_has_a_name_and_a_description() -> None:
    files = sorted((ROOT / "include").rglob("*.sql"))
    # Those that are metrics have a head of their own: tests/test_metric_files.py.
    files = [path for path in files if path.parent.name not in ("migrations", "postgresql") and path.name != "schema.sql"]
    assert len(files) >= 7
    for path in files:
        assert named_queries(path), path


def test_every_named_query_of_the_store_is_used() -> None:
    code = "".join(path.read_text() for folder in ("include", "plugins", "tests", "bench") for path in (ROOT / folder).rglob("*.py"))
    unused = [
        f"{path.stem}.{name}"
        for path in (ROOT / "include/store").glob("*.sql")
        if path.name != "schema.sql"
        for name in named_queries(path)
        if f'"{path.stem}.{name}"' not in code and not name.startswith(("forget", "keep_"))  # these are called by the table's name
    ]
    assert unused == []
