"""Who may ask for what: every route has a login, but for those that are named here, and these take only what is signed and small."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
import uvicorn
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute

from include.model import utc_now
from local.ports import DEFAULTS, is_free
from securenet.ui import hooks
from securenet.ui.app import PREFIX, make_app
from securenet.ui.limits import LARGEST, RateLimit
from tests.hooks.vendors import SECRET, pagerduty

OPEN = {"/hooks/pagerduty", "/hooks/slack"}


def asks_who_it_is(dependant: Dependant) -> bool:
    """Whether anything that the route depends on is Airflow's question for the user."""
    from airflow.api_fastapi.core_api.security import get_user

    return dependant.call is get_user or any(asks_who_it_is(one) for one in dependant.dependencies)


def test_no_route_is_open_but_those_that_a_vendor_signs() -> None:
    routes = make_app().routes
    assert all(isinstance(route, APIRoute) for route in routes), "files that are mounted would be open"
    assert {route.path for route in routes if isinstance(route, APIRoute) and not asks_who_it_is(route.dependant)} == OPEN


@pytest.fixture
def served(store_dsn: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[httpx.Client]:
    """The application behind a real HTTP server."""
    monkeypatch.setenv("AIRFLOW_CONN_MONITORING_DB", store_dsn)
    monkeypatch.setenv("AIRFLOW_CONN_HOOKS_PAGERDUTY", f"http://:{SECRET}@")
    hooks.limit.buckets.clear()
    port = next(number for number in range(24100, 25000) if is_free(number) and number not in DEFAULTS.values())
    server = uvicorn.Server(uvicorn.Config(make_app(), port=port, log_level="warning", lifespan="off"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        thread.join(0.05)
    with httpx.Client(base_url=f"http://127.0.0.1:{port}") as client:
        yield client
    server.should_exit = True
    thread.join()


def post(served: httpx.Client, vendor: str = "pagerduty", **words: Any) -> httpx.Response:
    """A call as PagerDuty makes it."""
    call = pagerduty(utc_now(), "a/group/key", **words)
    return served.post(f"/hooks/{vendor}", content=call.body, headers=dict(call.headers))


def test_a_signed_call_is_answered_and_an_unsigned_one_is_not(served: httpx.Client) -> None:
    assert post(served).json() == {"done": "not ours"}
    assert post(served, secret="another").status_code == 401
    assert served.get("/hooks/pagerduty").status_code == 405
    assert SECRET not in post(served, secret="another").text


def test_a_vendor_without_a_secret_is_not_configured_and_says_what_to_create(served: httpx.Client) -> None:
    answer = post(served, "slack")
    assert (answer.status_code, "hooks_slack" in answer.text) == (404, True)


def test_a_large_body_is_refused_before_it_has_all_come(served: httpx.Client) -> None:
    assert served.post("/hooks/pagerduty", content=b"x" * (LARGEST + 1)).status_code == 413
    assert served.post("/hooks/pagerduty", content=(b"x" * 1024 for _ in range(100))).status_code == 413


def test_a_store_that_is_away_is_said_to_be_so(served: httpx.Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_MONITORING_DB", "postgresql://nobody:word@127.0.0.1:9/none")
    answer = post(served)
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "30")
    assert "word" not in answer.text


def test_an_address_that_calls_too_often_waits(served: httpx.Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hooks, "limit", RateLimit(clock=lambda: 0.0))  # however slow the machine is
    answers = [post(served, secret="another").status_code for _ in range(60)]
    assert set(answers) == {401, 429}
    assert int(post(served).headers.get("retry-after", 0)) >= 1


def test_addresses_without_number_take_no_memory_without_number() -> None:
    limited = RateLimit(clock=lambda: 0.0)
    for number in range(11_000):
        limited.take(str(number))
    assert len(limited.buckets) == 10_000


def test_the_application_is_mounted_where_airflow_allows_it() -> None:
    from airflow.api_fastapi.app import RESERVED_URL_PREFIXES
    from securenet_plugin import SecureNetPlugin

    (served,) = SecureNetPlugin().fastapi_apps
    assert served["url_prefix"] == PREFIX
    assert not PREFIX.startswith(tuple(RESERVED_URL_PREFIXES))
