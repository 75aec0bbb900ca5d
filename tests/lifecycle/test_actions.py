"""What people do with alerts: which ones a reference names, what goes on record, what a silence may be, and what is shown of them."""

from __future__ import annotations

import time
from datetime import timedelta

import pytest

from include.acting.actions import Window
from include.acting.forms import Form, act, overview
from include.failures import RequestRefused
from include.model import Level, Run
from include.rules.own_health import Maintenance
from include.silences.silencing import Silence, Span
from include.silences.windows import maintained, survey
from include.store import Row
from tests.conftest import NOW
from tests.lifecycle.stage import Stage

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def with_fingerprints(stage: Stage, *fingerprints: str) -> None:
    """As many open alerts, numbered from 1."""
    for number, fingerprint in enumerate(fingerprints, 1):
        stage.judge(f"db-{number}", Level.CRITICAL)
        stage.store.connection.execute("update alert set fingerprint = %s where id = %s", (fingerprint, number))


def acknowledged(stage: Stage) -> list[int]:
    return [row["id"] for row in stage.alerts() if row["acknowledged_by"]]


def transitions(stage: Stage) -> list[Row]:
    return stage.store.connection.execute("select state_before, state_after, reason, by from transition order by id").fetchall()


def do(stage: Stage, **form: str) -> dict[str, int]:
    return dict(act(stage.actions, Form.of(form, stage.now, "UTC"), "ann"))


def silence(stage: Stage, recurrence: str | None = None, lasts: timedelta | None = None, *, zone: str = "UTC", **times: timedelta) -> int:
    starts, ends = stage.now + times.get("starts", timedelta(0)), stage.now + times.get("ends", 60 * DAY)
    return stage.actions.silence(Window({"target": "db-*"}, starts, ends, recurrence, lasts, zone), "ann", "ann", "a move")


@pytest.mark.parametrize(
    ("reference", "named"),
    [("1", [1]), ("2", [2]), ("abcdef" + "0" * 26, [2]), ("abcdef0", [2]), ("100000" + "0" * 26, [1]), ("1000000000000000000", [1])],
    ids=["number", "another number", "fingerprint", "its beginning", "a fingerprint of digits", "a beginning longer than any number"],
)
def test_a_reference_names_one_alert(stage: Stage, reference: str, named: list[int]) -> None:
    with_fingerprints(stage, "100000" + "0" * 26, "abcdef" + "0" * 26, "abcdef1" + "0" * 25)
    stage.actions.acknowledge(reference, "bob")
    assert acknowledged(stage) == named


def test_a_number_is_an_alert_and_never_the_beginning_of_another_ones_fingerprint(stage: Stage) -> None:
    with_fingerprints(stage, "123456" + "a" * 26)
    with pytest.raises(RequestRefused, match=r"no open alert is named '123456'; allowed: an alert's number, its fingerprint or six digits"):
        stage.actions.acknowledge("123456", "bob")


def test_a_beginning_that_several_have_is_refused_with_all_of_them(stage: Stage) -> None:
    with_fingerprints(stage, "abcdef" + "0" * 26, "abcdef" + "1" * 26)
    with pytest.raises(
        RequestRefused, match=r"2 alerts begin with 'abcdef'; allowed: the number of one of them, as in 1 \(db-1 is critical\), 2 "
    ):
        stage.actions.resolve("abcdef", "bob", "done")
    assert {row["state"] for row in stage.alerts()} == {"firing"}


def test_a_groups_key_names_all_that_is_open_in_it(stage: Stage) -> None:
    with_fingerprints(stage, "a" * 32, "b" * 32)
    assert stage.actions.acknowledge(stage.alerts()[0]["group_key"], "bob") == 2


def test_feedback_is_about_the_newest_episode_and_of_two_words_only(stage: Stage) -> None:
    stage.judge("db-1", Level.CRITICAL)
    stage.actions.resolve("1", "ann", "done")
    stage.now += HOUR
    stage.judge("db-1", Level.CRITICAL)
    fingerprint = stage.alerts()[1]["fingerprint"]
    assert do(stage, action="feedback", alert=fingerprint, verdict="false alarm") == {"alerts": 1}
    assert do(stage, action="feedback", alert="1", verdict="true alarm") == {"alerts": 1}
    rows = stage.store.connection.execute("select alert_id, true_alarm from verdict_feedback order by alert_id").fetchall()
    assert [(row["alert_id"], row["true_alarm"]) for row in rows] == [(1, True), (2, False)]
    for verdict in ("", "yes", "True alarm"):
        with pytest.raises(RequestRefused, match="allowed: true alarm, false alarm"):
            do(stage, action="feedback", alert="1", verdict=verdict)


def test_the_record_says_in_which_state_an_alert_was(stage: Stage) -> None:
    stage.judge("db-1", Level.NO_DATA)
    stage.judge("db-2", Level.CRITICAL)
    for number in ("1", "2", "2"):
        stage.actions.acknowledge(number, "ann", until=stage.now + HOUR)
    stage.later(3700)
    told = [(row["state_before"], row["state_after"]) for row in transitions(stage) if row["reason"] == "acknowledged"]
    assert told == [("unknown", "unknown"), ("firing", "acknowledged"), ("acknowledged", "acknowledged")]
    ended = {(row["state_before"], row["state_after"]) for row in transitions(stage) if row["reason"] == "unattended"}
    assert ended == {("unknown", "unknown"), ("acknowledged", "firing")}


@pytest.mark.parametrize(
    ("recurrence", "lasts", "answer"),
    [
        (
            "FREQ=DAILY;INTERVAL=0",
            HOUR,
            "'FREQ=DAILY;INTERVAL=0' is no recurrence of a silence: INTERVAL=0 is not understood; allowed: 1 to 999",
        ),
        ("FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30", HOUR, "never holds until 2026-05-01T09:00:00.00:00; allowed: what holds before then"),
        ("FREQ=HOURLY;BYMINUTE=0,30", timedelta(minutes=5), "holds more than 2160 times; allowed: at most as often as every hour"),
        ("FREQ=DAILY", 91 * DAY, "each time for 13w; allowed: at most 90d"),
        ("FREQ=DAILY", None, "needs to know how long each occurrence lasts"),
        (None, HOUR, "needs to know how long each occurrence lasts"),
    ],
)
@pytest.mark.parametrize("starts", [timedelta(0), DAY], ids=["now", "tomorrow"])
def test_a_recurrence_that_means_nothing_is_refused_at_once(
    stage: Stage, recurrence: str | None, lasts: timedelta | None, answer: str, starts: timedelta
) -> None:
    begun = time.process_time()
    with pytest.raises(RequestRefused, match=answer):
        silence(stage, recurrence, lasts, starts=starts)
    assert time.process_time() - begun < 1
    assert survey(stage.store, stage.now) == []


def test_an_acknowledgement_without_end_has_none_and_another_ends_in_a_time_that_counts(stage: Stage) -> None:
    stage.judge("db", Level.CRITICAL)
    with pytest.raises(RequestRefused, match="ends within 90 days, or has no end"):
        do(stage, action="acknowledge", alert="1", ends="9999-12-31T23:59:59-12:00")
    assert do(stage, action="acknowledge", alert="1") == {"alerts": 1}


def test_a_start_in_ancient_times_is_refused(stage: Stage) -> None:
    with pytest.raises(RequestRefused, match="allowed: a start in the last 90 days"):
        do(stage, action="silence", matchers="target=db", starts="0001-01-01", ends="2026-03-02T18:00", comment="x")


def test_a_recurring_silence_is_asked_once_however_many_alerts_there_are(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    silence(stage, "FREQ=HOURLY", timedelta(minutes=30), ends=90 * DAY)
    asked, until = [], Silence.until
    monkeypatch.setattr(Silence, "until", lambda self, now: asked.append(now) or until(self, now))
    stage.judge_all([stage.verdict(f"db-{number}", Level.CRITICAL) for number in range(100)])
    assert {row["quiet"] for row in stage.alerts()} == {"silenced by ann: a move"}
    assert asked == [stage.now]


def test_what_recurs_in_a_way_that_nobody_understands_keeps_nobody_in_the_dark(stage: Stage) -> None:
    silence(stage, "FREQ=DAILY", HOUR)
    stage.store.connection.execute("update silence set recurrence = 'FREQ=DAILY;INTERVAL=0'")
    stage.judge("db-1", Level.CRITICAL)
    stage.drain()
    assert stage.told() == ["opened"]


def test_the_list_shows_what_a_silence_keeps_quiet_and_which_are_stale(stage: Stage) -> None:
    silence(stage, ends=20 * DAY)
    stage.actions.silence(Window({"target": "mail"}, stage.now, stage.now + 30 * DAY), "ann", "bob", "too loud")
    stage.judge("db-1", Level.CRITICAL)
    stage.judge("api", Level.CRITICAL)
    shown = overview(stage.store, stage.now)
    assert shown[2:] == [
        "silence 1  until 2026-03-22 09:00 UTC  target=db-*  ann: a move  keeps 1 quiet now",
        "silence 2  until 2026-04-01 09:00 UTC  target=mail  bob: too loud  keeps nothing quiet now",
    ]
    assert [one.stale for one in survey(stage.store, stage.now + 7 * DAY)] == ["", "no alert was like it for seven days"]
    stage.now += HOUR
    stage.judge("db-1", Level.OK)
    assert [one.stale for one in survey(stage.store, stage.now + 19 * DAY)] == [
        "ends within a day, no alert was like it for seven days",
        "no alert was like it for seven days",
    ]


def test_the_list_shows_the_worst_and_newest_first_and_how_they_stand(stage: Stage) -> None:
    for name, level in (("old", Level.CRITICAL), ("warned", Level.WARNING)):
        stage.judge(name, level)
    stage.now += 3 * HOUR
    stage.judge("new", Level.CRITICAL)
    do(stage, action="acknowledge", alert="1")
    assert overview(stage.store, stage.now) == [
        "alert 3       critical  firing        less than a minute  new is critical",
        "alert 1       critical  acknowledged  3 hours             old is critical  (acknowledged by ann)",
        "alert 2       warning   firing        3 hours             warned is warning",
    ]


def test_who_ends_a_silence_that_is_not_there_is_told_where_they_stand(stage: Stage) -> None:
    with pytest.raises(RequestRefused, match="there is no silence 7 that could be ended; the action `list` shows those that can"):
        do(stage, action="unsilence", silence="7")


def test_a_time_in_the_form_is_one_of_the_zone_in_the_form(stage: Stage) -> None:
    """18:00 in Tokyo is 09:00 UTC."""
    do(stage, action="silence", matchers="target=db", starts="2026-03-02T18:00", ends="2026-03-03T18:00", zone="Asia/Tokyo", comment="x")
    (one,) = survey(stage.store, stage.now)
    assert (one.silence.starts_at, one.silence.ends_at, one.silence.zone) == (NOW, NOW + DAY, "Asia/Tokyo")


def test_matchers_may_have_commas_between_them_and_a_length_counts_from_the_start(stage: Stage) -> None:
    do(stage, action="silence", matchers="duty=system_health, target=a,b,rule=r", starts="30m", ends="2h", comment="x")
    (one,) = survey(stage.store, stage.now)
    assert one.silence.matchers == {"duty": "system_health", "target": "a,b", "rule": "r"}
    assert (one.silence.starts_at, one.silence.ends_at) == (NOW + HOUR / 2, NOW + 5 * HOUR / 2)


@pytest.mark.parametrize(
    ("field", "text", "answer"),
    [
        ("zone", "Mars/Olympus", "`zone`: 'Mars/Olympus' is not a time zone; allowed: names such as UTC or Europe/Berlin"),
        ("ends", "999999w", "`ends` is '999999w'; allowed: a duration such as 2h, or a time such as 2026-12-24T18:00"),
        ("ends", "soon", "`ends` is 'soon'; allowed: a duration such as 2h"),
        ("lasts", "2", "`lasts`: '2' is not a duration"),
        ("matchers", "db", "`matchers` is 'db'; allowed: words such as target=db-\\*, each name once, with blanks between them"),
        ("matchers", "target=a target=b", "each name once"),
        ("matchers", "target=", "allowed: words such as"),
        ("matchers", "duty=system_helth", "no duty is like 'system_helth'; allowed: account_expiration, "),
        ("matchers", "severity=Critical", "no severity is like 'Critical'; allowed: critical, warning, info"),
        ("comment", "", "`comment` is empty: why?"),
    ],
)
def test_a_form_that_cannot_be_understood_is_answered_with_what_is_allowed(stage: Stage, field: str, text: str, answer: str) -> None:
    form = {"action": "silence", "matchers": "target=db", "ends": "2h", "comment": "a move", field: text}
    with pytest.raises(RequestRefused, match=answer):
        do(stage, **form)


def test_a_silence_has_an_end_and_the_form_says_so(stage: Stage) -> None:
    with pytest.raises(RequestRefused, match="`ends` is empty: a silence without an end is forgotten; allowed: 2h, or a time such as"):
        do(stage, action="silence", matchers="target=db", comment="a move")


def maintenance(stage: Stage, window: Window) -> int:
    return stage.actions.silence(window, "ann", "ann", "backup", maintenance=True)


def test_a_targets_maintenance_is_known_for_any_time_through_the_change_of_clocks(stage: Stage) -> None:
    """Berlin's clocks change on 2026-03-29; 02:00 there is 01:00 UTC before, and 00:00 UTC after it."""
    starts = NOW.replace(day=1, hour=1)
    maintenance(stage, Window({"target": "db-*"}, starts, NOW + 60 * DAY, "FREQ=WEEKLY;BYDAY=SU", 2 * HOUR, "Europe/Berlin"))
    march = maintained(stage.store, {"target": "db-1"}, NOW.replace(day=20), NOW.replace(month=4, day=6))
    assert [(f"{span.begins:%m-%d %H:%M}", f"{span.ends:%m-%d %H:%M}") for span in march] == [
        ("03-22 01:00", "03-22 03:00"),
        ("03-29 01:00", "03-29 03:00"),
        ("04-05 00:00", "04-05 02:00"),
    ]


def test_maintenance_is_clipped_joined_ends_when_lifted_and_is_of_its_target_alone(stage: Stage) -> None:
    at = stage.now
    maintenance(stage, Window({"target": "db-*", "environment": "prod"}, at, at + 3 * HOUR))
    maintenance(stage, Window({"target": "db-1"}, at + 2 * HOUR, at + 4 * HOUR))
    lifted = maintenance(stage, Window({"target": "db-1"}, at + 6 * HOUR, at + 9 * HOUR))
    stage.actions.silence(Window({"target": "db-1"}, at, at + 20 * HOUR), "ann", "ann", "a silence is no maintenance")
    stage.now += 7 * HOUR
    stage.actions.unsilence(lifted, "ann")
    prod = {"target": "db-1", "environment": "prod"}
    assert maintained(stage.store, prod, at + HOUR, at + DAY) == [Span(at + HOUR, at + 4 * HOUR), Span(at + 6 * HOUR, at + 7 * HOUR)]
    assert maintained(stage.store, {"target": "db-1"}, at + HOUR, at + 5 * HOUR) == [Span(at + 2 * HOUR, at + 4 * HOUR)]
    assert maintained(stage.store, {"target": "db-2", "environment": "test"}, at, at + DAY) == []


def test_a_maintenance_is_announced_as_information_each_time_it_begins_and_when_it_is_over(stage: Stage) -> None:
    maintenance(stage, Window({"target": "db-*"}, stage.now, stage.now + 2 * DAY, "FREQ=DAILY", 2 * HOUR))
    run = Run("escalation", "run", stage.now, timedelta(minutes=5))
    for _ in range(8):
        stage.judge_all(list(Maintenance().verdicts(stage.store, run, stage.settings, stage.now)))
        stage.later(4 * 3600)
    assert stage.told() == ["opened", "recovered"] * 2
    assert stage.titles()[0] == "ℹ️ INFO: maintenance of target=db-* for 2 hours, ann: backup"
