"""SMS through apprise, which need not be installed: a stand-in that behaves as apprise 2.3 does."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from types import ModuleType

import pytest

from include.channels.sms import Sms, SmsSettings, segments
from include.failures import DeliveryError
from securenet.channels import sms
from securenet.connections import find_connection
from tests.channels.test_vendors import content, message
from tests.receivers import SECRET

GATEWAY = f"vonage://{SECRET}@4930"


class Apprise:
    """Knows one kind of gateway, and keeps what it was to send to which."""

    sent: list[tuple[str, str]]
    works: bool

    def __init__(self) -> None:
        self.urls: list[str] = []

    def add(self, url: str) -> bool:
        self.urls += [url] if url.startswith("vonage://") else []
        return url.startswith("vonage://")

    def notify(self, body: str) -> bool:
        type(self).sent += [(url, body) for url in self.urls] if self.works else []
        return self.works


@pytest.fixture
def apprise(monkeypatch: pytest.MonkeyPatch) -> Iterator[type[Apprise]]:
    module = ModuleType("apprise")
    Apprise.sent, Apprise.works = [], True
    module.Apprise = Apprise  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "apprise", module)
    return Apprise


def send(gateway: str = GATEWAY) -> None:
    """An SMS through this gateway."""
    channel = Sms(SmsSettings(apprise=gateway, segments=1))
    channel.deliver(message("+4917 1", content(title="x" * 400)), None)
    channel.close()


def refused(gateway: str = GATEWAY) -> DeliveryError:
    """How it fails."""
    with pytest.raises(DeliveryError) as failed:
        send(gateway)
    assert SECRET not in str(failed.value) + repr(SmsSettings(apprise=gateway))
    return failed.value


def test_the_gateway_is_asked_to_send_to_the_receiver_what_fits_into_the_segments(apprise: type[Apprise]) -> None:
    send()
    send(f"{GATEWAY}?ttl=9")
    assert [url for url, _ in apprise.sent] == [f"{GATEWAY}?to=%2B4917%201", f"{GATEWAY}?ttl=9&to=%2B4917%201"]
    assert [(segments(text), text[:10]) for _, text in apprise.sent] == [(1, "CRITICAL: ")] * 2


def test_what_apprise_could_not_send_is_tried_again(apprise: type[Apprise]) -> None:
    apprise.works = False
    error = refused()
    assert (error.permanent, error.outage) == (False, True)


@pytest.mark.parametrize("gateway", ["", f"carrier-pigeon://{SECRET}"])
def test_a_gateway_that_apprise_does_not_know_is_misconfigured(apprise: type[Apprise], gateway: str) -> None:
    error = refused(gateway)
    assert (error.permanent, error.misconfigured) == (True, True)


def test_without_apprise_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "apprise", None)
    error = refused()
    assert (error.permanent, error.misconfigured) == (True, True)
    assert "pip install apprise" in str(error)


def test_a_connection_says_that_it_is_apprises(monkeypatch: pytest.MonkeyPatch) -> None:
    fields = {"conn_type": "http", "password": GATEWAY, "extra": {"apprise": True}}
    monkeypatch.setenv("AIRFLOW_CONN_SMS_DEFAULT", json.dumps(fields))
    found = find_connection("sms_default")
    assert found
    assert sms(found, 2) == SmsSettings(apprise=GATEWAY, segments=2)
