"""The life of an alert, as those who are told of it see it. What users ask for before all else: `tests/test_users_want.py`."""

from __future__ import annotations

from datetime import timedelta

import pytest

from include.acting.actions import Window
from include.failures import RequestRefused
from include.model import Level, Traits, Verdict
from include.silences.windows import standing
from tests.lifecycle.stage import Stage, recipient

HOUR = 3600.0


def test_a_critical_alert_and_its_end_leave_at_once(stage: Stage) -> None:
    stage.judge("db", Level.CRITICAL, summary="Database connection failed")
    stage.drain()
    stage.now += timedelta(seconds=2)
    stage.judge("db", Level.OK, summary="connected again")
    stage.drain()
    assert stage.titles() == ["🚨 CRITICAL: Database connection failed", "✅ SUCCESS: connected again"]


def test_a_warning_waits_half_a_minute_for_more_of_its_kind_and_one_message_tells_all(stage: Stage) -> None:
    stage.judge("disk-1", Level.WARNING)
    stage.drain()
    assert stage.told() == []
    stage.now += timedelta(seconds=10)
    stage.judge("disk-2", Level.WARNING)
    stage.later(60)
    assert stage.told() == ["opened"]
    assert stage.titles()[0].endswith("(and 1 more)")


def test_a_problem_that_is_over_before_anybody_was_told_is_told_to_nobody(stage: Stage) -> None:
    stage.judge("disk", Level.WARNING)
    stage.now += timedelta(seconds=10)
    stage.judge("disk", Level.OK)
    stage.later(HOUR)
    assert stage.told() == []
    assert [message["state"] for message in stage.messages()] == ["superseded"]


def test_an_open_problem_is_told_again_every_four_hours_until_somebody_acknowledges_it(stage: Stage) -> None:
    stage.judge("db", Level.CRITICAL)
    stage.later(9 * HOUR)
    assert stage.told() == ["opened", "reminded", "reminded"]
    stage.actions.acknowledge("1", "ann", "on it")
    stage.later(24 * HOUR)
    assert stage.told() == ["opened", "reminded", "reminded"]
    assert stage.alerts()[0]["state"] == "acknowledged"


def test_a_group_that_is_looked_at_while_its_message_waits_is_told_again_all_the_same(stage: Stage) -> None:
    stage.judge("db", Level.CRITICAL)
    stage.now += timedelta(seconds=1)
    stage.configure()
    stage.later(4 * HOUR + 60)
    assert stage.told() == ["opened", "reminded"]


def test_what_worsens_one_after_the_other_in_the_same_moment_is_told_of_all(stage: Stage) -> None:
    things = ("db", "api")
    for level in (Level.WARNING, Level.CRITICAL):
        stage.now += timedelta(hours=1)
        for name in things:
            stage.judge(name, level)
    stage.drain()
    assert stage.receivers.got[-1].things == dict.fromkeys(things, "critical")


def test_worsening_ends_an_acknowledgement_and_is_told(stage: Stage) -> None:
    stage.judge("db", Level.WARNING)
    stage.later(60)
    stage.actions.acknowledge("1", "ann")
    stage.now += timedelta(seconds=1)
    stage.judge("db", Level.CRITICAL)
    stage.later(1)
    assert stage.told() == ["opened", "worsened"]
    assert (stage.alerts()[0]["state"], stage.alerts()[0]["acknowledged_by"]) == ("firing", None)


def test_who_was_brought_in_by_the_matrix_hears_of_the_end_even_after_an_acknowledgement(stage: Stage) -> None:
    stage.table.matrix = [(timedelta(minutes=15), recipient("boss"))]
    stage.judge("db", Level.CRITICAL)
    stage.later(1000)
    stage.actions.acknowledge("1", "ann")
    stage.judge("db", Level.OK)
    stage.drain()
    assert stage.told("boss") == ["opened", "recovered"]


def test_under_a_silence_nobody_is_told_of_a_problem_and_everybody_who_knows_one_hears_of_its_end(stage: Stage) -> None:
    stage.judge("db", Level.CRITICAL)
    stage.drain()
    stage.actions.silence(Window({"rule": "rule"}, stage.now, stage.now + timedelta(hours=1)), "ann", "ann", "deployment")
    stage.now += timedelta(seconds=1)
    stage.judge("api", Level.CRITICAL)
    stage.now += timedelta(seconds=1)
    stage.judge("db", Level.OK)
    stage.drain()
    assert stage.told() == ["opened", "recovered"], "of db; of api nobody was told"
    assert stage.alerts()[1]["quiet"] == "silenced by ann: deployment"
    stage.judge("api", Level.OK)
    stage.drain()
    assert stage.told() == ["opened", "recovered"]


def test_a_problem_that_outlives_its_silence_is_told_when_that_ends(stage: Stage) -> None:
    stage.actions.silence(Window({"target": "d*"}, stage.now, stage.now + timedelta(hours=1)), "ann", "ann", "deployment")
    stage.judge("db", Level.CRITICAL)
    stage.later(HOUR - 1)
    assert stage.told() == []
    stage.later(2)
    assert stage.told() == ["opened"]


def test_a_lifted_silence_holds_no_longer(stage: Stage) -> None:
    number = stage.actions.silence(Window({"target": "d*"}, stage.now, stage.now + timedelta(hours=1)), "ann", "ann", "deployment")
    stage.judge("db", Level.CRITICAL)
    stage.actions.unsilence(number, "bob")
    stage.drain()
    assert stage.told() == ["opened"]
    assert [(row["by"], row["what"]) for row in stage.store.connection.execute("select * from action order by id")] == [
        ("ann", "silence"),
        ("bob", "unsilence"),
    ]


def test_a_recurring_silence_holds_in_its_own_zone_every_sunday_night(stage: Stage) -> None:
    """2026-03-01 is a Sunday; the clocks of Berlin change on 2026-03-29, and 02:00 there is 01:00 UTC before and 00:00 UTC after it."""
    window = Window(
        {"target": "db"},
        stage.now.replace(day=1, hour=1, minute=0),
        stage.now + timedelta(days=60),
        "FREQ=WEEKLY;BYDAY=SU",
        timedelta(hours=2),
        "Europe/Berlin",
    )
    stage.actions.silence(window, "ann", "ann", "backup")
    silenced = []
    for day, hour in ((8, 0), (8, 1), (8, 2), (8, 3), (29, 0), (29, 1), (9, 1)):
        stage.now = stage.now.replace(day=day, hour=hour, minute=30)
        silenced.append(standing(stage.store, stage.now)[0].until(stage.now) is not None)
    assert silenced == [False, True, True, False, False, True, False]


@pytest.mark.parametrize(
    ("window", "owner", "reason", "says"),
    [
        ({}, "ann", "x", "needs matchers"),
        ({"rule": "r"}, "", "x", "needs an owner and a reason"),
        ({"rule": "r"}, "ann", " ", "needs an owner and a reason"),
    ],
)
def test_a_silence_that_nobody_answers_for_is_refused(stage: Stage, window: dict[str, str], owner: str, reason: str, says: str) -> None:
    with pytest.raises(RequestRefused, match=says):
        stage.actions.silence(Window(window, stage.now, stage.now + timedelta(hours=1)), "ann", owner, reason)


def test_a_silence_for_ever_or_in_the_past_is_refused(stage: Stage) -> None:
    for ends_in, says in ((timedelta(days=91), "within 90 days"), (timedelta(0), "would never hold")):
        with pytest.raises(RequestRefused, match=says):
            stage.actions.silence(Window({"rule": "r"}, stage.now, stage.now + ends_in), "ann", "ann", "x")


def test_a_breach_has_to_last_before_anybody_is_told(stage: Stage) -> None:
    stage.table.traits_of_all = Traits(wait=timedelta(minutes=10), breaches=3, damp=False)
    for _ in range(9):
        stage.judge("cpu", Level.CRITICAL)
        stage.later(60)
    assert stage.alerts()[0]["state"] == "pending"
    assert stage.told() == []
    for _ in range(3):
        stage.judge("cpu", Level.CRITICAL)
        stage.later(60)
    assert stage.alerts()[0]["state"] == "firing"
    assert stage.told() == ["opened"]


def test_a_critical_alert_does_not_care_for_quiet_hours(stage: Stage) -> None:
    stage.table.quiet_until = stage.now + timedelta(hours=8)
    stage.judge("db", Level.CRITICAL)
    stage.drain()
    assert stage.told() == ["opened"]


def test_a_receiver_who_could_not_be_told_of_a_problem_is_not_told_of_its_end(stage: Stage) -> None:
    stage.receivers.failures = ["never"]
    stage.judge("db", Level.CRITICAL)
    stage.drain()
    stage.judge("db", Level.OK, ago=-1)
    stage.later(HOUR)
    assert stage.told() == []


def test_a_problem_that_ends_while_its_message_is_on_its_way_is_told_and_closed(stage: Stage) -> None:
    stage.receivers.failures = ["crash after"]
    stage.judge("db", Level.CRITICAL)
    stage.drain()
    stage.now += timedelta(seconds=1)
    stage.judge("db", Level.OK)
    stage.later(60)
    assert stage.told() == ["opened", "recovered"]


def test_the_end_of_one_of_two_critical_alerts_is_told_at_once(stage: Stage) -> None:
    for name in ("db-1", "db-2"):
        stage.judge(name, Level.CRITICAL)
        stage.drain()
        stage.now += timedelta(seconds=1)
    stage.judge("db-1", Level.OK)
    stage.drain()
    assert stage.told() == ["opened", "opened", "eased"]


def test_more_than_ten_critical_alerts_of_a_group_within_five_seconds_become_one_message(stage: Stage) -> None:
    for number in range(50):
        stage.judge(f"db-{number}", Level.CRITICAL)
        stage.drain()
        stage.now += timedelta(milliseconds=50)
    stage.later(10)
    assert len(stage.told()) == 11
    assert stage.titles()[-1].endswith("(and 49 more)")


def test_a_thousand_alerts_of_one_cause_are_one_message_with_counts_and_the_worst_ten(stage: Stage) -> None:
    stage.judge_all(
        [
            Verdict("duty", "rule", {"target": f"t{n}"}, Level.CRITICAL if n < 3 else Level.WARNING, stage.now, f"t{n} down")
            for n in range(1000)
        ]
    )
    stage.later(60)
    (got,) = stage.receivers.got
    assert got.message.content["counts"] == {"open": 1000, "critical": 3, "warning": 997, "info": 0, "acknowledged": 0, "recovered": 0}
    assert [alert["severity"] for alert in got.message.content["alerts"]] == ["critical"] * 3 + ["warning"] * 7
    assert got.message.content["more"] == 990


def test_the_groups_of_open_alerts_survive_a_change_of_the_grouping(stage: Stage) -> None:
    stage.judge("db-1", Level.CRITICAL)
    stage.drain()
    stage.configure(grouping=[{"match": {"rule": "rule"}, "by": ["target"]}])
    stage.now += timedelta(seconds=1)
    stage.judge("db-2", Level.CRITICAL)
    stage.judge("db-1", Level.OK)
    stage.drain()
    assert stage.told() == ["opened", "opened", "recovered"]


def test_a_receiver_that_routes_no_longer_name_hears_of_the_end_and_of_nothing_else(stage: Stage) -> None:
    stage.judge("db", Level.WARNING)
    stage.later(60)
    stage.table.receivers = [recipient("night shift")]
    stage.judge("db", Level.CRITICAL)
    stage.later(60)
    stage.judge("db", Level.OK)
    stage.later(60)
    assert stage.told() == ["opened", "recovered"]
    assert stage.told("night shift") == ["opened", "recovered"]


def test_everything_a_person_does_is_on_record(stage: Stage) -> None:
    stage.judge("db", Level.CRITICAL)
    fingerprint = stage.alerts()[0]["fingerprint"]
    stage.actions.acknowledge(fingerprint[:8], "ann", "looking")
    stage.actions.feedback(fingerprint, "bob", true_alarm=False, comment="a test")
    stage.actions.resolve(fingerprint, "ann", "restarted", "memory leak")
    rows = stage.store.connection.execute("select by, what, subject from action order by id").fetchall()
    assert [(row["by"], row["what"]) for row in rows] == [("ann", "acknowledge"), ("bob", "feedback"), ("ann", "resolve")]
    (alert,) = stage.alerts()
    assert (alert["state"], alert["resolution"], alert["cause"], alert["resolved_by"]) == ("resolved", "restarted", "memory leak", "ann")
    with pytest.raises(RequestRefused, match="no open alert is named"):
        stage.actions.acknowledge(fingerprint, "ann")
