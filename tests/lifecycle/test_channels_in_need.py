"""Receivers who get too much, and channels that are out of order."""

from __future__ import annotations

from datetime import timedelta

from include.audiences import Routes
from include.breakers import Breakers
from include.caps import Caps
from include.config.alerts import CAPS, Cap
from include.config.loading import parse
from include.directory import Directory
from include.model import Alert, Level, Traits
from tests.conftest import NOW
from tests.lifecycle.stage import Stage
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


def test_a_channel_that_is_out_of_order_is_tried_now_and_then_and_works_again_by_itself(stage: Stage) -> None:
    stage.receivers.failures = ["outage"] * 5
    flood(stage, 10, Level.CRITICAL)
    stage.drain()
    assert (stage.receivers.got, len(stage.receivers.failures)) == ([], 2), "after three outages in a row it rests"
    stage.later(300)
    assert len({got.group for got in stage.receivers.got}) == 10
    assert Breakers.of(stage.store).rows == {}


def test_while_mail_is_out_of_order_the_same_person_is_told_by_the_next_channel(stage: Stage) -> None:
    text = "people: {ann: {name: Ann, email: ann@example.com, phone: '+491', slack: U1}}\nroles: {administrator: [ann], on_call: [ann]}"
    settings = parse(text, ROOT / "story.yaml").settings
    routes = Routes(settings, ("email",), frozenset({"email", "slack"}), None)
    directory = Directory(settings, None, routes.standing, lambda rule: Traits(), resting=lambda: frozenset({"email"}))
    stage.judge("disk", Level.WARNING, environment="prod")
    alert = next(iter(stage.store.many("alerts.open_all")))

    told = [(one.channel, one.receiver) for one in directory.routes(Alert.from_row(alert), NOW)]
    assert told == [("email", "ann@example.com"), ("slack", "U1")]
    assert "email is out of order" in directory.routes(Alert.from_row(alert), NOW)[1].reason


def test_the_caps_as_shipped_let_a_first_critical_message_through_at_once() -> None:
    assert all(cap.burst + cap.reserve >= 5 for cap in CAPS.values())
