"""Messages of which nobody knows whether they arrived: they count as told, and hold back nothing that is newer."""

from __future__ import annotations

from datetime import timedelta

import pytest

from include.acting.actions import Window
from include.message import MessageState, Outcome, Urgency
from include.model import Level, Run
from include.store import connect
from include.store.messages import Draft, Drainer, queue
from tests.lifecycle.stage import Stage, recipient

RUN = Run("tests", "run", Stage.now)


def test_the_end_of_a_critical_alert_leaves_at_once_although_nobody_knows_whether_the_problem_arrived(stage: Stage) -> None:
    stage.receivers.failures = ["in doubt"]
    stage.judge("db", Level.CRITICAL)
    stage.drain()
    stage.judge("db", Level.OK, ago=-1)
    stage.drain()
    assert stage.told() == ["opened", "recovered"]
    assert [message["state"] for message in stage.messages()] == ["superseded", "sent"]
    assert "overtaken by message 2" in stage.messages()[0]["error"]
    stage.later(2 * 86400)
    assert len(stage.receivers.got) == 2, "what was overtaken never leaves again"


def test_after_two_doubts_a_worsening_waits_no_day(stage: Stage) -> None:
    stage.receivers.failures = ["in doubt", "in doubt"]
    stage.judge("db", Level.WARNING)
    stage.later(120)
    assert [got.repeat for got in stage.receivers.got] == [False, True]
    stage.judge("db", Level.CRITICAL)
    stage.drain()
    assert stage.told() == ["opened", "worsened"]
    stage.judge("db", Level.OK, ago=-1)
    stage.drain()
    assert stage.told() == ["opened", "worsened", "recovered"]


def test_an_alert_whose_sender_died_is_sent_again_before_its_end_is_told(stage: Stage) -> None:
    """It may never have left: an end without a problem would be told."""
    stage.receivers.failures = ["crash before"]
    stage.judge("db", Level.CRITICAL)
    stage.drain()
    stage.judge("db", Level.OK, ago=-1)
    stage.later(60)
    assert stage.told() == ["opened", "recovered"]


@pytest.mark.parametrize("meanwhile", ["nothing", "a silence"])
def test_an_alert_whose_sender_died_and_that_was_then_refused_is_still_sent_before_its_end(stage: Stage, meanwhile: str) -> None:
    stage.receivers.failures = ["crash before", "not now"]
    stage.judge("db", Level.CRITICAL)
    stage.later(5)
    assert stage.told() == []
    if meanwhile == "a silence":
        window = Window({"target": "db"}, stage.now, stage.now + timedelta(minutes=5))
        stage.actions.silence(window, "ann", "ann", "a test")
    stage.judge("db", Level.OK)
    stage.drain()
    stage.later(600)
    assert stage.told() == ["opened", "recovered"]


def test_an_alert_whose_sender_died_and_that_was_then_refused_gives_way_to_worse_news_of_it(stage: Stage) -> None:
    stage.receivers.failures = ["crash before", "not now"]
    stage.judge("db", Level.WARNING)
    stage.later(35)
    stage.judge("db", Level.CRITICAL)
    stage.drain()
    assert stage.told() == ["worsened"]
    stage.judge("db", Level.OK, ago=-1)
    stage.drain()
    assert stage.told() == ["worsened", "recovered"]


def test_an_end_that_overtakes_and_fails_is_told_all_the_same(stage: Stage) -> None:
    stage.receivers.failures = ["in doubt", "not now", "not now"]
    stage.judge("db", Level.CRITICAL)
    stage.drain()
    stage.judge("db", Level.OK, ago=-1)
    stage.later(600)
    assert stage.told() == ["opened", "recovered"]


def test_a_mere_correction_waits_for_what_is_in_doubt(stage: Stage) -> None:
    """Else the reply that somebody has to notice would be lost for an edit that nobody is told of."""
    stage.table.editing = frozenset({"slack"})
    stage.table.receivers = [recipient("#ops", "slack")]
    stage.judge("db", Level.WARNING)
    stage.later(31)
    stage.receivers.failures = ["in doubt"]
    stage.judge("db", Level.CRITICAL)
    stage.drain()
    stage.actions.acknowledge("1", "ann")
    stage.drain()
    assert stage.told("#ops") == ["opened", "worsened"]
    stage.later(31)
    assert [got.message.reason for got in stage.receivers.got] == ["opened", "worsened", "worsened", "acknowledged"]


def test_nothing_overtakes_what_somebody_else_is_about_to_send_or_to_withdraw(stage: Stage, store_dsn: str) -> None:
    stage.receivers.failures = ["in doubt"]
    stage.judge("db", Level.CRITICAL)
    stage.drain()
    stage.judge("db", Level.OK, ago=-1)
    stage.plan()
    other = connect(store_dsn, "other")
    with other.transaction():
        other.connection.execute("select from message where state = 'uncertain' for update")
        stage.send()
        assert stage.told() == ["opened"]
        assert [message["attempts"] for message in stage.messages()] == [1, 0], "it waits, and was not tried"
    other.connection.close()
    stage.later(2)
    assert stage.told() == ["opened", "recovered"]


def test_what_a_sender_was_about_to_send_that_hangs_is_sent_by_another_and_nothing_is_changed_when_it_wakes(
    stage: Stage, store_dsn: str
) -> None:
    hung = Drainer.enrol(connect(store_dsn, "hung"))
    stage.judge("db", Level.CRITICAL)
    stage.plan()
    message = hung.claim([Urgency.CRITICAL], ["email"], stage.now)
    assert message
    stage.later(14 * 60)
    assert stage.told() == [], "it may just be slow"
    stage.later(2 * 60)
    assert stage.told() == ["opened"]
    assert hung.finish(message, Outcome(MessageState.FAILED, "nobody listens"), stage.now, stage.now) == []
    assert [row["state"] for row in stage.messages()] == ["sent"]
    hung.store.connection.close()


@pytest.mark.parametrize(("doubts", "left"), [(1, ["first"]), (2, ["first", "first", "second"])])
def test_a_report_is_sent_again_once_and_then_holds_back_no_other(stage: Stage, doubts: int, left: list[str]) -> None:
    stage.receivers.failures = ["in doubt"] * doubts
    put(stage, "first")
    stage.drain()
    stage.now = stage.now.replace(second=20)
    if doubts == 2:
        stage.now = stage.now.replace(minute=stage.now.minute + 1)
        stage.drain()
    put(stage, "second")
    stage.drain()
    assert [got.key for got in stage.receivers.got] == left


def put(stage: Stage, key: str) -> None:
    """A message that is no alert."""
    draft = Draft(key, "email", "ops", "digests", key, key, {"severity": "info"})
    queue(stage.store, RUN, draft, (MessageState.PENDING, None), stage.now)
