"""A never sees B: neither people nor receivers, in no message."""

from __future__ import annotations

from datetime import timedelta

from include.message import MessageState
from include.model import Level, Traits
from include.people.directory import Directory
from include.store.text import dumps
from tests.configured import configured
from tests.lifecycle.stage import Stage

FILE = """
    people:
      ann: {name: Ann, email: ann@example.com, organizations: [acme]}
      gus: {name: Gus, email: gus@example.com, organizations: [globex]}
    roles: {manager: [ann, gus]}
    routes:
      - to:
          - {channel: slack, receiver: "#acme", organizations: [acme]}
          - {channel: slack, receiver: "#globex", organizations: [globex]}
          - {channel: email, role: manager}
    escalation: {critical: [{after: 5m, roles: manager}]}
"""
ACME, GLOBEX = {"#acme", "ann@example.com"}, {"#globex", "gus@example.com"}


def test_a_receiver_with_a_scope_is_told_all_of_its_organisation_and_not_a_word_of_another(stage: Stage) -> None:
    settings = stage.settings = configured(FILE)
    traits = Traits(damp=False)
    stage.table = Directory(settings, "admin@example.com", lambda *_: (MessageState.PENDING, None), lambda _: traits)  # type: ignore[assignment]
    stage.table.traits_of_all = traits
    for organization, level in (("acme", Level.WARNING), ("globex", Level.CRITICAL), ("acme", Level.CRITICAL)):
        stage.now += timedelta(minutes=1)
        for host in ("a", "b"):
            stage.judge(f"{host}.{organization}", level, organization=organization)
        stage.later(600)
    stage.actions.acknowledge(str(stage.alerts()[0]["id"]), "ann", "acme's own")
    stage.later(5 * 3600)
    for organization in ("acme", "globex"):
        for host in ("a", "b"):
            stage.judge(f"{host}.{organization}", Level.OK, organization=organization)
        stage.later(600)
    seen = {
        place: dumps([(got.message.subject, got.message.content) for got in stage.receivers.got if got.place[1] == place])
        for place in ACME | GLOBEX
    }
    assert {got.place[1] for got in stage.receivers.got} == ACME | GLOBEX
    assert all("globex" not in seen[place] and "b.acme" in seen[place] for place in ACME)
    assert all("acme" not in seen[place] and "b.globex" in seen[place] for place in GLOBEX)
    assert all(stage.told(place)[-1] == "recovered" for place in ACME | GLOBEX)
