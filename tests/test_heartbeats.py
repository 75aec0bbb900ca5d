"""The dead-man's switch, as healthchecks.io, Uptime Kuma and Gatus want to hear of it."""

from __future__ import annotations

import json
import logging
from typing import Any

import pytest

from include import heartbeats
from include.heartbeats import Heartbeat, beat
from securenet.connections import find_connection, heartbeat, url_of
from tests.receivers import Answer, Receiver, Request, anything, receiving

KEY = "a-secret-push-key"


def given(monkeypatch: pytest.MonkeyPatch, name: str, connection: str | dict[str, Any]) -> None:
    """A connection, as a URI or as its fields."""
    text = connection if isinstance(connection, str) else json.dumps({"conn_type": "http", **connection})
    monkeypatch.setenv(f"AIRFLOW_CONN_{name.upper()}", text)


def gatus(receiver: Receiver, request: Request) -> Answer:
    """An external endpoint of Gatus."""
    if request.headers.get("Authorization") != f"Bearer {KEY}":
        return 401, {}
    good = request.method == "POST" and request.path == "/api/v1/endpoints/core_airflow/external?success=true"
    return (200, {}) if good else (400, {})


def kuma(receiver: Receiver, request: Request) -> Answer:
    """A push monitor of Uptime Kuma."""
    return (200, {"ok": True}) if (request.method, request.path) == ("GET", f"/api/push/{KEY}?status=up&msg=OK") else (404, {"ok": False})


def healthchecks(receiver: Receiver, request: Request) -> Answer:
    """A check of healthchecks.io."""
    return (200, {}) if (request.method, request.path) == ("GET", f"/{KEY}") else (404, {})


EXTERNAL = "api/v1/endpoints/core_airflow/external"
SERVICES = {
    "healthchecks.io": (healthchecks, "{url}/" + KEY),
    "Uptime Kuma, as a URI": (kuma, "{url}/api/push/" + KEY + "?status=up&msg=OK"),
    "Uptime Kuma, in the form": (kuma, {"host": "{url}/api/push/" + KEY + "?status=up&msg=OK"}),
    "Uptime Kuma, field by field": (kuma, {"host": "127.0.0.1", "port": "{port}", "schema": f"api/push/{KEY}?status=up&msg=OK"}),
    "Gatus, as a URI": (gatus, "http://:" + KEY + "@127.0.0.1:{port}/" + EXTERNAL + "?method=POST&success=true"),
    "Gatus, in the form": (gatus, {"host": "{url}/" + EXTERNAL + "?success=true", "password": KEY, "extra": {"method": "POST"}}),
}


def filled(connection: Any, url: str) -> Any:
    """The connection to the server at this URL."""
    if isinstance(connection, dict):
        return {name: filled(value, url) for name, value in connection.items()}
    text = str(connection).replace("{url}", url).replace("{port}", url.rpartition(":")[2])
    return int(text) if text.isdecimal() else text


@pytest.mark.parametrize("service", SERVICES.values(), ids=SERVICES)
def test_each_service_hears_of_it_as_its_connection_says(service: tuple[Any, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    with receiving(service[0]) as receiver:
        given(monkeypatch, "heartbeat_watchers", filled(service[1], receiver.url))
        beat(heartbeat("watchers"))
    assert len(receiver.accepted) == 1


@pytest.mark.parametrize("fault", [(500, {}), (401, {}), "reset", "hang"], ids=str)
def test_a_receiver_that_is_out_of_order_disturbs_nothing_and_learns_no_secret(
    fault: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(heartbeats, "SECONDS", 0.3)
    with receiving(anything) as receiver:
        receiver.faults = [fault]
        beat(Heartbeat(f"{receiver.url}/{KEY}", token=KEY))
    assert "a heartbeat was not heard" in caplog.text
    assert KEY not in caplog.text + repr(Heartbeat(KEY, token=KEY))


@pytest.mark.parametrize("url", ["http://127.0.0.1:9/x", "http://127.0.0.1/a b", "http://[", "http://127.0.0.1:port/", "http://"])
def test_an_address_that_is_none_is_a_line_in_the_log(url: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING)
    beat(Heartbeat(url))
    assert "a heartbeat was not heard" in caplog.text


def test_nobody_outside_need_hear_of_it() -> None:
    beat(heartbeat("scheduled"))
    beat(Heartbeat("file:///etc/passwd"))


def test_a_token_is_not_carried_to_where_a_receiver_sends_on() -> None:
    with receiving(anything) as other, receiving(anything) as receiver:
        receiver.faults = [(302, {"Location": f"{other.url}/elsewhere"})]
        beat(Heartbeat(f"{receiver.url}/x", token=KEY))
    assert ["Authorization" in request.headers for request in other.accepted] == [False]


@pytest.mark.parametrize(
    ("connection", "url"),
    [
        ("https://hooks.example.com:8443/in/here", "https://hooks.example.com:8443/in/here"),
        ("http://hooks.example.com/in", "http://hooks.example.com/in"),
        ({"host": "https://hooks.example.com/in?key=a&b=c"}, "https://hooks.example.com/in?key=a&b=c"),
        ({"host": "https://hooks.example.com?key=a", "port": 8443, "schema": "in"}, "https://hooks.example.com:8443/in?key=a"),
        ({"host": "hooks.example.com", "schema": "in?key=a"}, "http://hooks.example.com/in?key=a"),
        ({"host": "hooks.example.com/a/", "schema": "/in?x=1"}, "http://hooks.example.com/a/in?x=1"),
        ({"host": "hooks.example.com", "conn_type": "slackwebhook"}, "https://hooks.example.com"),
    ],
)
def test_a_connections_url_keeps_its_query(connection: Any, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    given(monkeypatch, "monitoring_webhook", connection)
    found = find_connection("monitoring_webhook")
    assert found
    assert url_of(found) == url
