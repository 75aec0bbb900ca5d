"""Alertmanager's format, read as its receivers read it: by labels and fingerprint, each alert from firing to resolved."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from include.channels.webhook import Webhook, WebhookSettings
from include.model import Level
from tests.channels.test_vendors import content, message
from tests.conftest import NOW
from tests.lifecycle.stage import Stage
from tests.receivers import anything, receiving

FIELDS = {"version", "groupKey", "truncatedAlerts", "status", "receiver", "groupLabels", "commonLabels", "commonAnnotations", "externalURL"}


def sent(*told: dict[str, Any]) -> list[dict[str, Any]]:
    """What a receiver gets of these contents."""
    with receiving(anything) as receiver:
        channel = Webhook(WebhookSettings(receiver.url, shape="alertmanager"), lambda: NOW)
        for one in told:
            channel.deliver(message("webhook", one), None)
        channel.close()
    return [request.json for request in receiver.accepted]


def identity(alert: dict[str, Any]) -> tuple[Any, ...]:
    """By what a receiver knows an alert again."""
    return (alert["fingerprint"], tuple(sorted(alert["labels"].items())), alert["startsAt"])


def open_after(payloads: list[dict[str, Any]]) -> list[tuple[Any, ...]]:
    """What is open to a receiver after each: it opens what fires, and closes only what it knows."""
    known: set[tuple[Any, ...]] = set()
    steps = []
    for payload in payloads:
        assert FIELDS | {"alerts"} == payload.keys()
        assert (payload["status"] == "firing") == any(alert["status"] == "firing" for alert in payload["alerts"])
        for alert in payload["alerts"]:
            if alert["status"] == "firing":
                known.add(identity(alert))
                assert alert["endsAt"] == "0001-01-01T00:00:00Z"
            else:
                known.remove(identity(alert))
                assert datetime.fromisoformat(alert["endsAt"]) > datetime.fromisoformat(alert["startsAt"])
        steps.append(tuple(sorted(dict(labels)["target"] for _, labels, _ in known)))
    return steps


def test_a_receiver_of_alertmanagers_closes_each_alert_when_it_is_over_and_the_group_with_the_last(stage: Stage) -> None:
    stage.judge("api", Level.CRITICAL)
    stage.judge("db", Level.CRITICAL)
    stage.drain()
    stage.later(600)
    stage.judge("db", Level.OK)
    stage.drain()
    stage.later(600)
    stage.judge("api", Level.OK)
    stage.later(600)
    payloads = sent(*(got.message.content for got in stage.receivers.got))
    assert open_after(payloads) == [("api", "db"), ("api",), ()]
    assert [payload["status"] for payload in payloads] == ["firing", "firing", "resolved"]
    assert [alert["status"] for alert in payloads[1]["alerts"]] == ["firing", "resolved"]
    assert payloads[1]["alerts"][1]["annotations"] == {"summary": stage.alerts()[1]["resolution"]}


def test_common_labels_are_those_of_all_alerts_and_group_labels_those_of_the_group() -> None:
    (payload,) = sent(content(alerts=2, severity="critical"))
    ours = {"alertname": "database_up", "duty": "d", "environment": "prod"}
    assert payload["groupLabels"] == ours
    assert payload["commonLabels"] == {**ours, "target": "db", "severity": "critical"}
    told = content(alerts=2)
    told["alerts"][1] = {**told["alerts"][1], "labels": {"target": "api"}, "severity": "warning"}
    assert sent(told)[0]["commonLabels"] == ours


def test_what_is_left_out_is_counted() -> None:
    told = content(alerts=1000)
    told["counts"]["recovered"] = 7
    assert sent(told)[0]["truncatedAlerts"] == 990 + 7


def test_the_end_of_a_group_of_which_nothing_is_left_is_still_its_end() -> None:
    (payload,) = sent(content("recovered", "success", was="critical"))
    (alert,) = payload["alerts"]
    assert (payload["status"], alert["status"], alert["labels"]["severity"]) == ("resolved", "resolved", "critical")
    assert alert["endsAt"] == (NOW + timedelta(minutes=7)).isoformat()
