"""Each fault leads to its alert and each repair to its recovery: what breaks is real, Airflow runs the duties, mails arrive in an inbox."""

from __future__ import annotations

import socket
import ssl
import time
import warnings
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
import trustme

from local.postgres import Server, throwaway
from tests.e2e import faults
from tests.e2e.conftest import Stack, wait
from tests.e2e.faults import ROOM, TABLES, WELL, Fault
from tests.lossy import Way, way
from tests.probes.servers import Raw, answer, says, serving
from tests.sources.gauged import run
from tests.sources.replicas import replica

PROBLEM, RECOVERY = "🚨 CRITICAL: ", "✅ SUCCESS: "
LOST, DOWN = says(answer(b'{"status": "lost"}')), says(answer(b"", "503 Service Unavailable"))
STORM = 50
# More messages about a group within five seconds wait and become one, and another may follow.
MANY = 12
# Only what these tests watch is judged by limits that are made to be reached at once.
HERE: dict[str, Any] = {"labels": {"environment": "proof"}, "for": "0s"}
ALONE: dict[str, Any] = {**HERE, "warning": None, "clear": None}
PROCESS: dict[str, Any] = {"duty": "system_health", "labels": {"process": "proof-*"}}
RULES: list[dict[str, Any]] = [
    {"name": "database_connections_used", **HERE},
    {"name": "database_blocked_longest", **ALONE, "critical": 1},
    {"name": "database_longest_transaction", **ALONE, "critical": 1},
    {"name": "database_deadlocks_rate", **ALONE, "critical": 1},
    {"name": "database_replication_lag_bytes", **ALONE, "critical": 1_000_000},
    {"name": "network_packet_loss", **ALONE, "critical": 20},
    {"name": "api_response_time_mean", **ALONE},
    {"name": "api_error_rate", "off": True},
    {"name": "error_budget_*", "off": True},
    {**PROCESS, "name": "burns", "metric": "process_cpu_usage", "critical": 1, "summary": "{process} uses {value} of {target}"},
    {**PROCESS, "name": "hoards", "metric": "process_memory", "critical": 4e8, "summary": "{process} holds {value} of {target}"},
]


@pytest.fixture(scope="module")
def database() -> Iterator[Server]:
    """A server whose faults hurt nobody else."""
    with throwaway(**ROOM) as server:
        run(server.dsn("postgres"), *TABLES)
        yield server


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(scope="module")
def pages(authority: trustme.CA) -> Iterator[dict[str, Raw]]:
    """HTTP servers by name, which answer as they should."""
    secured = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(secured)
    with ExitStack() as stack:
        contexts = {"slow": None, "wrong": None, "gone": None, "tls": secured, "storm": None}
        yield {name: stack.enter_context(serving(says(answer(WELL)), context)) for name, context in contexts.items()}


@pytest.fixture(scope="module")
def gate() -> Iterator[socket.socket]:
    with faults.gate() as opened:
        yield opened


@pytest.fixture(scope="module")
def far() -> Iterator[Way | None]:
    """An address on the way to which something may get lost."""
    with way() as made:
        if made is None:
            warnings.warn("no network device may be made here, or no echo request be sent: none gets lost", stacklevel=2)
        yield made


@pytest.fixture(scope="module")
def watched(stack: Stack, database: Server, pages: dict[str, Raw], gate: socket.socket, far: Way | None) -> Iterator[None]:
    """All of it is watched for as long as these tests take, and has been seen to be well."""
    with connected(stack, "proof_db", database), stack.configured(configuration(pages, gate, far)):
        others = [*pages.keys() - {"storm"}, database]
        wait(lambda: len(stack.query(SEEN)) == STORM + len(others))
        yield


SEEN = """select from monitoring.latest l join monitoring.series s on s.id = l.series_id where s.labels ->> 'environment' = 'proof'
and (s.metric = 'api_up' and l.value = 1 or s.metric = 'database_deadlocks')"""


@contextmanager
def connected(stack: Stack, name: str, server: Server) -> Iterator[None]:
    """An Airflow connection, as one is made in its UI."""
    host, port = server.address.split(":")
    made = {"connection_id": name, "conn_type": "postgres", "host": host, "port": int(port), "schema": "postgres"}
    with stack.api() as api:
        api.post("/connections", json={**made, "login": "postgres", "password": server.password}).raise_for_status()
    yield
    with stack.api() as api:
        api.delete(f"/connections/{name}").raise_for_status()


def configuration(pages: dict[str, Raw], gate: socket.socket, far: Way | None) -> dict[str, Any]:
    """What is watched, and by which limits."""
    storm = [api(f"storm-{number:02}", f"{pages['storm'].url}{number}") for number in range(STORM)]
    slow, wrong = api("slow", pages["slow"].url), api("wrong", pages["wrong"].url, expect={"json": {"status": "ok"}})
    targets = {
        "databases": [{"name": "securenet"}, {"name": "main", "connection": "proof_db", "environment": "proof"}],
        "apis": [slow, wrong, api("gone", pages["gone"].url), api("tls", pages["tls"].url, verify=False), *storm],
        "networks": [
            {"name": "gate", "address": "127.0.0.1", "ping": False, "ports": gate.getsockname()[1]},
            *([{"name": "far", "address": far.address, "environment": "proof"}] if far else []),
        ],
    }
    return {"targets": targets, "rules": RULES, "alerts": {"grouping": [{"match": {"target": "storm-*"}, "by": []}]}}


def api(name: str, url: str, **more: Any) -> dict[str, Any]:
    return {"name": name, "url": url, "environment": "proof", "interval": "1s", **more}


@pytest.fixture
def broken_here(
    stack: Stack,
    watched: None,
    database: Server,
    pages: dict[str, Raw],
    authority: trustme.CA,
    gate: socket.socket,
    far: Way | None,
    tmp_path: Path,
) -> Iterator[list[Fault]]:
    """All that breaks."""
    disk = tmp_path / "disk"
    with replica(database) as standby, faults.mounted(disk) as mounted:
        yield [
            *of_database(stack, database, standby),
            *of_host(stack, disk if mounted else None),
            Fault(lambda: faults.dropping(gate), f"port {gate.getsockname()[1]} of gate is closed"),
            *([Fault(lambda: faults.losing(far), "of what is sent to far is lost")] if far else []),
            Fault(lambda: faults.behaving(pages["slow"], faults.slow), "slow answers in"),
            Fault(lambda: faults.behaving(pages["wrong"], LOST), "API failed: wrong", "API wrong answers again"),
            Fault(lambda: faults.gone(pages["gone"]), "API failed: gone", "API gone answers again"),
            Fault(lambda: faults.expiring(pages["tls"], authority), "the certificate of tls ends in"),
        ]


def of_database(stack: Stack, database: Server, standby: Server) -> Iterator[Fault]:
    """What happens to a database."""
    yield Fault(lambda: faults.crowded(database), "connections of database main at")
    yield Fault(lambda: faults.blocked(database), "on database main somebody has waited")
    yield Fault(lambda: faults.forgotten(database), "a transaction on database main has been open")
    yield Fault(lambda: long_ago(stack, faults.deadlocked(database), "database_deadlocks"), "deadlocks/h on database main")
    yield Fault(lambda: faults.lagging(database, standby), "replica walreceiver of main is")


def of_host(stack: Stack, disk: Path | None) -> Iterator[Fault]:
    """What happens to a host."""
    yield Fault(lambda: long_ago(stack, faults.burning("proof-burns"), "process_cpu_usage"), "proof-burns uses")
    yield Fault(lambda: long_ago(stack, faults.hoarding("proof-hoards"), "process_memory"), "proof-hoards holds")
    if disk:
        yield Fault(lambda: faults.full(disk), f"disk {disk} of local at")
    else:
        warnings.warn("no file system may be mounted here: none is filled", stacklevel=2)


@contextmanager
def long_ago(stack: Stack, fault: AbstractContextManager[None], metric: str) -> Iterator[None]:
    """A fault that is over only some time after it has ended: when what was measured of it is old."""
    with fault:
        yield
    for table in ("sample", "latest"):
        mine = f"series_id in (select id from monitoring.series where metric = '{metric}')"
        stack.query(f"update monitoring.{table} set at = at - interval '2 hours' where {mine} returning at")


def subjects(stack: Stack, badge: str) -> list[str]:
    """What the inbox has of this kind."""
    return [mail["subject"] for mail in stack.mails() if mail["subject"].startswith(badge)]


def told(stack: Stack, badge: str, words: Iterable[str]) -> Counter[str]:
    """How many mails there are of this kind, by what they say."""
    return Counter(word for subject in subjects(stack, badge) for word in words if word in subject)


def all_told(stack: Stack, badge: str, words: Sequence[str], times: int) -> None:
    """Judge until there was a mail of this kind about each; what breaks or heals may take longer than until the next judgement."""

    def missing() -> set[str]:
        return set(words) - told(stack, badge, words).keys()

    while missing() and times:
        judge(stack)
        times -= 1
        with suppress(AssertionError):
            wait(lambda: not missing(), 60)
    assert missing() == set()


def judge(stack: Stack) -> None:
    """The duties by the clock run now."""
    with ThreadPoolExecutor() as both:
        assert [run["state"] for run in both.map(stack.run, ("database_health", "system_health"))] == ["success", "success"]


def test_each_fault_leads_to_its_alert_and_each_repair_to_its_recovery(stack: Stack, broken_here: list[Fault]) -> None:
    problems, recoveries = ([fault.told for fault in broken_here], [fault.over or fault.told for fault in broken_here])
    with ExitStack() as broken:
        for fault in broken_here:
            broken.enter_context(fault.happens())
        all_told(stack, PROBLEM, problems, 4)
    all_told(stack, RECOVERY, recoveries, 5)
    assert told(stack, PROBLEM, problems) == Counter(problems), "each once"
    assert told(stack, RECOVERY, recoveries) == Counter(recoveries)


def test_fifty_changes_within_a_second_are_fifty_transitions_few_mails_and_one_or_two_runs(
    stack: Stack, watched: None, pages: dict[str, Raw]
) -> None:
    with faults.behaving(pages["storm"], DOWN):
        all_change(stack, "opened", f"{PROBLEM}API failed: storm-", f"(and {STORM - 1} more)")
    all_change(stack, "recovered", f"{RECOVERY}API storm-")


def all_change(stack: Stack, reason: str, begins: str, ends: str = "") -> None:
    """All fifty change for this reason; the last mail about it begins and ends so."""
    mails, runs = len(stormy(stack)), stack.runs("api_performance")
    wait(lambda: len(changed(stack, reason)) >= STORM)
    wait(lambda: any(subject.startswith(begins) and subject.endswith(ends) for subject in stormy(stack)[mails:]))
    wait(lambda: stack.runs("api_performance") > runs and not stack.runs("api_performance", "queued", "running"))
    time.sleep(5)  # what else there was would show
    assert len(changed(stack, reason)) == len(set(changed(stack, reason))) == STORM
    assert len(stormy(stack)) <= mails + MANY
    assert stack.runs("api_performance") <= runs + 2


def changed(stack: Stack, reason: str) -> list[str]:
    """The targets of the storm that changed for this reason."""
    rows = stack.query(
        "select a.labels ->> 'target' as target from monitoring.transition t join monitoring.alert a on a.id = t.alert_id"
        f" where a.rule = 'api_up' and a.labels ->> 'target' like 'storm-%' and t.reason = '{reason}'"
    )
    return [row["target"] for row in rows]


def stormy(stack: Stack) -> list[str]:
    """The mails about the storm, in order."""
    return [mail["subject"] for mail in stack.mails() if "storm-" in mail["subject"]]


def test_a_database_that_is_killed_is_told_and_so_is_its_return(stack: Stack, watched: None, database: Server) -> None:
    down, up = ["Database connection failed: main"], ["database main answers again"]
    database.kill()
    wait(lambda: told(stack, PROBLEM, down))
    database.start()
    wait(lambda: told(stack, RECOVERY, up))
    assert (told(stack, PROBLEM, down).total(), told(stack, RECOVERY, up).total()) == (1, 1)
