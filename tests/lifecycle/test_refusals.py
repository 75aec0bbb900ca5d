"""What is refused, or never answered, is not the end of it: for what left with it, for later, and for whoever can be reached otherwise."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import httpx
import pytest

from include.breakers import Breakers
from include.caps import Caps
from include.channels.http import refusal, rest, wrong_connection
from include.config.alerts import Cap
from include.config.loading import parse
from include.failures import DeliveryError
from include.message import Message, Receipt
from include.model import Level, Traits
from include.people.audiences import Routes
from include.people.directory import Directory
from include.store import Row
from tests.lifecycle.stage import Stage, recipient
from tests.test_house import ROOT

HOUR = 3600.0
ONE_A_MINUTE = Caps({"email": Cap(messages=1, per=timedelta(minutes=1), burst=1)})


def flood(stage: Stage, number: int, level: Level = Level.WARNING) -> list[str]:
    """So many things of groups of their own, whose messages a cap holds back."""
    stage.caps = ONE_A_MINUTE
    stage.configure(grouping=[{"match": {"rule": "rule"}, "by": ["target"]}])
    names = [f"disk-{index:02}" for index in range(number)]
    for name in names:
        stage.judge(name, level)
    return names


def once_refused(stage: Stage, meanwhile: list[str], refusal: DeliveryError) -> None:
    """From now on the first message is refused, and while it is on its way these things recover."""
    deliver = stage.receivers.deliver

    def refuse(message: Message, body: Row | None) -> Receipt:
        stage.receivers.deliver = deliver  # type: ignore[method-assign]
        for name in meanwhile:
            stage.judge(name, Level.OK, ago=-1)
        raise refusal

    stage.receivers.deliver = refuse  # type: ignore[method-assign]


def test_what_left_with_a_message_that_was_refused_for_good_leaves_anew(stage: Stage) -> None:
    flood(stage, 10)
    stage.later(31)
    stage.receivers.failures = ["never"]
    stage.later(3 * HOUR)
    states = [row["state"] for row in stage.messages()]
    assert (states.count("failed"), states.count("sent")) == (1, 9)


@pytest.mark.parametrize("level", [Level.WARNING, Level.CRITICAL])
@pytest.mark.parametrize("outage", [False, True])
def test_ends_that_were_planned_behind_what_left_together_and_was_refused_are_told(stage: Stage, level: Level, outage: bool) -> None:
    names = flood(stage, 3, level)
    stage.later(31 if level is Level.WARNING else 0)
    assert len(stage.receivers.got) == 1
    once_refused(stage, names, DeliveryError("not now", permanent=False, outage=outage))
    stage.later(6 * HOUR)
    assert stage.store.connection.execute("select * from receiver_state where open").fetchall() == []


def test_who_was_refused_for_good_is_tried_again_when_it_would_be_repeated(stage: Stage) -> None:
    """The bot has been invited meanwhile, or the mailbox is there again."""
    stage.receivers.failures = ["never"]
    stage.judge("db", Level.CRITICAL)
    stage.later(3 * HOUR)
    assert stage.told() == []
    stage.later(2 * HOUR)
    assert stage.told() == ["opened"]
    stage.judge("db", Level.OK)
    stage.later(HOUR)
    assert stage.told() == ["opened", "recovered"]


def test_a_channel_that_never_answers_is_out_of_order_after_two_attempts(stage: Stage) -> None:
    hangs = DeliveryError("no answer", permanent=False, uncertain=True, outage=True)
    stage.receivers.deliver = lambda message, body: (_ for _ in ()).throw(hangs)  # type: ignore[method-assign]
    stage.judge("db", Level.CRITICAL)
    stage.later(300)
    assert Breakers.of(stage.store).resting == {"email"}


def test_further_news_of_somebody_who_was_brought_in_before_their_quiet_hours_waits_for_their_end(stage: Stage) -> None:
    people = """
people: {ann: {name: Ann, email: ann@example.com}, bob: {name: Bob, email: bob@example.com, quiet_hours: "22:00-07:00"}}
roles: {administrator: [ann], development_team: [bob]}
"""
    stage.settings = parse(people, ROOT / "story.yaml").settings
    routes = Routes(stage.settings, ("email",), frozenset({"email"}), None)
    stage.table = Directory(stage.settings, None, routes.standing, lambda rule: Traits(damp=False))  # type: ignore[assignment]
    stage.table.traits_of_all = Traits(damp=False)
    stage.now = datetime(2026, 3, 2, 20, tzinfo=UTC)
    stage.judge("db", Level.WARNING)
    stage.later(13 * HOUR)
    at = {name: [got.at.hour for got in stage.receivers.got if got.place[1] == f"{name}@example.com"] for name in ("ann", "bob")}
    assert at == {"ann": [20, 0, 4, 8], "bob": [21, 7]}


def test_what_a_channel_shows_is_edited_and_not_told_along_with_something_else(stage: Stage) -> None:
    stage.table.receivers = [recipient("#ops", "slack")]
    stage.table.editing = frozenset({"slack"})
    names = flood(stage, 3, Level.CRITICAL)
    stage.caps = Caps({"slack": Cap(messages=1, per=timedelta(minutes=1), burst=3)})
    stage.drain()
    stage.now += timedelta(minutes=10)
    stage.store.connection.execute("update bucket set tokens = 0, at = %s", (stage.now,))
    for name in names:
        stage.judge(name, Level.OK, ago=-1)
    stage.later(HOUR)
    shown = {got.group: got.message.content["severity"] for got in stage.receivers.got}
    assert list(shown.values()) == ["success"] * 3


@pytest.mark.parametrize("status", [301, 308, 405, 407])
def test_an_address_that_is_not_the_one_is_a_wrong_connection(status: int) -> None:
    answer = httpx.Response(status, headers={"location": "https://elsewhere.example/"})
    assert refusal("the webhook", answer, wrong_connection(answer)).misconfigured


def test_a_pause_until_a_day_that_does_not_exist_is_none() -> None:
    assert rest({"retry-after": "Wed, 21 Oct 99999999999999999999 07:28:00 GMT"}) is None
