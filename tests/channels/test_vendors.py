"""Slack, PagerDuty, SMS, webhooks and alert mails, against servers that check what the vendors check."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from include.channels.email import Email, SmtpSettings
from include.channels.http import TIMEOUT
from include.channels.pagerduty import PagerDuty, PagerDutySettings
from include.channels.slack import Slack, SlackSettings
from include.channels.sms import Sms, SmsSettings, segments, shortened
from include.channels.webhook import Webhook, WebhookSettings
from include.delivery import pause
from include.failures import DeliveryError
from include.message import Message, MessageState, Outcome
from tests.conftest import NOW
from tests.receivers import ACCOUNT, KEY, SECRET, TOKEN, Receiver, anything, pagerduty, receiving, slack, slack_webhook, twilio, webhook
from tests.smtp import Inbox
from tests.story import html_of, text_of

HOSTILE = "<script>alert(1)</script> *bold* `code` <!channel> =cmd() \u202e \r\nBcc: x@example.com"


def content(reason: str = "opened", severity: str = "critical", alerts: int = 1, **more: Any) -> dict[str, Any]:
    """What the store holds of an alert message."""
    one = {"id": 1, "severity": "critical", "state": "firing", "reason": "opened", "labels": {"target": "db"}, "acknowledged_by": None}
    one |= {"opened_at": NOW.isoformat(), "resolution": None, "fingerprint": "f" * 32}
    listed = [{**one, "summary": f"Database {number} failed"} for number in range(alerts)] if severity != "success" else []
    made = {"reason": reason, "severity": severity, "was": None, "title": "Database connection failed", "alerts": listed[:10]}
    made |= {"group": {"key": "d/r/1", "duty": "database_connectivity", "rule": "database_up", "labels": {"environment": "prod"}}}
    made |= {"counts": {"open": alerts, "recovered": 0}, "more": max(alerts - 10, 0), "recovered": [], "opened_at": NOW.isoformat()}
    made |= {"at": (NOW + timedelta(minutes=7)).isoformat(), "zone": "Europe/Berlin", "why": "route 1: severity critical"}
    return {**made, "todo": "Is the server up?", "link": None, "person": None, "held_back": None, "quiet": False, **more}


def message(receiver: str, told: dict[str, Any] | None = None, ref: dict[str, Any] | None = None, **changes: Any) -> Message:
    """A message of the outbox."""
    told = told or content()
    badge = "✅ SUCCESS" if told.get("severity") == "success" else "🚨 CRITICAL"
    fields = {"id": 1, "key": "k1", "duty": "d", "channel": "c", "receiver": receiver, "group_key": "d/r/1", "priority": 0}
    fields |= {
        "template": "alert",
        "reason": told.get("reason"),
        "subject": f"{badge}: {told.get('title')}",
        "content": told,
        "attempts": 1,
    }
    return Message(
        **{**fields, "possible_repeat": False, "accepted": (), "report_id": None, "created_at": NOW, "ref": ref or {}, **changes}
    )


@pytest.fixture
def in_slack() -> Iterator[tuple[Receiver, Slack]]:
    with receiving(slack) as receiver:
        channel = Slack(SlackSettings(TOKEN, receiver.url))
        yield receiver, channel
        channel.close()


def test_slack_has_one_message_for_a_group_which_changes_and_a_reply_for_what_matters(in_slack: tuple[Receiver, Slack]) -> None:
    receiver, channel = in_slack
    ref = channel.deliver(message("#ops", content(severity="warning")), None).ref
    channel.deliver(message("#ops", content("acknowledged", quiet=True), ref), None)
    channel.deliver(message("#ops", content("worsened", was="warning"), ref), None)
    channel.deliver(message("#ops", content("recovered", "success", was="critical"), ref), None)
    assert [request.path for request in receiver.accepted] == ["/chat.postMessage"] + ["/chat.update"] * 2 + [
        "/chat.postMessage",
        "/chat.update",
        "/chat.postMessage",
    ]
    louder, over = receiver.accepted[3].json, receiver.accepted[5].json
    assert (louder["thread_ts"], louder["reply_broadcast"], louder["text"][:10]) == (ref["ts"], True, "<!channel>")
    assert (over["thread_ts"], over["reply_broadcast"]) == (ref["ts"], False)
    assert list(receiver.shown) == [ref["ts"]]
    assert not [block for block in receiver.shown[str(ref["ts"])]["blocks"] if block["type"] == "actions"], "nothing to do any more"


def test_a_message_that_is_gone_from_slack_is_posted_anew(in_slack: tuple[Receiver, Slack]) -> None:
    receiver, channel = in_slack
    ref = channel.deliver(message("#ops", content("worsened"), {"channel": "C0123", "ts": "1.2"}), None).ref
    assert ref["ts"] in receiver.shown


def test_slack_gets_at_most_fifty_blocks_and_three_thousand_characters_whatever_there_is_to_say(in_slack: tuple[Receiver, Slack]) -> None:
    receiver, channel = in_slack
    held = {"count": 400, "subjects": ["x" * 900] * 400}
    channel.deliver(message("#ops", content(alerts=1000, title="t" * 5000, todo="d" * 5000, held_back=held)), None)
    assert len(receiver.accepted) == 1


def test_a_slack_webhook_gets_a_new_message_for_each_change() -> None:
    with receiving(slack_webhook) as receiver:
        channel = Slack(SlackSettings(webhook=f"{receiver.url}/services/{SECRET}"))
        assert channel.deliver(message("#ops"), None).ref == {}
        channel.deliver(message("#ops", content("recovered", "success")), None)
    assert [request.path for request in receiver.accepted] == [f"/services/{SECRET}"] * 2


def test_pagerduty_triggers_acknowledges_and_resolves_one_incident() -> None:
    with receiving(pagerduty) as receiver:
        channel = PagerDuty(PagerDutySettings(KEY, receiver.url))
        for told in (content(), content("acknowledged"), content("recovered", "success")):
            channel.deliver(message("pagerduty", told), None)
    events = [request.json for request in receiver.accepted]
    assert [event["event_action"] for event in events] == ["trigger", "acknowledge", "resolve"]
    assert {event["dedup_key"] for event in events} == {"d/r/1"}


def test_pagerduty_gets_what_fits_into_its_limits() -> None:
    with receiving(pagerduty) as receiver:
        channel = PagerDuty(PagerDutySettings(KEY, receiver.url))
        told = content(title="x" * 1100, recovered=[{"summary": "y" * 100_000, "resolution": None}] * 10)
        channel.deliver(message("pagerduty", told, group_key="g" * 300), None)
    (event,) = [request.json for request in receiver.accepted]
    assert (len(event["payload"]["summary"]), len(event["dedup_key"])) == (1024, 64)


def test_pagerduty_eu_is_another_address() -> None:
    assert PagerDutySettings(KEY, "eu").url == "https://events.eu.pagerduty.com/v2/enqueue"
    assert PagerDutySettings(KEY).url == "https://events.pagerduty.com/v2/enqueue"


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("a" * 160, 1),
        ("a" * 161, 2),
        ("a" * 306, 2),
        ("a" * 307, 3),
        ("€" * 80, 1),
        ("€" * 81, 2),
        ("ж" * 70, 1),
        ("ж" * 71, 2),
        ("🚨" * 35, 1),
    ],
    ids=["160 GSM", "161 = 153 + 8", "306 = 2 x 153", "307", "80 x 2 = 160", "81 x 2", "70 UCS-2", "71 = 67 + 4", "35 x 2 = 70"],
)
def test_segments_are_counted_as_the_networks_do(text: str, number: int) -> None:
    assert segments(text) == number


def test_an_sms_is_ascii_severity_and_at_most_so_many_segments() -> None:
    with receiving(twilio) as receiver:
        channel = Sms(SmsSettings(ACCOUNT, SECRET, "+4930", receiver.url, 2))
        channel.deliver(message("+4917", content(title="x" * 1000)), None)
    body = receiver.accepted[0].body.decode()
    assert "Body=CRITICAL%3A+xxx" in body
    assert segments(shortened("CRITICAL: " + "x" * 1000, 2)) == 2


def test_an_sms_whose_answer_never_came_may_have_arrived(monkeypatch: pytest.MonkeyPatch) -> None:
    with receiving(twilio) as receiver:
        channel = Sms(SmsSettings(ACCOUNT, SECRET, "+4930", receiver.url))
        channel.client.timeout = 0.3
        receiver.faults = ["after"]
        with pytest.raises(DeliveryError) as failed:
            channel.deliver(message("+4917"), None)
    assert failed.value.uncertain
    assert TIMEOUT.read == 10


def test_an_incident_whose_answer_never_came_counts_as_told_and_is_sent_again_soon() -> None:
    """Were it taken for untold, its end would not be told either, and the incident would stay open."""
    with receiving(pagerduty) as receiver:
        channel = PagerDuty(PagerDutySettings(KEY, receiver.url))
        channel.client.timeout = 0.3
        receiver.faults = ["after"]
        with pytest.raises(DeliveryError) as failed:
            channel.deliver(message("pagerduty"), None)
    outcome = Outcome.of(failed.value)
    assert (outcome.state, outcome.keyed) == (MessageState.UNCERTAIN, True)
    assert pause(message("pagerduty", possible_repeat=True), outcome) == timedelta(seconds=30)


def test_a_webhook_is_signed_over_its_time_and_body_and_says_what_it_repeats() -> None:
    with receiving(webhook) as receiver:
        Webhook(WebhookSettings(f"{receiver.url}/in", SECRET), lambda: NOW).deliver(message("webhook"), None)
        with pytest.raises(DeliveryError, match="what its connection holds is not accepted"):
            Webhook(WebhookSettings(f"{receiver.url}/in", "another secret"), lambda: NOW).deliver(message("webhook"), None)
    (request,) = receiver.accepted
    assert request.headers["Idempotency-Key"] == "k1"
    assert request.json["alerts"][0]["summary"] == "Database 0 failed"


def test_a_problem_and_its_end_are_one_thread_in_a_mailbox_and_the_next_problem_another(inbox: Inbox) -> None:
    channel = Email(SmtpSettings("127.0.0.1", inbox.port, "monitoring@example.com", "none"), ZoneInfo("UTC"), lambda: NOW)
    ref = channel.deliver(message("ann@example.com", key="a"), None).ref
    channel.deliver(message("ann@example.com", content("recovered", "success"), dict(ref), key="b"), None)
    channel.deliver(message("ann@example.com", key="c"), None)
    channel.close()
    opened, over, again = inbox.mails
    assert opened["Subject"] == "🚨 CRITICAL: Database connection failed"
    assert over["References"] == over["In-Reply-To"] == opened["Message-ID"]
    assert again["References"] is None
    assert "Monday, 2 March 2026 at 10:00 CET" in text_of(opened), "in the receiver's zone"
    assert "route 1: severity critical" in html_of(opened)


def test_hostile_text_is_text_in_a_mail(inbox: Inbox) -> None:
    channel = Email(SmtpSettings("127.0.0.1", inbox.port, "monitoring@example.com", "none"), ZoneInfo("UTC"), lambda: NOW)
    channel.deliver(message("ann@example.com", content(title=HOSTILE, why=HOSTILE)), None)
    channel.close()
    (mail,) = inbox.mails
    assert "<script>" not in html_of(mail)
    assert "\u202e" not in html_of(mail) + text_of(mail)
    assert mail["Bcc"] is None


def test_no_channel_leaks_its_secret(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    nowhere = "http://127.0.0.1:9"
    channels = [
        Slack(SlackSettings(TOKEN, nowhere)),
        Slack(SlackSettings(webhook=f"{nowhere}/{SECRET}")),
        PagerDuty(PagerDutySettings(KEY, nowhere)),
        Sms(SmsSettings(ACCOUNT, SECRET, "+4930", nowhere)),
        Webhook(WebhookSettings(f"{nowhere}/{KEY}", SECRET), lambda: NOW),
        Email(SmtpSettings("127.0.0.1", 9, "m@example.com", "none", "ann", SECRET), ZoneInfo("UTC"), lambda: NOW),
    ]
    said = []
    for channel in channels:
        with pytest.raises(DeliveryError) as failed:
            channel.deliver(message("ann@example.com"), None)
        said += [str(failed.value), repr(failed.value), repr(channel.settings), repr(channel), repr(failed.value.__cause__)]
    with receiving(anything) as receiver:
        Slack(SlackSettings(webhook=f"{receiver.url}/{SECRET}")).deliver(message("#ops"), None)
    text = json.dumps([*said, caplog.text])
    assert not [secret for secret in (TOKEN, KEY, SECRET) if secret in text]
