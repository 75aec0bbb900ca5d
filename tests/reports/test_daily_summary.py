"""The daily summary, as its receivers get it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from include.model import Level, Run, Traits, Verdict
from securenet.commands.check import load_dag
from securenet.rehearsal import stages
from tests.story import ADMIN, Story, attachment_of, html_of, settings, text_of

DUTY = "daily_summary"


def judge(story: Story, name: str, level: Level, **labels: str) -> None:
    """An alert changes."""
    verdict = Verdict("system_health", "cpu_usage", {"target": name, **labels}, level, story.now, f"CPU of {name} is {level}")
    run = Run("system_health", "run", story.now)
    with story.store.transaction():
        story.wiring.evaluating("system_health", False).apply(story.store, [(Traits(), verdict)], run, story.now)


def summarise(story: Story, run_id: str = "one") -> None:
    """One run of the duty."""
    run = Run(DUTY, run_id, story.now)
    for verb in stages(load_dag(DUTY)):
        verb.perform(story.wiring, run)


def summaries(story: Story, receiver: str = ADMIN) -> list[str]:
    """The subjects of the summaries that somebody got."""
    return [mail["Subject"] for mail in story.inbox.to(receiver) if "Daily summary" in mail["Subject"]]


def test_a_summary_is_sent_also_when_nothing_happened(story: Story) -> None:
    summarise(story)
    assert summaries(story) == ["✅ SUCCESS: Daily summary: 0 fired, 0 resolved, 0 open"]
    assert "Nothing is open." in text_of(story.inbox.to(ADMIN)[-1])


def test_it_says_what_fired_what_ended_and_how_and_what_is_open(story: Story) -> None:
    judge(story, "web-1", Level.CRITICAL)
    judge(story, "web-2", Level.WARNING)
    story.later(minutes=5)
    judge(story, "web-2", Level.OK)
    summarise(story)
    assert summaries(story) == ["🚨 CRITICAL: Daily summary: 2 fired, 1 resolved, 1 open"]
    mail = story.inbox.to(ADMIN)[-1]
    assert "CPU of web-1 is critical" in html_of(mail)
    header, *lines = attachment_of(mail).splitlines()
    assert header.lstrip("\ufeff").startswith("date,type,severity,description,state,resolution")
    assert len(lines) == 2
    assert any("warning,CPU of web-2 is ok,resolved,CPU of web-2 is ok,the monitoring" in line for line in lines)


def test_after_an_outage_of_days_one_summary_covers_all_of_them_and_a_repeated_run_sends_none(story: Story) -> None:
    summarise(story, "monday")
    judge(story, "web-1", Level.CRITICAL)
    story.later(minutes=1)
    judge(story, "web-1", Level.OK)
    story.later(days=3)
    summarise(story, "thursday")
    summarise(story, "thursday")
    assert summaries(story)[1:] == ["✅ SUCCESS: Daily summary: 1 fired, 1 resolved, 0 open"]


def test_hostile_words_are_shown_and_do_nothing(story: Story) -> None:
    hostile = "=cmd()|<script>alert(1)</script>\u202e"
    verdict = Verdict("system_health", "cpu_usage", {"target": "x"}, Level.CRITICAL, story.now, hostile)
    with story.store.transaction():
        run = Run("system_health", "run", story.now)
        story.wiring.evaluating("system_health", False).apply(story.store, [(Traits(), verdict)], run, story.now)
    story.later(seconds=1)
    summarise(story)
    mail = story.inbox.to(ADMIN)[-1]
    assert "<script>alert" not in html_of(mail)
    assert "\u202e" not in html_of(mail) + text_of(mail)
    assert "'=cmd()" in attachment_of(mail)


def test_what_is_coming_is_said(story: Story) -> None:
    from include.acting.actions import Window

    window = Window({"target": "web-*"}, story.now + timedelta(hours=2), story.now + timedelta(hours=3))
    story.wiring.actions().silence(window, "ann", "ann", "new disks", maintenance=True)
    for name, starts, ends in (("ending", 0, 20), ("lasting", 0, 50), ("later", 30, 50), ("idle", 0, 20 * 24)):
        at = Window({"target": name}, story.now + timedelta(hours=starts), story.now + timedelta(hours=ends))
        story.wiring.actions().silence(at, "ann", "ann", "why not")
    summarise(story)
    text = text_of(story.inbox.to(ADMIN)[-1])
    assert "maintenance of target=web-* begins 2026-03-02 11:00 UTC, ann: new disks" in text
    assert "silence of target=ending ends 2026-03-03 05:00 UTC, ann: why not" in text, "that it ends within a day is said before"
    assert "lasting" not in text
    assert "later" not in text
    assert "idle" not in text


def test_a_silence_that_nothing_is_like_is_said(story: Story) -> None:
    from include.acting.actions import Window

    story.wiring.actions().silence(Window({"target": "idle"}, story.now, story.now + timedelta(days=20)), "ann", "ann", "too loud")
    story.now += timedelta(days=8)
    summarise(story)
    text = text_of(story.inbox.to(ADMIN)[-1])
    assert "silence of target=idle ends 2026-03-22 09:00 UTC, ann: too loud (no alert was like it for seven days)" in text


def test_what_is_open_is_said_before_all_that_came_and_went(story: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("include.reports.daily_summary.MOST", 3)
    judge(story, "web-0", Level.CRITICAL)
    for number in range(1, 5):
        story.later(minutes=1)
        judge(story, f"web-{number}", Level.WARNING)
        judge(story.later(minutes=1), f"web-{number}", Level.OK)
    summarise(story)
    assert summaries(story) == ["🚨 CRITICAL: Daily summary: 5 fired, 4 resolved, 1 open"]
    assert len(attachment_of(story.inbox.to(ADMIN)[-1]).splitlines()) == 1 + 3


def test_a_summary_that_was_given_up_is_told_by_the_next(story: Story) -> None:
    summarise(story, "monday")
    judge(story, "web-1", Level.CRITICAL)
    judge(story.later(minutes=1), "web-1", Level.OK)
    story.later(days=1)
    summarise(story, "tuesday")
    story.store.connection.execute(
        "update message set state = 'failed', error = 'given up after 97 attempts: silence' where id = (select max(id) from message)"
    )
    story.later(days=1)
    summarise(story, "wednesday")
    assert summaries(story)[-1] == "✅ SUCCESS: Daily summary: 1 fired, 1 resolved, 0 open"


def test_who_missed_a_summary_gets_one_of_their_own(story: Story) -> None:
    people = "people: {ann: {name: Ann, email: ann@example.com}, bob: {name: Bob, email: bob@example.com}}"
    story.settings = settings(f"{people}\nroles: {{administrator: [ann, bob]}}")
    for day in ("monday", "tuesday"):
        summarise(story, day)
        story.later(days=1)
    story.store.connection.execute(
        "update message set state = 'failed', error = 'given up after 97 attempts: silence'"
        " where id = (select max(id) from message where receiver = 'bob@example.com')"
    )
    summarise(story, "wednesday")
    first = {name: text_of(story.inbox.to(f"{name}@example.com")[-1]).splitlines()[0] for name in ("ann", "bob")}
    assert first == {
        "ann": "Daily summary, 2026-03-03 09:00 UTC to 2026-03-04 09:00 UTC",
        "bob": "Daily summary, 2026-03-02 09:00 UTC to 2026-03-04 09:00 UTC",
    }


def test_what_was_given_up_after_a_day_is_said(story: Story) -> None:
    judge(story, "web-1", Level.CRITICAL)
    story.later(hours=23)
    summarise(story, "monday")
    story.store.connection.execute(
        "update message set state = 'failed', error = 'given up after 97 attempts: 450 later', finished_at = %s where template = 'alert'",
        (story.now + timedelta(hours=2),),
    )
    story.later(days=1)
    summarise(story, "tuesday")
    assert "given up after 97 attempts: 450 later" in text_of(story.inbox.to(ADMIN)[-1])


def test_times_are_those_of_the_reader(story: Story) -> None:
    people = "people: {tom: {name: Tom, email: tom@example.com, zone: Asia/Tokyo}, ann: {name: Ann, email: ann@example.com}}"
    story.settings = settings(f"{people}\nroles: {{administrator: [tom, ann]}}")
    summarise(story)
    assert "2026-03-02 18:00 JST" in text_of(story.inbox.to("tom@example.com")[-1])
    assert "2026-03-02 09:00 UTC" in text_of(story.inbox.to("ann@example.com")[-1])
