"""What people do in Slack and PagerDuty happens here, once, if they may."""

from __future__ import annotations

from datetime import timedelta

import pytest

from include.acting.answering import Answering, CallRefused
from include.config.channels import Channels, PagerDuty
from include.config.people import Person
from include.config.settings import Settings
from include.hooks import HOOKS, Call
from include.loading import load_named
from include.model import Level
from include.store import Store
from tests.conftest import NOW
from tests.hooks.vendors import SECRET, pagerduty, signed_pagerduty, signed_slack, slack
from tests.lifecycle.stage import Stage

PEOPLE = {
    "ann": Person(name="Ann Ito", slack="U02ANN"),
    "eve": Person(name="Eve Kay", slack="U03EVE", organizations=("acme",)),
}


@pytest.fixture
def stage(store: Store) -> Stage:
    """One critical alert, of which everybody was told."""
    made = Stage(store, settings=Settings(people=PEOPLE))
    made.judge("db", Level.CRITICAL)
    made.drain()
    return made


def group_of(stage: Stage) -> str:
    """The key of its group."""
    return str(stage.alerts()[0]["group_key"])


def answer(stage: Stage, vendor: str, call: Call, secret: str = SECRET) -> str:
    """Answer a call now."""
    return Answering(vendor, load_named(HOOKS, vendor, "hook")(), stage.actions).answer(call, secret)


def refused(stage: Stage, vendor: str, call: Call, secret: str = SECRET) -> int:
    """The status with which a call is refused."""
    with pytest.raises(CallRefused) as found:
        answer(stage, vendor, call, secret)
    assert stage.alerts()[0]["state"] == "firing", "nothing has happened"
    return found.value.status


def test_an_incident_acknowledged_in_pagerduty_is_acknowledged_here_in_the_same_name(stage: Stage) -> None:
    assert answer(stage, "pagerduty", pagerduty(NOW, group_of(stage))) == "acknowledged: 1"
    (alert,) = stage.alerts()
    assert (alert["state"], alert["acknowledged_by"]) == ("acknowledged", "Tenex Engineer (pagerduty)")
    assert [row["by"] for row in stage.store.connection.execute("select by from action")] == ["Tenex Engineer (pagerduty)"]


def test_an_incident_resolved_in_pagerduty_is_over_here_and_everybody_who_knew_of_it_hears_so(stage: Stage) -> None:
    assert answer(stage, "pagerduty", pagerduty(NOW, group_of(stage), "incident.resolved")) == "resolved: 1"
    stage.drain()
    assert stage.alerts()[0]["resolved_by"] == "Tenex Engineer (pagerduty)"
    assert stage.told() == ["opened", "recovered"]


@pytest.mark.parametrize(("button", "state"), [("ack", "acknowledged"), ("resolve", "resolved")])
def test_a_button_under_a_slack_message_acknowledges_or_resolves(stage: Stage, button: str, state: str) -> None:
    answer(stage, "slack", slack(NOW, group_of(stage), button))
    assert stage.alerts()[0]["state"] == state
    (action,) = stage.store.connection.execute("select by from action").fetchall()
    assert action["by"] == "ann (slack)"


def test_a_recording_of_a_call_is_answered_once(stage: Stage) -> None:
    call = pagerduty(NOW, group_of(stage))
    assert answer(stage, "pagerduty", call) == "acknowledged: 1"
    stage.now += timedelta(minutes=2)
    stage.judge("db", Level.CRITICAL, progress=1)  # worse: the acknowledgement has ended
    stage.now += timedelta(minutes=2)
    assert answer(stage, "pagerduty", call) == "known already"
    assert stage.alerts()[0]["state"] == "firing"


@pytest.mark.parametrize("minutes", [-13 * 60, 6], ids=["old", "from the future"])
def test_what_was_signed_long_ago_or_in_the_future_is_refused(stage: Stage, minutes: int) -> None:
    at = NOW + timedelta(minutes=minutes)
    assert refused(stage, "slack", slack(at, group_of(stage))) == 401
    assert refused(stage, "pagerduty", pagerduty(at, group_of(stage))) == 401


def test_slack_signs_each_call_at_its_time_and_pagerduty_tries_again_for_hours(stage: Stage) -> None:
    stage.now += timedelta(minutes=30)
    assert refused(stage, "slack", slack(NOW, group_of(stage))) == 401
    assert answer(stage, "pagerduty", pagerduty(NOW, group_of(stage))) == "acknowledged: 1"


def test_pagerduty_may_do_nothing_to_what_it_may_not_see(stage: Stage) -> None:
    channels = Channels(pagerduty=PagerDuty(organizations=("acme",)))
    stage.settings = stage.settings.model_copy(update={"channels": channels})
    assert refused(stage, "pagerduty", pagerduty(NOW, group_of(stage))) == 403


def test_what_was_meant_for_an_earlier_problem_is_not_done_to_a_later_one(stage: Stage) -> None:
    late = pagerduty(stage.now, group_of(stage))
    stage.now += timedelta(minutes=30)
    stage.judge("db", Level.OK)
    stage.now += timedelta(minutes=30)
    stage.judge("db", Level.CRITICAL)
    assert answer(stage, "pagerduty", late) == "nothing is open any more of what was meant"
    assert [alert["state"] for alert in stage.alerts()] == ["resolved", "firing"]


def test_what_the_vendor_has_not_signed_is_refused(stage: Stage) -> None:
    group = group_of(stage)
    good = slack(NOW, group)
    assert refused(stage, "slack", slack(NOW, group, secret="another")) == 401
    assert refused(stage, "slack", Call(good.headers, good.body + b" ")) == 401
    assert refused(stage, "slack", Call({**good.headers, "x-slack-request-timestamp": str(int(NOW.timestamp()) + 60)}, good.body)) == 401
    assert refused(stage, "slack", Call({**good.headers, "x-slack-signature": "v0=\u00e4"}, good.body)) == 401
    assert refused(stage, "slack", Call({}, b"")) == 401
    assert refused(stage, "pagerduty", pagerduty(NOW, group, secret="another")) == 401
    assert refused(stage, "pagerduty", Call({}, b"")) == 401
    assert refused(stage, "pagerduty", pagerduty(NOW, group, secret=""), secret="") == 401


def test_a_slack_user_who_is_nobody_here_or_may_not_see_the_alert_does_nothing(stage: Stage) -> None:
    assert refused(stage, "slack", slack(NOW, group_of(stage), user="U99")) == 403
    assert refused(stage, "slack", slack(NOW, group_of(stage), user="U03EVE")) == 403
    assert stage.store.connection.execute("select count(*) from hook_call").fetchone() == {"count": 0}


def test_whoever_may_see_an_organisation_may_acknowledge_its_alerts(store: Store) -> None:
    stage = Stage(store, settings=Settings(people=PEOPLE))
    stage.judge("db", Level.CRITICAL, organization="acme")
    assert answer(stage, "slack", slack(NOW, group_of(stage), user="U03EVE")) == "acknowledged: 1"


def test_what_an_integration_did_or_what_is_not_ours_or_asks_for_nothing_changes_nothing(stage: Stage) -> None:
    group, alert_id = group_of(stage), str(stage.alerts()[0]["id"])
    assert answer(stage, "pagerduty", pagerduty(NOW, group, agent={"id": "P1", "type": "integration_reference"})) == "nothing to do"
    assert answer(stage, "pagerduty", pagerduty(NOW, group, agent=None)) == "nothing to do"
    assert answer(stage, "pagerduty", pagerduty(NOW, group, "incident.escalated")) == "nothing to do"
    assert answer(stage, "pagerduty", pagerduty(NOW, alert_id)) == "not ours", "an alert's number is no incident of ours"
    assert answer(stage, "slack", slack(NOW, group, type="view_submission")) == "nothing to do"
    assert answer(stage, "slack", slack(NOW, group, "something_else")) == "nothing to do"
    assert stage.alerts()[0]["state"] == "firing"


def test_a_button_under_what_is_over_says_so(stage: Stage) -> None:
    stage.judge("db", Level.OK, ago=-1)
    assert answer(stage, "slack", slack(NOW, group_of(stage))) == "nothing is open any more"


NONSENSE = {"empty": b"", "{}": b"{}", "[]": b"[]", "null": b"null", "7": b'{"event": 7}', "bytes": b"\xff\xfe", "deep": b"[" * 50_000}


@pytest.mark.parametrize("body", NONSENSE.values(), ids=NONSENSE)
def test_what_cannot_be_read_is_a_bad_request_and_no_stack_trace(stage: Stage, body: bytes) -> None:
    assert refused(stage, "pagerduty", signed_pagerduty(body)) == 400
    assert refused(stage, "slack", signed_slack(NOW, body)) == 400
