"""The targets of a configuration, measured by hand as `make check` does: real hosts, databases and addresses."""

from __future__ import annotations

import json
import shutil
import socket
from pathlib import Path
from typing import Any

import pytest
from pytest_httpserver import HTTPServer

from include.browser.chromium import PROGRAMS
from include.store import Store
from securenet.__main__ import main
from tests.discovery.lists import group, written


@pytest.fixture
def configured(store_dsn: str, watched_dsn: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """An installation; the file that it is configured with."""
    file = tmp_path / "monitoring.yaml"
    file.write_text("{}")
    monkeypatch.setenv("AIRFLOW_CONN_MONITORING_DB", store_dsn)
    monkeypatch.setenv("AIRFLOW_CONN_SECURENET_DB", watched_dsn)
    monkeypatch.setenv("SECURENET_ADMIN_EMAIL", "admin@example.com")
    monkeypatch.setenv("SECURENET_RUN", str(tmp_path))
    monkeypatch.setenv("SECURENET_CONFIG", str(file))
    return file


def check(duty: str, capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    """What a check of the duty came to."""
    assert main(["check", duty, "--json"]) == 0
    told: dict[str, Any] = json.loads(capsys.readouterr().out)
    return told


def values(told: dict[str, Any], metric: str) -> dict[str, float]:
    """Target -> value of a metric."""
    return {one["labels"]["target"]: one["value"] for one in told["samples"] if one["metric"] == metric and "target" in one["labels"]}


def test_this_machine_is_a_host_and_one_that_does_not_answer_is_missing_data(configured: Path, capsys: pytest.CaptureFixture[str]) -> None:
    configured.write_text(
        "targets: {hosts: [{name: local}, {name: gone, via: node_exporter, url: 'http://127.0.0.1:9/metrics'}]}\n"
        "rules: [{name: memory_usage, warning: 0.001, clear: 0, for: 0s}, {name: disk_usage, off: true}]"
    )
    told = check("system_health", capsys)
    assert values(told, "source_up") == {"local": 1, "gone": 0}
    assert 0 < values(told, "memory_usage")["local"] < 100
    found = {(alert["severity"], alert["state"], alert["labels"]["target"]) for alert in told["alerts"]}
    assert found == {("warning", "firing", "local"), ("warning", "unknown", "gone")}
    assert any("memory of local at" in message["subject"] for message in told["messages"])
    page = Path(told["report"]["html"]).read_text()
    assert "memory usage" in page
    assert "no answer" in page


def test_a_database_and_its_application_are_measured(configured: Path, capsys: pytest.CaptureFixture[str]) -> None:
    told = check("database_health", capsys)
    assert 0 < values(told, "database_connections_used")["securenet"] < 100
    assert {one["labels"]["source"] for one in told["samples"] if one["metric"] == "source_up"} == {"databases", "applications"}
    assert {"query_up", "database_size"} <= {one["metric"] for one in told["samples"]}
    assert told["alerts"] == []


def test_an_address_is_up_until_it_answers_otherwise(configured: Path, capsys: pytest.CaptureFixture[str], httpserver: HTTPServer) -> None:
    httpserver.expect_request("/well").respond_with_data("fine")
    httpserver.expect_request("/ill").respond_with_data("no", status=503)
    addresses = ", ".join(f"{{name: {name}, url: '{httpserver.url_for('/' + name)}'}}" for name in ("well", "ill"))
    configured.write_text(f"targets: {{apis: [{addresses}]}}")
    told = check("api_performance", capsys)
    assert values(told, "api_up") == {"well": 1, "ill": 0}
    assert [(alert["severity"], alert["labels"]["target"]) for alert in told["alerts"]] == [("critical", "ill")]
    assert "API failed: ill" in told["alerts"][0]["summary"]
    assert "cpu_busy_seconds" in {one["metric"] for one in told["samples"]}, "and the cheap counters are sampled"


def test_a_page_is_visited_and_judged(configured: Path, capsys: pytest.CaptureFixture[str], httpserver: HTTPServer) -> None:
    if not any(map(shutil.which, PROGRAMS)):
        pytest.skip("Chromium is not installed")
    httpserver.expect_request("/").respond_with_data("<title>The shop</title><h1>Welcome</h1>", content_type="text/html")
    pages = [("shop", "/", "shop"), ("gone", "/nothing", "shop")]
    targets = ", ".join(f"{{name: {name}, url: '{httpserver.url_for(path)}', expect: {{title: {title}}}}}" for name, path, title in pages)
    configured.write_text(f"targets: {{pages: [{targets}]}}\nrules: [{{name: page_up, for: 0s}}, {{name: page_largest_paint, off: true}}]")
    told = check("page_load", capsys)
    assert values(told, "source_up") == {"shop": 1, "gone": 1}
    assert values(told, "page_up") == {"shop": 1, "gone": 0}
    assert [(alert["severity"], alert["labels"]["target"]) for alert in told["alerts"]] == [("critical", "gone")]
    assert "page gone does not load" in told["alerts"][0]["summary"]
    page = Path(told["report"]["html"]).read_text()
    assert "page load time lcp" in page
    assert "status 500" in page or "status 404" in page


def test_without_a_page_a_run_by_hand_is_green_and_starts_no_browser(configured: Path, capsys: pytest.CaptureFixture[str]) -> None:
    told = check("page_load", capsys)
    assert {one["metric"] for one in told["samples"]} == {"source_up", "source_duration", "config_valid"}
    assert told["alerts"] == []


def test_what_a_file_lists_is_measured_beside_what_the_configuration_does(
    configured: Path, capsys: pytest.CaptureFixture[str], httpserver: HTTPServer, store: Store
) -> None:
    httpserver.expect_request("/here").respond_with_data("fine")
    httpserver.expect_request("/health").respond_with_data("fine")
    address = f"{httpserver.host}:{httpserver.port}"
    listed = written(configured.with_name("apis.json"), group(address, name="there", env="dev", rack="a", __metrics_path__="/health"))
    twice = f"{{kind: apis, file: {listed}}}, {{kind: apis, file: {listed}, set: {{environment: prod}}}}"
    configured.write_text(f"targets: {{apis: [{{name: here, url: '{httpserver.url_for('/here')}'}}], discover: [{twice}]}}")
    told = check("api_performance", capsys)
    assert values(told, "api_up") == {"here": 1, "there": 1}
    (labels,) = [one["labels"] for one in told["samples"] if one["metric"] == "api_up" and one["labels"]["target"] == "there"]
    assert labels == {"target": "there", "environment": "dev", "rack": "a"}
    assert [(one["value"], one["labels"]["entry"]) for one in told["samples"] if one["metric"] == "discovery_up"] == [
        (1, f"apis of {listed}")
    ]
    assert store.connection.execute("select count(*) from discovered").fetchone() == {"count": 0}, "nothing remains of a check"


def test_what_a_database_lists_is_measured_and_a_connection_that_is_missing_is_an_alert(
    configured: Path, capsys: pytest.CaptureFixture[str], watched_dsn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_CMDB", watched_dsn)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        query = f"select 'gate' as name, '127.0.0.1' as address, array[{listening.getsockname()[1]}] as ports"
        configured.write_text(
            "targets:\n  hosts: []\n  discover:\n"
            f'    - {{kind: networks, connection: cmdb, query: "{query}", set: {{ping: false, environment: dev}}}}\n'
            '    - {kind: hosts, connection: nowhere, query: "select 1 as name"}\n'
        )
        told = check("system_health", capsys)
    assert values(told, "source_up") == {"gate": 1}
    assert [one["labels"]["target"] for one in told["samples"] if one["metric"] == "port_up" and one["value"] == 1] == ["gate"]
    (alert,) = told["alerts"]
    assert (alert["state"], alert["labels"]) == ("unknown", {"entry": "hosts of nowhere: select 1 as name"})
    assert "the connection nowhere is missing: create it in Airflow" in alert["summary"]
    assert main(["config"]) == 0
    said = capsys.readouterr().out
    assert "# connection nowhere: missing" in said
    assert "query: select 1 as name" in said


def test_what_is_measured_by_hand_to_be_kept_is_kept(
    configured: Path, capsys: pytest.CaptureFixture[str], httpserver: HTTPServer, store: Store
) -> None:
    httpserver.expect_request("/").respond_with_data("fine")
    listed = written(configured.with_name("apis.json"), group(f"{httpserver.host}:{httpserver.port}", name="there"))
    configured.write_text(f"targets: {{discover: [{{kind: apis, file: {listed}}}]}}")
    assert main(["check", "api_performance", "--send", "--json"]) == 0
    assert values(json.loads(capsys.readouterr().out), "api_up") == {"there": 1}
    assert {row["value"] for row in store.many("samples.newest", metric="api_up", labels='{"target": "there"}')} == {1}
    assert {row["value"] for row in store.many("samples.newest", metric="discovery_up", labels="{}")} == {1}


def test_a_page_of_metrics_is_opened_by_its_connection_and_by_nothing_else(
    configured: Path, capsys: pytest.CaptureFixture[str], httpserver: HTTPServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_SHOP_METRICS", "http://:a-secret-token@")
    opened = httpserver.expect_request("/metrics", headers={"Authorization": "Bearer a-secret-token"})
    opened.respond_with_data('shop_users{state="active"} 7\n')
    url, take = httpserver.url_for("/metrics"), "{active_users: 'shop_users{state=\"active\"}'}"
    locked = f"{{name: locked, url: '{url}', take: {take}}}"
    configured.write_text(f"targets: {{applications: [{{name: shop, url: '{url}', take: {take}, connection: shop_metrics}}, {locked}]}}")
    told = check("database_health", capsys)
    assert values(told, "active_users") == {"shop": 7}
    assert values(told, "source_up")["locked"] == 0
    assert "a-secret-token" not in json.dumps(told)
