"""A watcher whose targets are listed in a file: its probes follow, and nobody has to restart anything."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from include.message import MessageState
from include.store import Row, Store
from include.watchers.watching import Watching
from securenet.watching import open_watching
from tests.discovery.lists import group, written
from tests.probes.servers import Raw, answer, says, serving

CONFIGURATION = """
targets:
  databases: []
  hosts: []
  applications: []
  discover: [{kind: apis, file: %s, set: {interval: 1s, environment: dev}}]
"""


@pytest.fixture
def shops() -> Iterator[list[Raw]]:
    """Three servers that answer."""
    with ExitStack() as stack:
        yield [stack.enter_context(serving(says(answer()))) for _ in range(3)]


@pytest.fixture
def listed(store_dsn: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """The file of an installation that looks at it often."""
    monkeypatch.setattr("include.targets.following.EVERY", timedelta(milliseconds=200))
    monkeypatch.setattr("securenet.watching.JUDGED_EVERY", timedelta(milliseconds=200))
    monkeypatch.setenv("AIRFLOW_CONN_MONITORING_DB", store_dsn)
    monkeypatch.setenv("SECURENET_RUN", str(tmp_path))
    monkeypatch.setenv("SECURENET_CONFIG", str(tmp_path / "monitoring.yaml"))
    (tmp_path / "monitoring.yaml").write_text(CONFIGURATION % (tmp_path / "apis.json"))
    return tmp_path / "apis.json"


@contextmanager
def watched(duty: str = "api_performance") -> Iterator[Watching]:
    """The watcher of a duty, for a while."""
    opened = open_watching(duty)
    try:
        yield opened
    finally:
        opened.close()


def until(watching: Watching, condition: Callable[[], object], seconds: float = 20) -> None:
    """Watch until something is so."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it never is"
        watching.look()
        watching.wait()


def up(store: Store) -> dict[str, float]:
    """The newest word on each target."""
    return {row["labels"]["target"]: row["value"] for row in store.many("samples.newest", metric="api_up", labels='{"environment": "dev"}')}


def alerts(store: Store) -> list[Row]:
    """Of targets and lists, as they stand."""
    return store.connection.execute("select labels, state, summary from alert order by id").fetchall()


def test_probes_follow_a_file_and_whoever_stays_on_it_is_not_disturbed(listed: Path, store: Store, shops: list[Raw]) -> None:
    first, second, third = (shop.url for shop in shops)
    with watched() as watching:
        until(watching, lambda: store.many("samples.newest", metric="discovery_up", labels="{}"))
        written(listed, group(first, name="first"), group(second, name="second"))
        until(watching, lambda: up(store) == {"first": 1, "second": 1})
        shops[0].stop()
        until(watching, lambda: [row["labels"]["target"] for row in alerts(store) if row["state"] == "firing"] == ["first"])
        written(listed, group(second, name="second"), group(third, name="third"))
        until(watching, lambda: up(store).get("third") == 1)
        until(watching, lambda: {row["state"] for row in alerts(store)} == {"resolved"})
        assert "first is no longer watched" in {row["summary"] for row in alerts(store)}
        assert shops[1].connections == 1, "the connection to what stayed was kept"
        written(listed, group(second, name="second", rack="a"))
        until(watching, lambda: store.many("samples.newest", metric="api_up", labels='{"rack": "a"}'))
        asked = len(shops[2].requests)
        time.sleep(1.5)
        assert len(shops[2].requests) == asked, "what has left the file is left alone"


def test_a_file_that_breaks_changes_nothing_also_after_a_restart_and_is_an_alert(listed: Path, store: Store, shops: list[Raw]) -> None:
    asked = shops[0].requests
    written(listed, group(shops[0].url, name="first"))
    with watched() as watching:
        until(watching, lambda: up(store) == {"first": 1})
        listed.write_text("[{")
        until(watching, lambda: [(row["state"], row["labels"]) for row in alerts(store)] == [("unknown", {"entry": f"apis of {listed}"})])
    asked.clear()
    with watched() as watching:
        until(watching, lambda: len(asked) >= 2)
        written(listed, group(shops[0].url, name="first"))
        until(watching, lambda: [row["state"] for row in alerts(store)] == ["resolved"])


def test_databases_that_left_their_file_while_they_were_down_or_not_asked_leave_no_alert(
    listed: Path, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_GONE_DB", "postgresql://nobody:word@127.0.0.1:9/none")
    configuration = listed.with_name("monitoring.yaml")
    configuration.write_text(CONFIGURATION.replace("kind: apis", "kind: databases").replace("interval: 1s, ", "") % listed)
    written(listed, group("gone_db", "never_there"))
    with watched("database_connectivity") as watching:
        both = {("firing", "gone_db"), ("unknown", "never_there")}
        until(watching, lambda: {(row["state"], row["labels"]["target"]) for row in alerts(store)} == both)
        written(listed)
        ended = {("resolved", f"{name} is no longer watched") for name in ("gone_db", "never_there")}
        until(watching, lambda: {(row["state"], row["summary"]) for row in alerts(store)} == ended)


def seen_up(store: Store, target: str) -> list[float]:
    """Whether a database answered, as of late."""
    rows = store.many("samples.newest", metric="database_up", labels="{}")
    return [row["value"] for row in rows if row["labels"]["target"] == target]


def test_a_connection_that_is_made_corrected_or_moved_counts_within_a_minute(
    listed: Path, store: Store, store_dsn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    shorter = "monitoring: {database_connectivity: {interval: 1s}}"
    listed.with_name("monitoring.yaml").write_text(f"{shorter}\ntargets: {{databases: [{{name: crm, connection: crm_db}}]}}")
    with watched("database_connectivity") as watching:
        missing = "database crm is not watched: the connection crm_db is missing: create it in Airflow"
        until(watching, lambda: [(row["state"], row["summary"]) for row in alerts(store)] == [("unknown", missing)])
        until(watching, lambda: seen_up(store, "store") == [1])
        monkeypatch.setenv("AIRFLOW_CONN_CRM_DB", f"{store_dsn}?ssl_mode=require")
        until(watching, lambda: "has the extra 'ssl_mode', which PostgreSQL does not know" in alerts(store)[0]["summary"])
        monkeypatch.setenv("AIRFLOW_CONN_CRM_DB", store_dsn)
        until(watching, lambda: [row["state"] for row in alerts(store)] == ["resolved"])
        assert seen_up(store, "crm") == [1]
        monkeypatch.setenv("AIRFLOW_CONN_CRM_DB", "postgresql://nobody:word@127.0.0.1:9/none")
        until(watching, lambda: [row["state"] for row in alerts(store)] == ["resolved", "firing"])


def test_what_opens_an_address_is_read_again(listed: Path, store: Store, shops: list[Raw], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_SHOP", '{"conn_type": "http", "password": "first"}')
    api = f"{{name: shop, url: '{shops[0].url}', connection: shop, interval: 1s, environment: dev}}"
    listed.with_name("monitoring.yaml").write_text(f"targets: {{databases: [], hosts: [], applications: [], apis: [{api}]}}")
    with watched() as watching:
        until(watching, lambda: any(b"Bearer first" in one for one in shops[0].requests))
        monkeypatch.setenv("AIRFLOW_CONN_SHOP", '{"conn_type": "http", "password": "second"}')
        until(watching, lambda: any(b"Bearer second" in one for one in shops[0].requests))
        monkeypatch.delenv("AIRFLOW_CONN_SHOP")
        until(watching, lambda: [(row["state"], row["labels"]["target"]) for row in alerts(store)] == [("unknown", "shop")])


def test_a_probe_that_breaks_is_no_good_news(listed: Path, store: Store, shops: list[Raw], monkeypatch: pytest.MonkeyPatch) -> None:
    """The fault is ours, and cannot be had for real: those that were found are mended."""
    monkeypatch.setattr("include.probes.http.HttpProbe.confirmed", lambda self: 1 / 0)
    written(listed, group(shops[0].url, name="first"))
    with watched() as watching:
        until(watching, lambda: [row["state"] for row in alerts(store)] == ["unknown"])
        assert alerts(store)[0]["summary"] == "API first is not watched: its probe broke: ZeroDivisionError, see the log of the triggerer"


def test_a_channel_that_is_connected_later_is_used_for_what_happens_then(
    listed: Path, store: Store, shops: list[Raw], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("securenet.watching.CONNECTIONS_LAST", timedelta(0))
    monkeypatch.setenv("SECURENET_ADMIN_EMAIL", "root@example.com")
    written(listed, group(shops[0].url, name="first"))
    with watched() as watching:
        until(watching, lambda: up(store) == {"first": 1})
        monkeypatch.setenv("AIRFLOW_CONN_SMTP_DEFAULT", "smtp://127.0.0.1:9/?from_email=a%40example.com&disable_ssl=true")
        directory = watching.watch.directory  # type: ignore[attr-defined]
        until(watching, lambda: directory().standing("email", "root@example.com") == (MessageState.PENDING, None))
        shops[0].stop()
        until(watching, lambda: store.connection.execute("select from message").fetchall())
    assert "not_configured" not in {row["state"] for row in store.connection.execute("select state from message")}
