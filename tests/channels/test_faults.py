"""What goes wrong with each channel, and what that means: ours to mend, theirs for now, or this receiver's for good."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import pytest

from include.channels import Channel
from include.channels.email import Email, SmtpSettings
from include.channels.http import rest
from include.channels.pagerduty import PagerDuty, PagerDutySettings
from include.channels.slack import Slack, SlackSettings
from include.channels.sms import Sms, SmsSettings
from include.channels.webhook import Webhook, WebhookSettings
from include.failures import DeliveryError
from include.message import MessageState, Outcome
from tests.channels.test_vendors import content, message
from tests.conftest import NOW
from tests.receivers import (
    ACCOUNT,
    KEY,
    SECRET,
    TOKEN,
    pagerduty,
    receiving,
    slack,
    slack_webhook,
    twilio,
    unknown_authority,
    webhook,
)
from tests.smtp import Inbox, serving


@dataclass(frozen=True)
class Vendor:
    """A channel with its server. `key`: what stands in its connection; `keyed`: it knows by a key what it had before."""

    check: Callable[..., Any]
    open: Callable[[str, str], Any]
    key: str
    receiver: str
    keyed: bool = False

    def channel(self, url: str, key: str | None = None) -> Any:
        """The channel, less patient than it is."""
        channel = self.open(url, self.key if key is None else key)
        channel.client.timeout = httpx.Timeout(0.3)
        return channel


VENDORS = {
    "slack": Vendor(slack, lambda url, key: Slack(SlackSettings(key, url)), TOKEN, "#ops"),
    "slack's webhook": Vendor(slack_webhook, lambda url, key: Slack(SlackSettings(webhook=f"{url}/services/{key}")), SECRET, "#ops"),
    "pagerduty": Vendor(pagerduty, lambda url, key: PagerDuty(PagerDutySettings(key, url)), KEY, "pagerduty", keyed=True),
    "sms": Vendor(twilio, lambda url, key: Sms(SmsSettings(ACCOUNT, key, "+4930", url)), SECRET, "+4917"),
    "webhook": Vendor(webhook, lambda url, key: Webhook(WebhookSettings(url, key), lambda: NOW), SECRET, "webhook", keyed=True),
}


@dataclass(frozen=True)
class Meaning:
    """What a failure says of itself."""

    permanent: bool = False
    uncertain: bool = False
    outage: bool = False
    misconfigured: bool = False
    retry_after: timedelta | None = None

    @classmethod
    def of(cls, error: DeliveryError) -> Meaning:
        return cls(**{name: getattr(error, name) for name in cls.__dataclass_fields__})


SEVENTEEN = timedelta(seconds=17)
FAULTS = {
    "429": ((429, {"Retry-After": "17"}), Meaning(retry_after=SEVENTEEN)),
    "500": ((500, {}), Meaning(outage=True)),
    "503 for a while": ((503, {"Retry-After": "17"}), Meaning(outage=True, retry_after=SEVENTEEN)),
    "hang": ("hang", Meaning(uncertain=True, outage=True)),
    "reset": ("reset", Meaning(uncertain=True, outage=True)),
    "not there": ((404, {}), Meaning(permanent=True, misconfigured=True)),
    "refused": ((422, {}), Meaning(permanent=True)),
}


def failing(channel: Channel, receiver: str, **changes: Any) -> DeliveryError:
    """How the delivery fails."""
    with pytest.raises(DeliveryError) as failed:
        channel.deliver(message(receiver, **changes), None)
    channel.close()
    return failed.value


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
@pytest.mark.parametrize("vendor", VENDORS.values(), ids=VENDORS)
def test_each_fault_of_a_vendor_means_the_same_in_each_channel(vendor: Vendor, fault: tuple[Any, Meaning]) -> None:
    with receiving(vendor.check) as receiver:
        receiver.faults = [fault[0]]
        error = failing(vendor.channel(receiver.url), vendor.receiver)
        assert (Meaning.of(error), receiver.accepted) == (fault[1], [])
        assert error.keyed is (vendor.keyed and error.uncertain), "who knows a repeat by its key may get one"
        channel = vendor.channel(receiver.url)
        channel.deliver(message(vendor.receiver), None)
        channel.close()
        assert len(receiver.accepted) == 1, "and then it works"


@pytest.mark.parametrize("vendor", VENDORS.values(), ids=VENDORS)
def test_a_certificate_that_nobody_vouches_for_is_an_outage_by_name_and_nothing_was_said(vendor: Vendor) -> None:
    with receiving(vendor.check, untrusted=True) as receiver:
        error = failing(vendor.channel(receiver.url), vendor.receiver)
    assert "its TLS certificate is not trusted" in str(error)
    assert (Meaning.of(error), receiver.accepted) == (Meaning(outage=True), [])


@pytest.mark.parametrize("vendor", VENDORS.values(), ids=VENDORS)
def test_who_speaks_no_tls_cannot_be_reached(vendor: Vendor) -> None:
    with receiving(vendor.check) as receiver:
        error = failing(vendor.channel(receiver.url.replace("http", "https")), vendor.receiver)
    assert "no TLS can be agreed on" in str(error)
    assert Meaning.of(error) == Meaning(outage=True)


@pytest.mark.parametrize("vendor", VENDORS.values(), ids=VENDORS)
def test_a_wrong_key_is_misconfigured_and_an_absent_server_an_outage(vendor: Vendor) -> None:
    with receiving(vendor.check) as receiver:
        wrong = failing(vendor.channel(receiver.url, "another-key"), vendor.receiver)
    assert Meaning.of(wrong) == Meaning(permanent=True, misconfigured=True)
    assert str(Outcome.of(wrong).why).startswith("misconfigured: ")
    assert "another-key" not in str(wrong)
    absent = failing(vendor.channel("http://127.0.0.1:9"), vendor.receiver)
    assert Meaning.of(absent) == Meaning(outage=True)
    assert "cannot be reached" in str(absent)


@pytest.mark.parametrize(
    ("told", "misconfigured"),
    [
        ({"status": "invalid event", "errors": ["Invalid routing key"]}, True),
        ({"status": "invalid event", "errors": ["Length of 'routing_key' is incorrect (should be 32 characters)"]}, True),
        ({"status": "invalid event"}, True),
        ({"status": "invalid event", "errors": ["'payload.summary' is missing or blank"]}, False),
        (["what is this"], False),
    ],
    ids=["the key", "its length", "no reason", "another field", "not PagerDuty"],
)
def test_pagerduty_says_400_to_a_wrong_key_and_to_a_wrong_event(told: Any, misconfigured: bool) -> None:
    with receiving(lambda receiver, request: (400, told)) as receiver:
        error = failing(PagerDuty(PagerDutySettings(KEY, receiver.url)), "pagerduty")
    assert Meaning.of(error) == Meaning(permanent=True, misconfigured=misconfigured)


DATE = "Mon, 02 Mar 2026 09:00:00 GMT"


@pytest.mark.parametrize(
    ("headers", "asked"),
    [
        ({"retry-after": "0"}, timedelta(0)),
        ({"retry-after": "1800"}, timedelta(minutes=30)),
        ({"retry-after": "86400"}, timedelta(hours=1)),
        ({"retry-after": "9" * 50}, timedelta(hours=1)),
        ({"retry-after": "Mon, 02 Mar 2026 09:20:00 GMT", "date": DATE}, timedelta(minutes=20)),
        ({"retry-after": "Mon, 02 Mar 2026 15:00:00 GMT", "date": DATE}, timedelta(hours=1)),
        ({"retry-after": "Mon, 02 Mar 2026 08:00:00 GMT", "date": DATE}, timedelta(0)),
        ({"retry-after": "Sun, 06 Nov 1994 08:49:37 GMT"}, timedelta(0)),
        ({"retry-after": "soon"}, None),
        ({}, None),
    ],
    ids=["0", "30 min", "a day: an hour", "huge", "20 min by date", "6 h by date", "a date gone by", "by our clock", "words", "none"],
)
def test_retry_after_is_kept_up_to_an_hour_in_seconds_or_as_a_date(headers: dict[str, str], asked: timedelta | None) -> None:
    assert rest(headers) == asked


def mailing(inbox: Inbox, **changes: Any) -> Email:
    """The channel to this inbox."""
    made = {"host": "127.0.0.1", "port": inbox.port, "sender": "monitoring@example.com", "security": "none", "timeout": 0.5, **changes}
    return Email(SmtpSettings(**made), ZoneInfo("UTC"), lambda: NOW)


@pytest.mark.parametrize("trouble", ["hang", "hang_up"])
@pytest.mark.parametrize(("command", "uncertain"), [("MAIL", False), ("RCPT", False), ("DATA", True)])
def test_only_a_mail_that_was_being_handed_over_may_have_arrived(
    inbox: Inbox, monkeypatch: pytest.MonkeyPatch, trouble: str, command: str, uncertain: bool
) -> None:
    monkeypatch.setattr("include.channels.email.PATIENCE_WITH_DATA", 1)
    setattr(inbox, trouble, command)
    error = failing(mailing(inbox), "ann@example.com")
    assert Meaning.of(error) == Meaning(uncertain=uncertain, outage=True)


@pytest.mark.parametrize(
    ("answer", "meaning"),
    [("554 spam", Meaning(permanent=True)), ("451 later", Meaning())],
    ids=["for good", "for now"],
)
def test_a_mail_that_is_refused_has_not_arrived(inbox: Inbox, answer: str, meaning: Meaning) -> None:
    inbox.answer = answer
    assert Meaning.of(failing(mailing(inbox), "ann@example.com")) == meaning


@pytest.mark.parametrize(
    ("answer", "meaning"),
    [
        ("530 log in first", Meaning(outage=True, misconfigured=True)),
        ("450 later", Meaning(outage=True)),
        ("552 too large", Meaning(permanent=True)),
    ],
    ids=["log in", "later", "the size that comes with it"],
)
def test_a_sender_who_is_refused_is_our_fault_and_waits_unless_it_is_for_the_mails_size(
    inbox: Inbox, answer: str, meaning: Meaning
) -> None:
    inbox.refuse_sender = answer
    assert Meaning.of(failing(mailing(inbox), "ann@example.com")) == meaning


def test_a_report_that_is_too_large_for_the_server_arrives_without_its_file(inbox: Inbox) -> None:
    inbox.largest = 100_000
    body = {"plain": "hello", "html": "<body>hello</body>", "csv": "x" * 100_000, "period_end": NOW}
    mailing(inbox).deliver(message("ann@example.com"), body)
    (mail,) = inbox.to("ann@example.com")
    assert [part.get_filename() for part in mail.iter_attachments()] == []
    assert "too large for the mail server" in mail.get_body(("plain",)).get_content()  # type: ignore[union-attr]
    assert "too large for the mail server" in mail.get_body(("html",)).get_content()  # type: ignore[union-attr]
    inbox.largest = 100
    with pytest.raises(DeliveryError, match=r"5\.3\.4 Message too big") as failed:
        mailing(inbox).deliver(message("ann@example.com"), body)
    assert failed.value.permanent


def test_a_receiver_who_is_refused_is_refused_for_good_and_nobody_elses_fault(inbox: Inbox) -> None:
    inbox.refuse["ann@example.com"] = "550 no such user"
    assert Meaning.of(failing(mailing(inbox), "ann@example.com")) == Meaning(permanent=True)


def test_a_copy_that_is_refused_is_a_remark_and_one_that_is_to_come_later_leaves_the_rest_alone(inbox: Inbox) -> None:
    told = content(cc="mia@example.com")
    inbox.refuse["mia@example.com"] = "550 no such user"
    channel = mailing(inbox)
    assert channel.deliver(message("ann@example.com", told), None).remark == "refused: mia@example.com (550 no such user)"
    inbox.refuse["mia@example.com"] = "450 later"
    error = failing(channel, "ann@example.com", told=told)
    assert (Meaning.of(error), error.accepted) == (Meaning(), ("ann@example.com",))


def test_a_refused_login_is_misconfigured_and_says_so() -> None:
    with serving(password=b"right") as inbox:
        error = failing(mailing(inbox, login="ann", password="wrong-word"), "ann@example.com")
        channel = mailing(inbox, login="ann", password="right")
        channel.deliver(message("ann@example.com"), None)
        channel.close()
    assert Meaning.of(error) == Meaning(permanent=True, misconfigured=True)
    assert Outcome.of(error).state is MessageState.PENDING, "it waits for whoever mends it"
    assert "535" in str(Outcome.of(error).why)
    assert "wrong-word" not in str(error)
    assert len(inbox.mails) == 1


def test_a_login_that_the_server_does_not_know_is_misconfigured(inbox: Inbox) -> None:
    error = failing(mailing(inbox, login="ann", password="x"), "ann@example.com")
    assert Meaning.of(error) == Meaning(permanent=True, misconfigured=True)


def test_starttls_that_is_not_offered_is_misconfigured(inbox: Inbox) -> None:
    error = failing(mailing(inbox, security="starttls"), "ann@example.com")
    assert Meaning.of(error) == Meaning(permanent=True, misconfigured=True)
    assert "STARTTLS" in str(error)


def test_starttls_with_a_certificate_that_nobody_vouches_for_is_an_outage_by_name() -> None:
    with serving(tls=unknown_authority()) as inbox:
        error = failing(mailing(inbox, security="starttls", timeout=5), "ann@example.com")
    assert Meaning.of(error) == Meaning(outage=True)
    assert "certificate verify failed" in str(error)
    assert inbox.mails == []


def test_a_mail_server_that_is_away_is_an_outage() -> None:
    assert Meaning.of(failing(mailing(Inbox(9)), "ann@example.com")) == Meaning(outage=True)
