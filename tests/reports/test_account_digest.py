"""Who gets which digest, and what of it: each of these is a mail that somebody got wrongly, or not."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from include.model import Run
from include.report import Composed, Rendered
from include.reporting import Reporting
from include.reports import Report
from include.store import Store
from securenet.commands.check import load_dag
from securenet.rehearsal import stages
from tests.story import ADMIN, DUTY, Story, settings, text_of

PEOPLE = (
    "people: {boss: {name: B, email: boss@example.com, zone: Asia/Tokyo}, lim: {name: L, email: lim@example.com, organizations: [acme]}}"
)
EACH = "monitoring: {account_expiration: {digest: organization, send_emails: true, reminder_hours: '00:00-24:00'}}"


def test_an_organisation_may_be_named_as_people_of_another_are_told_apart(story: Story) -> None:
    story.settings = settings(f"{PEOPLE}\nroles: {{administrator: [boss, lim]}}\n{EACH}")
    story.account("ann", "acme", account_expires_at=5)
    story.account("secret", "acme/limited", account_expires_at=5)
    story.account("none", "", account_expires_at=5)
    story.run()
    (own,) = [text_of(mail) for mail in story.inbox.to("lim@example.com")]
    assert ("ann" in own, "secret" in own) == (True, False)
    assert len(story.inbox.to("boss@example.com")) == 3


def test_times_are_those_of_the_reader(story: Story) -> None:
    story.settings = settings(f"{PEOPLE}\nroles: {{administrator: [boss, lim]}}")
    story.account("ann", "acme", account_expires_at=5)
    story.run()
    assert "data as of 2026-03-02 18:00 JST" in text_of(story.inbox.to("boss@example.com")[0])
    assert "every day at 08:00 (UTC)." in text_of(story.inbox.to("boss@example.com")[0])
    assert "every day at 08:00." in text_of(story.inbox.to("lim@example.com")[0])
    assert "data as of 2026-03-02 09:00 UTC" in text_of(story.inbox.to("lim@example.com")[0])


def test_a_run_of_one_organisation_makes_nothing_of_the_others_look_fresh(story: Story) -> None:
    story.account("ann", "acme", account_expires_at=4)
    story.account("bob", "other", account_expires_at=400)
    story.run()
    before = len(story.digests())
    story.change("bob", account_expires_at=5)
    counts = story.later(days=5).run(organization="other")
    assert (counts["report"]["why"], len(story.digests())) == ("opened", before + 1)
    assert str(story.digests()[-1]["Subject"]).startswith("⚠️ WARNING: Account expiration: no data from accounts since 2026-03-02 09:00 UTC")
    assert "nothing was collected for" in text_of(story.digests()[-1])
    story.later(days=1).run(organization="other")
    assert len(story.digests()) == before + 1, "the morning's digest waits for a run of everything"
    story.later(hours=1).run()
    assert len(story.digests()) == before + 2
    assert "ann" in text_of(story.digests()[-1])


def test_a_run_of_one_organisation_is_fresh_for_its_own_people(story: Story) -> None:
    story.settings = settings(f"{PEOPLE}\nroles: {{administrator: [boss, lim]}}")
    story.account("ann", "acme", account_expires_at=400)
    story.account("bob", "other", account_expires_at=400)
    story.run()
    story.change("ann", account_expires_at=5)
    story.later(days=5).run(organization="acme")
    own = text_of(story.inbox.to("lim@example.com")[-1])
    assert "data as of 2026-03-07 09:00 UTC" in own
    assert "no data" not in own.lower()


def test_who_is_new_hears_of_what_is_open_and_not_of_all_that_ever_was(story: Story) -> None:
    for number in range(3):
        story.account(f"old{number}", f"org{number}", account_expires_at=5)
    story.account("ann", "acme", account_expires_at=350)
    story.run()
    story.watched.execute("update users set account_expires_at = null where username like 'old%'")
    story.later(hours=1).run()
    story.later(days=340).run()
    people = "people: {new: {name: New, email: new@example.com}, admin: {name: A, email: admin@example.com}}"
    story.settings = settings(f"{people}\nroles: {{administrator: [new, admin]}}")
    story.later(days=5).run()
    assert "1 alert is new." in text_of(story.inbox.to("new@example.com")[0])


def test_a_report_that_has_left_stays_as_it_was_sent(story: Story) -> None:
    story.account("ann", account_expires_at=5)
    story.run("monday")
    (sent,) = rows(story)
    story.later(minutes=5).change("ann", account_expires_at=900)
    again(story, "monday")
    assert rows(story) == [sent]
    story.store.connection.execute("update message set state = 'pending', finished_at = null where template = 'report'")
    again(story, "monday")
    (newer,) = rows(story)
    assert newer["html"] != sent["html"]
    assert newer["period_end"] == story.now, "who gets it later is told as of then"


def test_what_fails_while_a_digest_is_written_is_in_the_next(story: Story) -> None:
    story.account("base", account_expires_at=200)
    story.run()
    story.account("ann", account_expires_at=20)
    story.later(hours=1).run()
    story.later(days=1)
    reporting = story.wiring.reporting(DUTY, "account_digest")
    slow = Reporting(Slow(story, reporting.report), reporting.routes, lambda: story.now)
    slow.write(story.store, Run(DUTY, "slow", story.now))
    story.later(days=1).run()
    assert "550 no such user" in text_of(story.inbox.to(ADMIN)[-1])


class Slow:
    """A report during which, once it was read, a reminder comes back."""

    def __init__(self, story: Story, report: Report) -> None:
        self.story, self.report = story, report

    def compose(self, store: Store, run: Run, now: object) -> Sequence[Composed]:
        composed = self.report.compose(store, run, self.story.now)
        failed = "update message set state = 'failed', error = '550 no such user', finished_at = %s where template = 'reminder'"
        store.connection.execute(failed, (self.story.now + timedelta(seconds=2),))
        self.story.later(seconds=5)
        return composed

    def render(self, composed: Composed) -> Rendered:
        return self.report.render(composed)


def rows(story: Story) -> list[dict[str, object]]:
    return story.store.connection.execute("select title, html, plain, csv, period_end, told_until from report").fetchall()


def again(story: Story, run_id: str) -> None:
    """The report's task of a run, cleared."""
    run = Run(DUTY, run_id, story.now, timedelta(hours=1))
    for verb in stages(load_dag(DUTY)):
        if verb.task_id == "report":
            verb.perform(story.wiring, run)
