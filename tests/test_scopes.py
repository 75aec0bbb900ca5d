"""A never sees B: whoever is limited to one organisation, in every mail, message, CSV file and report there is."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from include.model import Level, Run, Traits, Verdict
from securenet.commands.check import load_dag
from securenet.rehearsal import stages
from tests.story import Story, attachment_of, html_of, settings, text_of

ANN, ALL = "ann@a.example", "all@example.com"
SCOPED = """
monitoring: {account_expiration: {digest: DIGEST}}
people:
  all: {name: All, email: all@example.com}
  ann: {name: Ann, email: ann@a.example, organizations: [acme]}
roles: {administrator: [all, ann], on_call: [ann], manager: [all], development_team: [ann]}
routes: [{match: {duty: [account_expiration, system_health]}, to: [{channel: email, role: administrator}]}]
"""
OF_B = ("globex", "zoe", "web-2", "127.0.0.1")


def judge(story: Story, name: str, level: Level, **labels: str) -> None:
    """A host of an organisation changes, and whoever has to hear of it does."""
    verdict = Verdict("system_health", "cpu_usage", {"target": name, **labels}, level, story.now, f"CPU of {name} is {level}")
    run = Run("system_health", f"run {story.now}", story.now)
    with story.store.transaction():
        story.wiring.evaluating("system_health", False).apply(story.store, [(Traits(), verdict)], run, story.now)
    story.wiring.drain(story.now + timedelta(minutes=5))


def summarise(story: Story) -> None:
    """The daily summary leaves."""
    for verb in stages(load_dag("daily_summary")):
        verb.perform(story.wiring, Run("daily_summary", f"summary {story.now}", story.now))


def live(story: Story) -> None:
    """Days of two organisations: accounts end, hosts get worse and recover, the matrix brings people in, a source dies."""
    for name, organization in (("alice", "acme"), ("zoe", "globex")):
        story.account(name, organization, account_expires_at=3.5)
    story.run()
    for level in (Level.WARNING, Level.CRITICAL, Level.OK, Level.WARNING):
        for name, organization in (("web-1", "acme"), ("web-2", "globex")):
            judge(story.later(minutes=40), name, level, organization=organization)
        summarise(story.later(minutes=40))
    story.later(days=1).run()
    story.watched.execute("alter table users rename account_expires_at to ends")
    story.later(days=1).run()
    summarise(story.later(days=1))


def everything_told(story: Story, receiver: str) -> dict[str, list[str]]:
    """All that ever reached somebody, by kind: the mails as they came, and the messages and reports as the store has them."""
    mails = story.inbox.to(receiver)
    stored = story.store.connection.execute(
        "select m.subject, m.content, r.title, r.html, r.plain, r.csv from message m left join report r on r.id = m.report_id"
        " where m.receiver = %s",
        (receiver,),
    ).fetchall()
    return {
        "subjects": [str(mail["Subject"]) for mail in mails],
        "pages": [html_of(mail) for mail in mails],
        "texts": [text_of(mail) for mail in mails],
        "files": [attachment_of(mail) for mail in mails if list(mail.iter_attachments())],
        "stored": [json.dumps(row) for row in stored],
    }


@pytest.mark.parametrize("digest", ["overall", "organization"])
def test_whoever_is_limited_to_one_organisation_never_sees_another(story: Story, digest: str) -> None:
    story.settings = settings(SCOPED.replace("DIGEST", digest))
    live(story)
    told, whole = everything_told(story, ANN), everything_told(story, ALL)
    for kind, texts in told.items():
        assert [text for text in texts if any(word in text for word in OF_B)] == [], kind
        assert any(word in text for text in texts for word in ("acme", "web-1")), f"of one's own there is something in {kind}"
    for words in ("Account expiration", "Daily summary", "CPU of web-1 is critical"):
        assert any(words in subject for subject in told["subjects"]), words
    assert all(any(word in "".join(whole["texts"]) for word in pair) for pair in (("web-1",), ("web-2",), ("zoe",)))


def test_a_flood_of_one_organisation_does_not_hide_another(story: Story) -> None:
    story.settings = settings(SCOPED.replace("DIGEST", "overall"))
    judge(story, "web-1", Level.CRITICAL, organization="acme")
    judge(story.later(seconds=1), "web-2", Level.CRITICAL, organization="globex")
    story.store.connection.execute(
        "insert into alert (fingerprint, duty, rule, labels, severity, state, reason, summary, opened_at, evaluated_at, changed_at,"
        " fired_at) select 'flood ' || n, duty, rule, labels, severity, state, reason, summary, opened_at, evaluated_at, changed_at,"
        " fired_at from alert, generate_series(1, 10000) n where labels ->> 'target' = 'web-2'"
    )
    summarise(story.later(minutes=1))
    mail = story.inbox.to(ANN)[-1]
    assert "1 fired, 0 resolved, 1 open" in str(mail["Subject"])
    assert "CPU of web-1 is critical" in attachment_of(mail)
