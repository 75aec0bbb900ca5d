"""What each channel says: the same whatever breaks, whether it may be a repeat, and hostile text as text."""

from __future__ import annotations

import logging
import re
from typing import Any
from urllib.parse import parse_qs
from zoneinfo import ZoneInfo

import pytest

from include.channels.email import REPEAT, Email
from include.channels.pagerduty import PagerDuty, PagerDutySettings
from include.channels.slack import Slack, SlackSettings
from include.channels.sms import Sms, SmsSettings
from include.channels.webhook import Webhook, WebhookSettings
from tests.channels.test_reminder import CONTENT
from tests.channels.test_vendors import content, message
from tests.conftest import NOW
from tests.receivers import ACCOUNT, KEY, SECRET, TOKEN, anything, pagerduty, receiving, slack, slack_webhook, twilio
from tests.smtp import Inbox
from tests.story import html_of, text_of

MARKUP = "*bold* _slanted_ ~struck~ `code` <!channel> <@U1> <https://evil.example|pay here> https://evil.example & co"
BROKEN = [
    {"reason": "opened", "severity": "critical", "title": "t"},
    {**content(), "group": None},
    {**content(), "alerts": [None]},
    {**content(), "alerts": None},
    {**content(), "severity": "dreadful"},
    {**content(), "opened_at": "yesterday"},
    {**content(), "zone": "Atlantis/Capital"},
    {**content(), "recovered": [{}]},
]


def texts(words: dict[str, Any]) -> list[dict[str, str]]:
    """Every text of a Slack message's blocks."""
    return [text for block in words["blocks"] if block["type"] != "actions" for text in block.get("elements", [block.get("text")])]


def in_slack(told: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """What Slack gets of it."""
    with receiving(slack) as receiver:
        Slack(SlackSettings(TOKEN, receiver.url)).deliver(message("#ops", told, **changes), None)
    return receiver.accepted[0].json


def mailed(inbox: Inbox, **changes: Any) -> Any:
    """The mail that the inbox gets of it."""
    channel = Email(inbox.settings, ZoneInfo("UTC"), lambda: NOW)
    body = changes.pop("body", None)
    channel.deliver(message("ann@example.com", **changes), body)
    channel.close()
    return inbox.mails[-1]


@pytest.mark.parametrize("broken", BROKEN, ids=["bare", "group", "alert", "alerts", "severity", "time", "zone", "recovered"])
def test_an_alert_whose_template_breaks_goes_out_all_the_same_through_every_channel(inbox: Inbox, broken: dict[str, Any]) -> None:
    subject = "🚨 CRITICAL: t"
    with receiving(slack_webhook) as hook, receiving(pagerduty) as duty, receiving(twilio) as phone, receiving(anything) as web:
        for channel, receiver in (
            (Slack(SlackSettings(webhook=f"{hook.url}/services/{SECRET}")), "#ops"),
            (PagerDuty(PagerDutySettings(KEY, duty.url)), "pagerduty"),
            (Sms(SmsSettings(ACCOUNT, SECRET, "+4930", phone.url)), "+4917"),
            (Webhook(WebhookSettings(web.url), lambda: NOW), "webhook"),
            (Webhook(WebhookSettings(web.url, shape="alertmanager"), lambda: NOW), "webhook"),
        ):
            channel.deliver(message(receiver, broken, subject=subject), None)
            channel.close()
    assert [len(one.accepted) for one in (hook, duty, phone, web)] == [1, 1, 1, 2]
    assert hook.accepted[0].json["text"] == subject
    assert subject in text_of(mailed(inbox, told=broken, subject=subject))


def test_a_broken_edit_in_slack_is_still_answered_in_its_thread() -> None:
    with receiving(slack) as receiver:
        channel = Slack(SlackSettings(TOKEN, receiver.url))
        ref = channel.deliver(message("#ops"), None).ref
        channel.deliver(message("#ops", {**content("worsened"), "severity": "dreadful"}, dict(ref), subject="worse"), None)
        channel.close()
    assert receiver.accepted[-1].json["text"] == "worse"


def test_a_broken_alert_reaches_alertmanagers_receivers_as_our_own_json(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING)
    with receiving(anything) as receiver:
        Webhook(WebhookSettings(receiver.url, shape="alertmanager"), lambda: NOW).deliver(message("webhook", BROKEN[0]), None)
    assert (receiver.accepted[0].json["subject"], receiver.accepted[0].json["key"]) == ("🚨 CRITICAL: t", "k1")
    assert "sent without its template" in caplog.text


def test_what_may_be_a_repeat_says_so_in_both_halves_of_a_mail(inbox: Inbox) -> None:
    again = mailed(inbox, possible_repeat=True)
    assert text_of(again).startswith(REPEAT)
    assert html_of(again).count(REPEAT) == 1
    assert html_of(again).index("<body") < html_of(again).index(REPEAT) < html_of(again).index("<h1")
    once = mailed(inbox)
    assert REPEAT not in text_of(once) + html_of(once)


def test_a_report_and_a_reminder_that_may_be_repeats_say_so_too(inbox: Inbox) -> None:
    page = '<!doctype html><html><body class="page" style="a"><p>report</p></body></html>'
    body = {"plain": "report", "html": page, "csv": "a", "period_end": NOW}
    for mail in (mailed(inbox, body=body, possible_repeat=True), mailed(inbox, told=CONTENT, template="reminder", possible_repeat=True)):
        assert text_of(mail).startswith(REPEAT)
        assert html_of(mail).count(REPEAT) == 1


def test_what_may_be_a_repeat_says_so_in_slack_in_the_message_and_in_its_thread() -> None:
    with receiving(slack) as receiver:
        channel = Slack(SlackSettings(TOKEN, receiver.url))
        ref = channel.deliver(message("#ops", possible_repeat=True), None).ref
        channel.deliver(message("#ops", content("worsened", was="warning"), dict(ref), possible_repeat=True), None)
        channel.close()
    posted, _, reply = (request.json for request in receiver.accepted)
    assert texts(posted)[-1]["text"].startswith("you may have had this before · since")
    assert all(words["text"].endswith("(possible repeat)") for words in (posted, reply))
    assert "possible repeat" not in str(in_slack(content()))


def test_what_may_be_a_repeat_says_so_in_an_sms_of_the_same_alphabet_however_long_it_is() -> None:
    with receiving(twilio) as receiver:
        channel = Sms(SmsSettings(ACCOUNT, SECRET, "+4930", receiver.url, 1))
        channel.deliver(message("+4917", content(title="x" * 400), possible_repeat=True), None)
        channel.close()
    (text,) = parse_qs(receiver.accepted[0].body.decode())["Body"]
    assert text.startswith("Repeat? CRITICAL: xxx")
    assert (len(text), text.isascii()) == (160, True)


def test_an_sms_says_all_of_a_subject_that_has_no_severity() -> None:
    with receiving(twilio) as receiver:
        channel = Sms(SmsSettings(ACCOUNT, SECRET, "+4930", receiver.url))
        for subject in ("the weekly report", ": nothing in front"):
            channel.deliver(message("+4917", subject=subject), None)
        channel.close()
    assert [parse_qs(one.body.decode())["Body"] for one in receiver.accepted] == [["the weekly report"], [": nothing in front"]]


def hostile(text: str) -> dict[str, Any]:
    """An alert in which everything that others have written is this."""
    one = content(title=text, why=text, todo=text, held_back={"count": 1, "subjects": [text]}, link="https://airflow.example/dags?a=1&b=2")
    alerts = [{**alert, "summary": text} for alert in one["alerts"]]
    return {**one, "alerts": alerts, "recovered": [{**alerts[0], "resolution": text}]}


def test_hostile_text_stands_in_slack_where_there_is_no_markup() -> None:
    words = in_slack(hostile(MARKUP), reason="opened")
    assert len([text for text in texts(words) if "*bold*" in text["text"]]) == 4
    assert [text for text in texts(words) if text["type"] != "plain_text"] == [
        {"type": "mrkdwn", "text": "<https://airflow.example/dags?a=1&amp;b=2|open it in Airflow>"}
    ]
    for text in (*(text["text"] for text in texts(words)[:-1]), words["text"]):
        assert not re.search(r"[<>]|&(?!amp;|lt;|gt;)", text)


def test_only_our_own_mention_is_one_in_a_thread() -> None:
    with receiving(slack) as receiver:
        channel = Slack(SlackSettings(TOKEN, receiver.url))
        ref = channel.deliver(message("#ops", {**hostile(MARKUP), "severity": "warning"}), None).ref
        channel.deliver(message("#ops", {**hostile(MARKUP), "was": "warning"}, dict(ref)), None)
        channel.close()
    reply = receiver.accepted[-1].json
    assert [text["text"] for text in texts(reply) if text["type"] != "plain_text"] == ["<!channel>"]
    assert reply["text"].count("<") == 1


@pytest.mark.parametrize(
    "text", ["\n> quoted\n* item", "\u202egnp.exe", "a\u200bb", "\x00\x07"], ids=["lines", "reversed", "invisible", "controls"]
)
def test_hostile_text_is_one_visible_line_in_slack(text: str) -> None:
    words = in_slack(hostile(f"x{text}"))
    for shown in texts(words):
        assert not re.search(r"\n(?:&gt;|\*|>)|[\u202e\u200b\x00-\x09\x0b-\x1f]", shown["text"])


@pytest.mark.parametrize("letter", ["<", "&", "x", "🚨", "é"])
def test_a_slack_message_of_nothing_but_one_letter_keeps_within_the_limits_and_its_entities_whole(letter: str) -> None:
    told = hostile(letter * 5000)
    many = {**told, "alerts": told["alerts"] * 10, "recovered": told["recovered"] * 10, "more": 990}
    many["held_back"] = {"count": 400, "subjects": [letter * 900] * 400}
    words = in_slack(many, subject=letter * 1000, possible_repeat=True)
    whole = {"<": "&lt;", "&": "&amp;"}.get(letter, letter)
    for text in [*(text["text"] for text in texts(words) if text["type"] == "plain_text"), words["text"]]:
        assert not re.search(r"&(?!amp;|lt;|gt;)", text), "an entity that was cut"
    header = texts(words)[0]["text"]
    assert header == f"{whole * ((150 - 1) // len(whole))}…"


def test_a_plain_slack_message_of_nothing_but_signs_keeps_within_the_limits() -> None:
    words = in_slack({"reason": "opened", "severity": "critical", "title": "<" * 5000, **{f"fact {n}": "<" * 9000 for n in range(900)}})
    assert words["blocks"]
