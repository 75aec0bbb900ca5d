"""What users of other monitoring systems ask for, and have here: each of their wishes as a story, told by what reached people.

| what they want | here | and in detail |
|---|---|---|
| one event is not thirty notifications | `test_one_event_is_one_notification_...` | |
| acknowledge with name, comment, expiry | `test_an_alert_is_acknowledged_...` | `lifecycle/test_stories.py`: acknowledgements; `hooks/` |
| escalation, with a delay for each step | `test_what_nobody_acknowledges_...` | `test_routing.py`: the matrix |
| quiet hours, and still a record | `test_what_happens_in_quiet_hours_...` | `lifecycle/test_stories.py`: a critical alert does not care |
| recurring silences | `test_a_silence_recurs_...`, `test_a_silence_that_nobody_...` | `lifecycle/test_stories.py`: silences |
| no storm when data is missing | `test_a_source_that_is_silent_...` | `test_faults.py`: missing data |
| no recovery lost, or sent alone | `test_a_recovery_is_neither_lost_...` | `lifecycle/test_property.py` |
| nothing doubled by a second sender | `test_two_senders_...` | `test_delivery.py`, `test_kill.py`, `test_kill_channels.py` |
| nothing resent after a restart | `test_after_a_restart_...` | `test_account_expiration.py`: reruns |
| no flood | `test_a_flood_is_...` | `lifecycle/test_channels_in_need.py`: caps, and the reserve of critical alerts |
| Slack: an edit or a reply, no new message | `test_slack_has_one_message_...` | `channels/test_vendors.py` |
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

import pytest

from include.failures import RequestRefused
from include.model import Level
from include.store import connect
from securenet.wiring import Wiring
from tests.installation import Installation, installed
from tests.story import Story, html_of, text_of

OK, WARNING, CRITICAL = Level.OK, Level.WARNING, Level.CRITICAL
HOSTS = [f"service-{number:02}" for number in range(30)]
NO_CAPS = "caps: {email: {messages: 1000, per: 1s, burst: 1000}}"
EACH_BY_ITSELF = "grouping: [{match: {rule: cpu_usage}, by: [target]}]"


@pytest.fixture
def installation(story: Story, store_dsn: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Installation]:
    with installed(story, store_dsn, monkeypatch) as made:
        yield made


def test_one_event_is_one_notification_and_what_stands_on_it_is_measured_and_resolved_all_the_same(installation: Installation) -> None:
    stands_on = ", ".join(f"{name}: [database]" for name in HOSTS)
    installation.configure(f"alerts: {{{NO_CAPS}, {EACH_BY_ITSELF}, dependencies: {{database: [host], {stands_on}}}}}")
    installation.judge(HOSTS[0], CRITICAL)
    installation.later(minutes=1)
    installation.judge_all(["host", "database", *HOSTS[1:]], CRITICAL)
    installation.later(minutes=30)
    assert installation.told("ann") == ["🚨 CRITICAL: service-00 is critical", "🚨 CRITICAL: host is critical"]
    assert {installation.alert(name)["quiet"] for name in HOSTS[1:]} == {"inhibited by host is critical"}, "each is on record, and why"
    installation.judge_all([HOSTS[0], HOSTS[1]], OK)
    assert installation.told("ann")[2:] == ["✅ SUCCESS: service-00 is ok"], "whoever knew of it hears of its end, host or no host"
    installation.judge_all(["host", "database"], OK)
    installation.later(minutes=30)
    still = {f"🚨 CRITICAL: {name} is critical" for name in HOSTS[2:]}
    assert set(installation.told("ann")[3:]) == {"✅ SUCCESS: host is ok", *still}, "and what is broken still is told now"


def test_an_alert_is_acknowledged_with_a_name_a_comment_and_an_end_which_pauses_escalation_and_closes_nothing(
    installation: Installation,
) -> None:
    installation.configure(
        "monitoring: {system_health: {alert_channels: [email, slack]}}\n"
        "escalation: {critical: [{after: 10m, roles: [on_call_engineer]}, {after: 20m, roles: [manager]}]}",
        roles="administrator: [ann]\non_call_engineer: [bob]\nmanager: [eve]",
    )
    installation.judge("db", CRITICAL)
    installation.later(minutes=15)
    number = str(installation.alert("db")["id"])
    installation.act("bob", action="acknowledge", alert=number, comment="restarting it", ends="2h")
    alert = installation.alert("db")
    assert (alert["state"], alert["acknowledged_by"], alert["comment"]) == ("acknowledged", "bob", "restarting it")
    assert "acknowledged by bob" in str(list(installation.slack.shown.values())), "everybody sees who it is"
    installation.later(minutes=119)
    assert installation.alert("db")["state"] == "acknowledged"
    installation.later(minutes=5)
    assert installation.alert("db")["state"] == "firing", "the time is over, and it was never closed"
    assert (installation.told("bob"), installation.told("eve")) == (["🚨 CRITICAL: db is critical"], [])
    installation.later(minutes=2)
    assert installation.told("eve") == ["🚨 CRITICAL: db is critical"], "20 minutes without anybody, and 2 hours with bob"
    installation.judge("db", OK)
    assert [installation.told(name)[-1] for name in ("ann", "bob", "eve")] == ["✅ SUCCESS: db is ok"] * 3


def test_what_nobody_acknowledges_goes_up_step_by_step_each_with_its_own_delay(installation: Installation) -> None:
    steps = "{after: 0s, roles: [on_call]}, {after: 15m, roles: [on_call_engineer]}, {after: 30m, roles: [manager], channels: [pagerduty]}"
    installation.configure(
        f"routes: [{{match: {{duty: system_health}}, to: [{{channel: log}}]}}]\nescalation: {{critical: [{steps}]}}",
        roles="on_call: [ann]\non_call_engineer: [bob]\nmanager: [eve]",
    )
    began = installation.story.now
    installation.judge("db", CRITICAL)
    installation.later(minutes=29)
    assert (installation.minutes("ann", began), installation.minutes("bob", began)) == ([0], [15])
    assert installation.pagerduty.accepted == []
    installation.later(minutes=2)
    assert [request.json["event_action"] for request in installation.pagerduty.accepted] == ["trigger"]
    installation.judge("db", OK)
    assert [request.json["event_action"] for request in installation.pagerduty.accepted] == ["trigger", "resolve"]
    assert len(installation.told("ann")) == len(installation.told("bob")) == 2


def test_what_happens_in_quiet_hours_is_judged_and_on_record_and_the_morning_brings_what_is_left_and_a_digest_of_all(
    installation: Installation,
) -> None:
    sleeping = "ann: {name: Ann Ito, email: ann@example.com, zone: UTC, quiet_hours: '22:00-07:00'}"
    installation.configure(f"alerts: {{{NO_CAPS}}}", people=sleeping)
    installation.until("23:00")
    installation.judge_all(["disk-1", "disk-2", "disk-3"], WARNING)
    installation.until("03:00")
    installation.judge("disk-1", OK)
    assert (installation.alert("disk-1")["fired_at"].hour, installation.alert("disk-1")["resolved_at"].hour) == (23, 3)
    installation.until("06:59")
    assert installation.told("ann") == []
    installation.until("07:01")
    assert installation.told("ann") == ["⚠️ WARNING: disk-2 is warning (and 1 more)"]
    installation.until("07:30")
    installation.run("daily_summary")
    assert installation.told("ann")[1:] == ["⚠️ WARNING: Daily summary: 3 fired, 1 resolved, 2 open"]
    digest = text_of(installation.story.inbox.mails[-1])
    assert all(words in digest for words in ("disk-1 is ok", "4 hours", "disk-2 is warning", "8 hours"))


def test_a_silence_recurs_until_its_end_and_withholds_nothing_but_messages(installation: Installation) -> None:
    """2026-03-08 is a Sunday; 01:00 in Berlin is midnight UTC."""
    when = {"starts": "2026-03-01T01:00", "recurrence": "FREQ=WEEKLY;BYDAY=SU", "lasts": "3h", "zone": "Europe/Berlin"}
    who = {"owner": "the storage team", "comment": "the weekly backup"}
    installation.act("ann", action="silence", matchers="target=backup-*", ends="2026-05-01T00:00", **when, **who)
    for day, hour in ((7, 23), (8, 1), (9, 1)):
        installation.story.now = datetime(2026, 3, day, hour, tzinfo=installation.story.now.tzinfo)
        installation.judge("backup-1", CRITICAL)
        installation.later(minutes=10)
        quiet = installation.alert("backup-1")["quiet"]
        installation.judge("backup-1", OK)
        assert quiet == ("silenced by the storage team: the weekly backup" if day == 8 else None)
    assert installation.told("ann") == ["🚨 CRITICAL: backup-1 is critical", "✅ SUCCESS: backup-1 is ok"] * 2
    assert [row["state"] for row in installation.story.alerts(target="backup-1")] == ["resolved"] * 3


@pytest.mark.parametrize(
    ("form", "says"),
    [
        ({"comment": "noisy"}, "a silence without an end is forgotten"),
        ({"comment": "noisy", "ends": "91d"}, "a silence ends within 90 days"),
        ({"ends": "2h"}, "`comment` is empty: why"),
    ],
    ids=["without an end", "for 91 days", "without a reason"],
)
def test_a_silence_that_nobody_would_remember_is_refused(installation: Installation, form: dict[str, str], says: str) -> None:
    with pytest.raises(RequestRefused, match=says):
        installation.act("ann", action="silence", matchers="target=db", **form)


def test_a_source_that_is_silent_is_one_alert_whatever_hangs_on_it_and_its_return_is_told(installation: Installation) -> None:
    installation.configure("routes: [{match: {duty: account_expiration}, to: [{channel: email, role: administrator}]}]")
    story = installation.story
    for number in range(12):
        story.account(f"user-{number:02}", f"org-{number:02}", account_expires_at=2)
    installation.run("account_expiration", interval=timedelta(hours=1))
    known = len(story.alerts(rule="accounts_expiring", state="firing"))
    assert known == 12
    installation.later(minutes=59)
    before = len(installation.told("ann"))
    story.watched.execute("alter table users rename account_expires_at to ends")
    for _ in range(5):
        installation.run("account_expiration", interval=timedelta(hours=1))
        installation.later(hours=1)
    assert len(story.alerts(rule="accounts_expiring", state="unknown")) == known
    silent = [subject for subject in installation.told("ann")[before:] if "Account expiration" not in subject]
    assert len(silent) == 2, "told once, and again after four hours"
    assert all("no data from source accounts" in subject for subject in silent)
    story.watched.execute("alter table users rename ends to account_expires_at")
    before = len(installation.told("ann"))
    installation.run("account_expiration", interval=timedelta(hours=1))
    installation.later(minutes=10)
    assert "✅ SUCCESS: source accounts answers again" in installation.told("ann")[before:]
    assert len(story.alerts(rule="accounts_expiring", state="firing")) == known


def around_maintenance(installation: Installation) -> None:
    """One problem begins before and ends within it; one comes and goes within it; one outlives it."""
    installation.judge("known", CRITICAL)
    installation.act("ann", action="maintenance", matchers="duty=system_health", ends="1h", comment="new disks")
    installation.later(minutes=5)
    installation.judge_all(["unknown", "lasting"], CRITICAL)
    installation.later(minutes=5)
    installation.judge_all(["known", "unknown"], OK)
    installation.later(hours=2)
    installation.judge("lasting", OK)


def around_flapping(installation: Installation) -> None:
    """It comes and goes every other minute for an hour, then it is calm."""
    for minute in range(60):
        installation.judge("db", OK if minute % 2 else CRITICAL)
        installation.later(minutes=1)
    for _ in range(30):
        installation.judge("db", OK)
        installation.later(minutes=1)


def around_quiet_hours(installation: Installation) -> None:
    """One problem begins before them and ends within; one comes and goes within; one ends after them."""
    installation.until("21:50")
    installation.judge("evening", WARNING)
    installation.until("23:00")
    installation.judge_all(["night", "lasting"], WARNING)
    installation.until("01:00")
    installation.judge_all(["evening", "night"], OK)
    installation.until("08:00")
    installation.judge("lasting", OK)


@pytest.mark.parametrize(
    ("happens", "told_of"),
    [(around_maintenance, {"known", "lasting"}), (around_flapping, {"db"}), (around_quiet_hours, {"evening", "lasting"})],
    ids=["maintenance", "flapping", "quiet hours"],
)
def test_a_recovery_is_neither_lost_nor_sent_alone(
    installation: Installation, happens: Callable[[Installation], None], told_of: set[str]
) -> None:
    sleeping = "ann: {name: Ann Ito, email: ann@example.com, zone: UTC, quiet_hours: '22:00-07:00'}"
    installation.configure(f"alerts: {{{NO_CAPS}, {EACH_BY_ITSELF}}}", people=sleeping)
    happens(installation)
    installation.until("12:00")
    told = [subject for subject in installation.told("ann") if "maintenance" not in subject]
    for name in told_of:
        mine = ["SUCCESS" in subject for subject in told if f" {name} " in subject]
        assert mine, name
        assert mine == [False, True] * (len(mine) // 2), "each problem that was told has one end, and each end its problem"
    assert {subject.split()[2] for subject in told} == told_of, "and of what came and went unseen nobody hears"
    assert len(told) < 12


def test_two_senders_tell_everything_once_between_them(installation: Installation, store_dsn: str) -> None:
    story = installation.story
    installation.configure(f"alerts: {{{NO_CAPS}, {EACH_BY_ITSELF}, group_wait: 1s}}")
    installation.judge_all(HOSTS, WARNING)
    story.later(minutes=1)
    in_force, now = story.wiring.in_force, story.now

    def send(name: str) -> None:
        opened = connect(store_dsn, name)
        Wiring(opened, in_force, lambda: now).drain(now + timedelta(minutes=5))
        opened.connection.close()

    senders = [threading.Thread(target=send, args=(name,)) for name in ("one machine", "another")]
    for sender in senders:
        sender.start()
    for sender in senders:
        sender.join()
    installation.note()
    assert sorted(installation.told("ann")) == [f"⚠️ WARNING: {name} is warning" for name in HOSTS]


def test_after_a_restart_nothing_is_sent_again_and_what_was_told_is_closed(installation: Installation, store_dsn: str) -> None:
    installation.judge("db", CRITICAL)
    installation.story.account("alice", account_expires_at=2)
    installation.run("account_expiration", interval=timedelta(hours=1))
    before = list(installation.arrivals)
    assert len(installation.told("ann")) == 2, "of the host, and a digest"
    installation.story.store.connection.close()
    installation.story.store = connect(store_dsn, "after the restart")
    installation.judge("db", CRITICAL)
    installation.later(minutes=30)
    installation.run("account_expiration", interval=timedelta(hours=1))
    assert installation.arrivals == before
    installation.judge("db", OK)
    assert installation.told("ann")[2:] == ["✅ SUCCESS: db is ok"]


def test_a_flood_is_a_few_messages_and_one_that_says_how_many_were_held_back(installation: Installation) -> None:
    installation.configure(f"alerts: {{{EACH_BY_ITSELF}}}")
    installation.judge_all(HOSTS, WARNING)
    installation.later(minutes=2)
    assert len(installation.told("ann")) == 4
    assert installation.told("ann")[-1].endswith("(+ 26 more held back)")
    assert all(name in "".join(map(html_of, installation.story.inbox.mails)) for name in HOSTS), "and each is named"


def test_slack_has_one_message_that_changes_with_replies_for_what_matters_and_a_next_problem_another(installation: Installation) -> None:
    installation.configure("monitoring: {system_health: {alert_channels: [slack]}}\nalerts: {group_wait: 1s, group_interval: 1s}")
    installation.judge("db", WARNING)
    installation.later(minutes=1)
    installation.act("bob", action="acknowledge", alert=str(installation.alert("db")["id"]))
    installation.later(minutes=1)
    installation.judge("db", CRITICAL)
    installation.later(minutes=1)
    installation.judge("db", OK)
    calls = [(request.path.removeprefix("/chat."), "thread_ts" in request.json) for request in installation.slack.accepted]
    replied = [("update", False), ("postMessage", True)]
    assert calls == [("postMessage", False), ("update", False), *replied, *replied], "told, acknowledged, worse, over"
    (shown,) = installation.slack.shown.values()
    assert shown["text"] == "✅ SUCCESS: db is ok"
    installation.later(minutes=1)
    installation.judge("db", CRITICAL)
    assert len(installation.slack.shown) == 2
