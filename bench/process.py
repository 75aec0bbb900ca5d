"""Fresh processes: each measurement of Airflow's tasks and parses has its own, with an AIRFLOW_HOME that nobody else uses."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg

from local.postgres import Server

ROOT = Path(__file__).resolve().parents[1]
DURABLE = {"fsync": "on", "full_page_writes": "on"}
"""What a throw-away server does not do by itself: wait for the disk."""
KEPT = ("PATH", "LANG", "TMPDIR", "HOME", "SECURENET_POSTGRES_BIN")


@contextmanager
def airflow_home() -> Iterator[dict[str, str]]:
    """The environment of Airflow's processes; compiled modules are kept beside it, so that only a first process compiles."""
    with tempfile.TemporaryDirectory(prefix="securenet-bench-") as home:
        yield {name: os.environ[name] for name in KEPT if name in os.environ} | {
            "AIRFLOW_HOME": home,
            "PYTHONPATH": f"{ROOT}:{ROOT / 'plugins'}",
            "PYTHONPYCACHEPREFIX": f"{home}/compiled",
            "AIRFLOW__CORE__DAGS_FOLDER": str(ROOT / "dags"),
            "AIRFLOW__CORE__PLUGINS_FOLDER": str(ROOT / "plugins"),
            "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        }


def python(module: str, *arguments: str, environment: Mapping[str, str]) -> dict[str, Any]:
    """Run a module of the benchmark; what its last line says as JSON."""
    command = [sys.executable, "-m", module, *arguments]
    done = subprocess.run(command, env=dict(environment), cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{' '.join(command)} failed:\n{done.stderr[-3000:]}")
    told: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    return told


def create(server: Server, database: str, template: str = "template1") -> str:
    """A new database, in place of one that is there; its DSN."""
    with psycopg.connect(server.dsn("postgres"), autocommit=True) as admin:
        admin.execute(f"drop database if exists {database} with (force)".encode())
        admin.execute(f"create database {database} template {template} strategy file_copy".encode())
    return server.dsn(database)


def peak_mib() -> float:
    """The most memory that this process ever held, in MiB."""
    status = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    return int(status["VmHWM"].split()[0]) / 1024
