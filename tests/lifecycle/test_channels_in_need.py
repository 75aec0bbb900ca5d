"""Receivers who get too much, and channels that are out of order."""

from __future__ import annotations

import itertools
from datetime import timedelta

import pytest

from include.acting.actions import Window
from include.breakers import Breakers, in_words
from include.caps import Caps
from include.config.alerts import CAPS, Cap
from include.config.loading import parse
from include.message import MessageState, Urgency
from include.model import Alert, Level, Run, Traits
from include.people.audiences import Routes
from include.people.directory import Directory
from include.rules.own_health import ChannelsUp
from include.store.messages import Draft, queue
from tests.conftest import NOW
from tests.lifecycle.stage import Got, Stage
from tests.test_house import ROOT

MINUTE = timedelta(minutes=1)


def flood(stage: Stage, number: int, level: Level = Level.WARNING) -> None:
    """So many problems, each in a group of its own."""
    stage.configure(grouping=[{"match": {"rule": "rule"}, "by": ["target"]}])
    for index in range(number):
        stage.judge(f"disk-{index:02}", level)


def test_what_a_cap_holds_back_leaves_as_one_message_that_says_how_much_it_is(stage: Stage) -> None:
    stage.caps = Caps({"email": Cap(messages=1, per=MINUTE, burst=3)})
    flood(stage, 40)
    stage.later(31)
    assert len(stage.receivers.got) == 3
    stage.later(60)
    assert len(stage.receivers.got) == 4
    digest = stage.receivers.got[3].message
    assert digest.subject.endswith("(+ 36 more held back)")
    assert digest.content["held_back"]["count"] == 36
    assert {message["state"] for message in stage.messages()} == {"sent"}


def test_everything_that_was_told_in_one_message_is_closed_all_the_same(stage: Stage) -> None:
    stage.caps = Caps({"email": Cap(messages=1, per=MINUTE, burst=3)})
    flood(stage, 40)
    stage.later(200)
    for index in range(40):
        stage.judge(f"disk-{index:02}", Level.OK, ago=-index / 1000)
    stage.later(1200)
    told = stage.store.connection.execute("select count(*) filter (where open) as open, count(*) as all from receiver_state").fetchone()
    assert told == {"open": 0, "all": 40}
    assert len(stage.receivers.got) < 20


def test_a_critical_alert_has_a_reserve(stage: Stage) -> None:
    stage.caps = Caps({"email": Cap(messages=1, per=MINUTE, burst=1, reserve=2)})
    flood(stage, 5)
    stage.later(31)
    assert [got.message.content["severity"] for got in stage.receivers.got] == ["warning"]
    stage.judge("db", Level.CRITICAL)
    stage.drain()
    assert [got.message.content["severity"] for got in stage.receivers.got][1] == "critical"


def test_where_each_must_come_by_itself_what_is_over_waits(stage: Stage) -> None:
    stage.caps = Caps({"email": Cap(messages=1, per=MINUTE, burst=1, digest=False)})
    flood(stage, 4)
    stage.later(31)
    assert len(stage.receivers.got) == 1
    stage.later(200)
    assert len(stage.receivers.got) == 4
    assert not any(got.message.content.get("held_back") for got in stage.receivers.got)


def test_a_flood_of_critical_alerts_is_capped_too_and_none_of_it_is_lost(stage: Stage) -> None:
    """60 in two minutes: eight at once, one a minute from then on, each with what was held back meanwhile."""
    stage.caps = Caps({"email": CAPS["email"]})
    stage.configure(grouping=[{"match": {"rule": "rule"}, "by": ["target"]}])
    for index in range(60):
        stage.judge(f"disk-{index:02}", Level.CRITICAL)
        stage.later(2)
        assert stage.store.connection.execute("select from bucket where tokens < 0").fetchall() == []
    assert len(stage.receivers.got) <= 10
    stage.later(60)
    assert sum(1 + held_back(got) for got in stage.receivers.got) == 60
    assert {message["state"] for message in stage.messages()} == {"sent"}


def held_back(got: Got) -> int:
    """How many others left as part of it."""
    held = got.message.content.get("held_back")
    return held["count"] if held else 0


def test_after_a_flood_of_critical_alerts_no_warning_overtakes_the_next_one(stage: Stage) -> None:
    stage.caps = Caps({"email": CAPS["email"]})
    flood(stage, 9, Level.CRITICAL)
    stage.drain()
    stage.judge("log", Level.WARNING)
    stage.later(59)
    assert len(stage.receivers.got) == 8, "all that there was, the reserve included"
    stage.judge("db", Level.CRITICAL)
    stage.later(2)
    (ninth,) = stage.receivers.got[8:]
    assert (ninth.message.content["severity"], held_back(ninth)) == ("critical", 2)


def test_what_waits_one_after_the_other_is_spread_over_the_time_that_it_takes(stage: Stage) -> None:
    stage.caps = Caps({"email": Cap(messages=1, per=MINUTE, burst=1, digest=False)})
    flood(stage, 4)
    stage.later(31)
    waiting = [message["due_at"] for message in stage.messages() if message["state"] == "pending"]
    assert [later - earlier for earlier, later in itertools.pairwise(sorted(waiting))] == [MINUTE, MINUTE]


def test_reminders_to_one_owner_have_a_cap_of_their_own(stage: Stage) -> None:
    stage.caps = Caps({"email": Cap(messages=1, per=MINUTE), "reminders": Cap(messages=1, per=MINUTE, burst=2, digest=False)})
    for number in range(4):
        draft = Draft(
            f"reminder {number}", "email", "ann", f"account {number}", "reminder", "s", {"severity": "info"}, priority=Urgency.BULK
        )
        queue(stage.store, Run("tests", "run", stage.now), draft, (MessageState.PENDING, None), stage.now)
    stage.drain()
    assert [got.key for got in stage.receivers.got] == ["reminder 0", "reminder 1"]
    stage.now += MINUTE
    stage.drain()
    assert [got.key for got in stage.receivers.got] == ["reminder 0", "reminder 1", "reminder 2"]


def test_a_message_that_is_sent_again_pays_once(stage: Stage) -> None:
    stage.caps = Caps({"email": Cap(messages=1, per=timedelta(hours=1), burst=1)})
    stage.receivers.failures = ["in doubt"]
    stage.judge("db", Level.CRITICAL)
    stage.later(40)
    assert [got.repeat for got in stage.receivers.got] == [False, True]


def test_a_channel_that_is_out_of_order_is_tried_now_and_then_and_works_again_by_itself(stage: Stage) -> None:
    stage.receivers.failures = ["outage"] * 5
    flood(stage, 10, Level.CRITICAL)
    stage.drain()
    assert (stage.receivers.got, len(stage.receivers.failures)) == ([], 2), "after three outages in a row it rests"
    stage.later(300)
    assert len({got.group for got in stage.receivers.got}) == 10
    assert Breakers.of(stage.store).rows == {}


@pytest.mark.parametrize("answer", ["too many", "overloaded"])
def test_a_channel_that_is_told_to_wait_waits_and_is_not_out_of_order(stage: Stage, answer: str) -> None:
    stage.receivers.failures = [answer]
    flood(stage, 5, Level.CRITICAL)
    stage.drain()
    assert (stage.receivers.got, stage.receivers.failures) == ([], []), "one was refused, and the others were not tried"
    assert Breakers.of(stage.store).resting == frozenset()
    stage.later(119)
    assert stage.receivers.got == []
    stage.later(2)
    assert len({got.group for got in stage.receivers.got}) == 5
    assert Breakers.of(stage.store).rows == {}


def test_a_wish_to_wait_is_respected_up_to_an_hour(stage: Stage) -> None:
    stage.receivers.failures = ["far too many"]
    flood(stage, 1, Level.CRITICAL)
    stage.drain()
    assert Breakers.of(stage.store).resting == {"email"}, "whoever waits for this is told by another way meanwhile"
    stage.later(3599)
    assert stage.receivers.got == []
    stage.later(2)
    assert stage.told() == ["opened"]
    assert Breakers.of(stage.store).rows == {}


def test_one_wrong_key_tells_that_a_channel_is_misconfigured_and_what_waits_leaves_when_it_is_mended(stage: Stage) -> None:
    stage.receivers.failures = ["wrong key"] * 2
    flood(stage, 5, Level.CRITICAL)
    stage.drain()
    assert len(stage.receivers.failures) == 1, "one attempt says it all"
    (row,) = Breakers.of(stage.store).rows.values()
    assert row["why"] == "misconfigured: the key is not accepted"
    assert Breakers.of(stage.store).resting == {"email"}
    assert in_words(row, stage.now).startswith("misconfigured: the key is not accepted (since 2026-03-02")
    (verdict,) = ChannelsUp().verdicts(stage.store, Run("escalation", "run", stage.now), stage.settings, stage.now)
    assert (verdict.level, "misconfigured: the key is not accepted" in verdict.summary) == (Level.WARNING, True)
    stage.later(3600)
    assert len({got.group for got in stage.receivers.got}) == 5
    assert Breakers.of(stage.store).rows == {}


def test_what_was_given_up_because_of_its_channel_is_told_when_that_works_again(stage: Stage) -> None:
    stage.receivers.failures = ["wrong key"] * 1000
    flood(stage, 1, Level.CRITICAL)
    stage.later(26 * 3600)
    assert {message["state"] for message in stage.messages()} == {"failed"}
    assert stage.messages()[0]["error"].startswith("given up after ")
    stage.receivers.failures.clear()
    stage.judge("api", Level.CRITICAL)
    stage.later(600)
    assert {got.message.content["title"] for got in stage.receivers.got} == {"api is critical", "disk-00 is critical"}


def test_the_end_that_could_not_be_told_for_a_day_is_told_when_the_channel_works_again(stage: Stage) -> None:
    stage.judge("db", Level.CRITICAL)
    stage.drain()
    stage.receivers.failures = ["outage"] * 1000
    stage.judge("db", Level.OK, ago=-1)
    stage.later(26 * 3600)
    assert [message["state"] for message in stage.messages()] == ["sent", "failed"]
    stage.receivers.failures.clear()
    stage.judge("api", Level.CRITICAL, organization="acme")
    stage.later(600)
    assert sorted(stage.told()) == ["opened", "opened", "recovered"]


def test_what_a_receiver_refuses_for_now_is_given_up_after_a_day(stage: Stage) -> None:
    stage.receivers.failures = ["not now"] * 1000
    stage.judge("db", Level.CRITICAL)
    stage.later(23 * 3600)
    assert stage.messages()[0]["state"] == "pending"
    stage.later(2 * 3600)
    assert stage.messages()[0]["state"] == "failed"
    attempts = stage.messages()[0]["attempts"]
    stage.later(3600)
    assert stage.messages()[0]["attempts"] == attempts


def directory(text: str, channels: set[str], resting: set[str], receiver: str | None = None) -> Directory:
    """Who is told by a configuration, while some channels are out of order."""
    settings = parse(text, ROOT / "story.yaml").settings
    routes = Routes(settings, ("email",), frozenset(channels), receiver)
    return Directory(settings, receiver, routes.standing, lambda rule: Traits(), resting=lambda: frozenset(resting))


def told(stage: Stage, who: Directory) -> list[tuple[str, str]]:
    """Channel and receiver of all who are told of the only alert."""
    (alert,) = stage.store.many("alerts.open_all")
    return [(one.channel, one.receiver) for one in who.routes(Alert.from_row(alert), NOW)]


def test_while_mail_is_out_of_order_the_same_person_is_told_by_the_next_channel(stage: Stage) -> None:
    text = "people: {ann: {name: Ann, email: ann@example.com, phone: '+491', slack: U1}}\nroles: {administrator: [ann], on_call: [ann]}"
    who = directory(text, {"email", "slack"}, {"email"})
    stage.judge("disk", Level.WARNING, environment="prod")
    assert told(stage, who) == [("email", "ann@example.com"), ("slack", "U1")]
    (alert,) = stage.store.many("alerts.open_all")
    assert "email is out of order" in who.routes(Alert.from_row(alert), NOW)[1].reason


@pytest.mark.parametrize(
    ("channels", "resting", "stands_in"),
    [
        ({"email", "slack", "pagerduty"}, {"email"}, [("slack", "#alerts")]),
        ({"email", "pagerduty"}, {"email"}, [("pagerduty", "pagerduty")]),
        ({"email", "slack", "webhook"}, {"email", "slack"}, [("webhook", "webhook")]),
        ({"email"}, {"email"}, []),
    ],
)
def test_where_there_are_no_people_a_channel_with_a_receiver_of_its_own_stands_in(
    stage: Stage, channels: set[str], resting: set[str], stands_in: list[tuple[str, str]]
) -> None:
    stage.judge("disk", Level.WARNING)
    assert told(stage, directory("{}", channels, resting, "ops@example.com")) == [("email", "ops@example.com"), *stands_in]


@pytest.mark.parametrize(
    ("labels", "stands_in"),
    [
        ({"organization": "acme"}, [("slack", "#alerts")]),
        ({"organization": "globex"}, [("webhook", "webhook")]),
        ({}, [("webhook", "webhook")]),
    ],
)
def test_nobody_stands_in_for_what_they_may_not_see(stage: Stage, labels: dict[str, str], stands_in: list[tuple[str, str]]) -> None:
    text = "channels: {slack: {organizations: [acme]}}\nalerts: {fallback: [slack, webhook]}"
    stage.judge("disk", Level.WARNING, **labels)
    assert told(stage, directory(text, {"email", "slack", "webhook"}, {"email"}, "ops@example.com"))[1:] == stands_in


def test_a_person_who_cannot_be_reached_otherwise_is_stood_in_for_by_the_default_receiver(stage: Stage) -> None:
    text = "people: {ann: {name: Ann, phone: '+491'}}\nroles: {administrator: [ann]}\nroutes: [{to: [{channel: sms, person: ann}]}]"
    stage.judge("disk", Level.WARNING)
    who = directory(text, {"email", "sms"}, {"sms"}, "ops@example.com")
    assert told(stage, who) == [("sms", "+491"), ("email", "ops@example.com")]


def test_the_caps_as_shipped_let_a_first_critical_message_through_at_once() -> None:
    assert all(cap.burst + cap.reserve >= 5 for cap in CAPS.values())


def test_what_a_cap_held_back_does_not_leave_in_a_silence_that_was_planned_before(stage: Stage) -> None:
    stage.caps = Caps({"email": Cap(messages=1, per=15 * MINUTE, burst=1)})
    stage.table.traits_of_all = Traits(damp=False, group_by=("target",))
    stage.judge("paid", Level.WARNING)
    stage.judge("late", Level.WARNING)
    stage.later(60)
    window = Window({"target": "late"}, stage.now + 3 * MINUTE, stage.now + 60 * MINUTE)
    stage.actions.silence(window, "ann", "ann", "a move")
    stage.later(30 * 60)
    assert stage.titles() == ["⚠️ WARNING: paid is warning"]
    stage.later(3600)
    assert stage.titles()[1:] == ["⚠️ WARNING: late is warning"]


def test_a_bucket_fills_again_after_the_clock_was_set_back(stage: Stage) -> None:
    stage.caps = Caps({"email": Cap(messages=1, per=MINUTE, burst=1)})
    stage.table.traits_of_all = Traits(damp=False, group_by=("target",))
    stage.now += 180 * MINUTE
    stage.judge("early", Level.CRITICAL)
    stage.drain()
    stage.now -= 180 * MINUTE
    stage.judge("late", Level.CRITICAL)
    stage.later(180)
    assert stage.titles() == ["🚨 CRITICAL: early is critical", "🚨 CRITICAL: late is critical"]
