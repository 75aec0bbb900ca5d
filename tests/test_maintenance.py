"""Housekeeping: the store stays small, and nothing that is still needed goes."""

from __future__ import annotations

from datetime import timedelta

from include.acting.actions import Window
from include.config.settings import Settings
from include.discovery import key_of
from include.maintenance import maintain
from include.model import Level, Run, Sample, Traits, Verdict
from include.store import samples
from tests.configured import configured
from tests.conftest import NOW
from tests.story import Story


def keep_house(story: Story, days: int, settings: Settings | None = None) -> dict[str, int]:
    """Housekeeping so many days after the story began."""
    story.later(days=days)
    return maintain(story.store, Run("housekeeping", f"night {days}", story.now), settings or Settings(), lambda: story.now)


def rows(story: Story, table: str) -> int:
    row = story.store.connection.execute(f"select count(*) as n from {table}".encode()).fetchone()
    return int(row["n"]) if row else 0


def test_partitions_are_made_ahead_and_dropped_when_they_are_too_old_with_the_series_that_end_there(story: Story) -> None:
    samples.record(story.store, [Sample("m", {"container": "gone"}, 1, NOW, "x"), Sample("m", {"container": "other"}, 1, NOW, "x")])
    counts = keep_house(story, 0)
    assert counts["partitions_made"] == 16
    assert rows(story, "sample") == 2, "samples of the default partition moved into its own"
    samples.record(story.store, [Sample("m", {"container": "other"}, 2, NOW + timedelta(days=80), "x")])
    counts = keep_house(story, 91)
    assert (counts["partitions_dropped"] > 0, counts["series"]) == (True, 1)
    assert rows(story, "sample") == rows(story, "latest") == rows(story, "series") == 1, "what was not measured any more is forgotten"


def test_old_runs_messages_and_reports_go_and_what_was_told_is_not_told_again(story: Story) -> None:
    story.account("ann", account_expires_at=8)
    story.account("bob", account_expires_at=8)
    story.run()
    story.later(days=2).run()
    story.change("bob", account_expires_at=2000)
    story.later(hours=1).run()
    told = sorted(story.reminded())
    counts = keep_house(story, 400)
    assert {name: counts[name] for name in ("messages", "reports", "reminders")} == {"messages": 4, "reports": 2, "reminders": 2}
    assert rows(story, "run") == 1, "only this night's"
    assert rows(story, "reminder") == 2, "ann still stands in the list"
    story.now = NOW + timedelta(days=2, hours=2)
    story.run()
    assert sorted(story.reminded()) == told


def test_an_unsent_message_never_goes(story: Story) -> None:
    story.account("ann", account_expires_at=8)
    story.run()
    story.store.connection.execute("update message set state = 'pending'")
    assert keep_house(story, 400)["messages"] == 0


def test_a_log_of_changes_does_not_begin_anew_when_its_last_page_is_old(story: Story) -> None:
    duty = "database_connectivity"
    verdict = Verdict(duty, "database_up", {"target": "db"}, Level.CRITICAL, story.now, "db is down")
    with story.store.transaction():
        story.wiring.evaluating(duty, False).apply(story.store, [(Traits(), verdict)], Run(duty, "run", story.now), story.now)
    assert story.wiring.reporting(duty, "watch_log").write(story.store, Run(duty, "a", story.now))["reports"] == 1
    keep_house(story, 400)
    assert story.wiring.reporting(duty, "watch_log").write(story.store, Run(duty, "b", story.now))["reports"] == 0


def test_an_alert_ends_also_when_its_organisation_and_its_series_are_gone(story: Story) -> None:
    story.account("ann", account_expires_at=5)
    story.account("bob", "other", account_expires_at=500)
    story.run()
    story.watched.execute("delete from users where username = 'ann'")
    story.watched.execute("delete from organizations where slug = 'acme'")
    assert keep_house(story, 91)["series"] > 0
    story.run()
    assert [(alert["labels"]["organization"], alert["state"]) for alert in story.alerts()] == [("acme", "resolved")]


def test_alerts_that_are_over_go_with_all_that_happened_to_them_and_open_ones_stay(story: Story) -> None:
    for name, levels in (("over", (Level.CRITICAL, Level.OK)), ("open", (Level.CRITICAL,))):
        for level in levels:
            verdict = Verdict("system_health", "cpu_usage", {"target": name}, level, story.now, f"{name} is {level}")
            run = Run("system_health", "run", story.now)
            with story.store.transaction():
                story.wiring.evaluating("system_health", False).apply(story.store, [(Traits(), verdict)], run, story.now)
            story.later(minutes=1)
    (over,) = story.alerts(state="resolved")
    story.wiring.actions().feedback(str(over["id"]), "ann", True)
    story.wiring.actions().silence(Window({"target": "x"}, story.now, story.now + timedelta(days=1)), "ann", "ann", "why not")
    story.store.connection.execute("update message set state = 'sent', finished_at = created_at")
    assert keep_house(story, 700)["alerts"] == 0
    counts = keep_house(story, 60)
    assert (counts["alerts"], counts["silences"]) == (1, 1)
    assert [alert["labels"]["target"] for alert in story.alerts()] == ["open"]
    assert (rows(story, "transition"), rows(story, "verdict_feedback"), rows(story, "silence")) == (1, 0, 0)


def test_pages_that_nobody_is_mailed_go_sooner_and_the_newest_stays(story: Story) -> None:
    for number in range(3):
        story.later(hours=1)
        story.wiring.reporting("system_health", "health").write(story.store, Run("system_health", f"run {number}", story.now))
    assert rows(story, "report") == 3
    assert keep_house(story, 31)["pages"] == 1
    assert rows(story, "report") == 2, "the last one may be made again, and begins where the one before ended"


def test_what_lists_said_goes_when_they_have_not_been_read_for_long(story: Story) -> None:
    settings = configured("targets: {discover: [{kind: applications, connection: c, query: q, set: {take: {a: b}}}]}")
    (entry,) = settings.targets.discover
    for key in (key_of(entry), "gone"):
        story.store.change("discovered.keep", entry=key, targets="[]")
    story.store.connection.execute("update discovered set seen_at = %s", [story.now])
    assert keep_house(story, 89, settings)["discovered"] == 0
    assert keep_house(story, 2, settings)["discovered"] == 1
    assert [row["entry"] for row in story.store.connection.execute("select entry from discovered")] == [key_of(entry)]
