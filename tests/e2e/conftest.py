"""The whole stack, started by the command that the README names, in a run-time folder and on ports of its own."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import httpx
import psutil
import psycopg
import pytest
import yaml
from psycopg.rows import dict_row

from include.config.duties import WATCHING
from local import apart
from tests.e2e.shop import Shop
from tests.hooks.vendors import SECRET
from tests.receivers import Receiver, anything, receiving

# How fast things happen is what `bench/` measures; here nothing takes this long on the slowest machine.
PATIENCE = 600
# The tests break more in an hour than one receiver is told of.
OVERLAY = """  escalation: {{check_interval: 1m}}
targets: {{apis: [{{name: shop, url: '{shop}', interval: 5s}}]}}
alerts: {{caps: {{email: {{messages: 1000, per: 1m, burst: 1000, reserve: 1000}}}}}}
"""


@dataclass
class Stack:
    """The running stack. `config`: its configuration file, which a test may break and must mend."""

    folder: Path
    config: Path
    environment: dict[str, str]

    def make(self, *words: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Run make as a person would."""
        return apart.make(self.environment, *words, check=check)

    def status(self) -> dict[str, Any]:
        """What `make status JSON=1` prints."""
        found: dict[str, Any] = json.loads(self.make("status", "JSON=1", check=False).stdout)
        return found

    def exported(self) -> dict[str, str]:
        """What `eval "$(make -s env)"` puts into a shell."""
        return apart.exported(self.environment)

    @cached_property
    def shell(self) -> dict[str, str]:
        """The same, asked once."""
        return self.exported()

    def query(self, sql: str) -> list[dict[str, Any]]:
        """Rows of the store."""
        with psycopg.connect(self.shell["AIRFLOW_CONN_MONITORING_DB"], row_factory=dict_row) as connection:
            return connection.execute(sql.encode()).fetchall()

    def mails(self) -> list[dict[str, Any]]:
        """The mails in the inbox."""
        found: list[dict[str, Any]] = self.client.get(f"{self.shell['SECURENET_INBOX']}/api/messages").json()
        return found

    @contextmanager
    def api(self) -> Iterator[httpx.Client]:
        """Airflow's REST API, logged in."""
        yield self.client

    @cached_property
    def client(self) -> httpx.Client:
        """Logged in and connected once: what is asked for every half second would keep a processor busy."""
        address = self.shell["SECURENET_UI"]
        (user, password), *_ = json.loads((self.folder / "airflow/passwords.json").read_text()).items()
        token = httpx.post(f"{address}/auth/token", json={"username": user, "password": password}).json()["access_token"]
        return httpx.Client(base_url=f"{address}/api/v2", headers={"Authorization": f"Bearer {token}"}, timeout=30)

    def run(self, duty: str, **form: Any) -> dict[str, Any]:
        """Trigger a run and wait for its end: {"state", "tasks": {task: state}}."""
        with self.api() as api:
            run_id = api.post(f"/dags/{duty}/dagRuns", json={"conf": form, "logical_date": None}).raise_for_status().json()["dag_run_id"]
            path = f"/dags/{duty}/dagRuns/{run_id}"
            wait(lambda: api.get(path).json()["state"] in ("success", "failed"))
            tasks = api.get(f"{path}/taskInstances").json()["task_instances"]
            return {"state": api.get(path).json()["state"], "tasks": {task["task_id"]: task["state"] for task in tasks}, "run_id": run_id}

    def runs(self, duty: str, *states: str) -> int:
        """How many runs of a duty there are, in any or these states."""
        with self.api() as api:
            return int(api.get(f"/dags/{duty}/dagRuns", params={"state": states}).json()["total_entries"])

    @contextmanager
    def configured(self, more: dict[str, Any]) -> Iterator[None]:
        """For a while the configuration says more."""
        before = apart.overlaid(self.config.parent).read_text()
        self.configure(yaml.safe_dump(joined(yaml.safe_load(before), more)))
        try:
            yield
        finally:
            self.configure(before)

    def configure(self, overlay: str) -> None:
        """Change the configuration, and wait until the watchers go by it."""
        fences = self.fences()
        apart.overlaid(self.config.parent).write_text(overlay)
        self.parse()
        wait(lambda: self.passed_on(fences))

    def parse(self) -> None:
        """Have Airflow read every file of `dags/` now; by itself it does so twice a minute."""
        with self.api() as api:
            for dag in api.get("/dags", params={"limit": 100, "exclude_stale": False}).raise_for_status().json()["dags"]:
                api.put(f"/parseDagFile/{dag['file_token']}")

    def fences(self) -> dict[str, int]:
        """Of each watcher, how often it has passed on."""
        return {row["watcher"]: row["fence"] for row in self.query("select watcher, fence from monitoring.lease")}

    def passed_on(self, before: dict[str, int]) -> bool:
        """Whether each watcher is another one than then."""
        return all(fence > before[watcher] for watcher, fence in self.fences().items())


def joined(one: Any, other: Any) -> Any:
    """Both: the keys of mappings, the items of lists."""
    if isinstance(one, list):
        return [*one, *other]
    return {**one, **{key: joined(one[key], value) if key in one else value for key, value in other.items()}}


def wait(condition: Callable[[], Any], seconds: float = PATIENCE) -> Any:
    """Wait until the condition holds; what it said. Fails when time is up."""
    end = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < end, f"nothing after {seconds} s"
        time.sleep(0.5)
    return found


def processes(stack: Stack, service: str) -> list[psutil.Process]:
    """The processes of a service of this stack."""
    marks = ("postgres", str(port(stack, "POSTGRES"))) if service == "postgres" else ("airflow", service)
    found = [process for process in psutil.process_iter(["cmdline"]) if process.info["cmdline"]]
    return [p for p in found if all(any(mark in word for word in p.info["cmdline"]) for mark in marks) and belongs(p, stack, service)]


def belongs(process: psutil.Process, stack: Stack, service: str) -> bool:
    """Whether the process is this stack's and not that of another one on this machine."""
    return service == "postgres" or process.environ().get("SECURENET_RUN") == stack.environment["SECURENET_RUN"]


def port(stack: Stack, name: str) -> int:
    return int(stack.environment[f"SECURENET_PORT_{name}"])


def readable(process: psutil.Process) -> dict[str, str]:
    """The environment of a process, as far as we may see it."""
    try:
        return process.environ()
    except (psutil.Error, OSError):
        return {}


@pytest.fixture(scope="session")
def outside() -> Iterator[Receiver]:
    """Somebody outside who hears whether the monitoring lives."""
    with receiving(anything) as receiver:
        yield receiver


@pytest.fixture(scope="session")
def shop() -> Iterator[Shop]:
    """An HTTP address that is watched."""
    opened = Shop()
    opened.start()
    yield opened
    opened.stop()


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory, outside: Receiver, shop: Shop) -> Iterator[Stack]:
    """`make up`, and in the end `make clean`."""
    folder = tmp_path_factory.mktemp("stack")
    own = {
        **{f"AIRFLOW_CONN_HEARTBEAT_{what.upper()}": f"{outside.url}/{what}" for what in ("scheduled", "watchers")},
        "AIRFLOW_CONN_HOOKS_PAGERDUTY": f"http://:{SECRET}@",
    }
    with apart.apart(folder, OVERLAY.format(shop=shop.url), **own) as environment:
        opened = Stack(folder / "run", folder / "monitoring.yaml", environment)
        opened.parse()  # what is no longer paused gets its watcher
        wait(lambda: opened.fences().keys() >= set(WATCHING))
        yield opened
