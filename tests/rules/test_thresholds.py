"""Limits: what a value means, in Python and in SQL, and what becomes of it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from include.config.loading import ConfigurationRefused, parse
from include.config.routes import Priorities
from include.config.rules import in_force, merged, shipped
from include.config.settings import Settings
from include.flapping import STEADY
from include.metrics import metrics_of
from include.model import Level, Run, Sample, Traits
from include.rules import traits_of
from include.rules.thresholds import Thresholds, row_of
from include.store import Store, samples
from include.store.text import dumps
from include.thresholds import Limits, Threshold
from tests.conftest import NOW

CPU = Threshold("cpu", "cpu_usage", Limits(80, 95, 75))
EXPIRY = Threshold("expiry", "certificate_expiry", Limits(21, 7), below=True)


@pytest.mark.parametrize(
    ("rule", "value", "level", "cleared"),
    [
        pytest.param(CPU, 79.9, Level.OK, False, id="below the limit and not yet below the clear level: nothing ends"),
        pytest.param(CPU, 80, Level.WARNING, False, id="the limit itself is reached"),
        pytest.param(CPU, 95, Level.CRITICAL, False, id="critical before warning"),
        pytest.param(CPU, 75, Level.OK, True, id="the clear level itself is enough"),
        pytest.param(EXPIRY, 22, Level.OK, True, id="low is bad: above both"),
        pytest.param(EXPIRY, 21, Level.WARNING, False, id="low is bad: reached from above"),
        pytest.param(EXPIRY, -1, Level.CRITICAL, False, id="low is bad: beyond both"),
    ],
)
def test_a_value_has_a_meaning(rule: Threshold, value: float, level: Level, cleared: bool) -> None:
    found = rule.judge(value, {})
    assert (found.level, found.cleared) == (level, cleared)


def test_an_environment_may_have_limits_of_its_own() -> None:
    rule = Threshold("cpu", "cpu_usage", Limits(80), variants={"dev": Limits(99)})
    assert rule.judge(90, {"environment": "prod"}).level is Level.WARNING
    assert rule.judge(90, {"environment": "dev"}).level is Level.OK


levels = st.floats(-100, 100).map(lambda value: round(value, 1))
limits = st.builds(Limits, levels | st.none(), levels, st.none())
patterns = st.dictionaries(st.sampled_from(["mount", "target"]), st.sampled_from(["a*", "b?", "*", "%", "a_c", "abc", "[a]*"]), max_size=2)
rules = st.builds(
    Threshold,
    st.sampled_from(["one", "two"]),
    st.sampled_from(["m", "n"]),
    limits,
    st.booleans(),
    patterns,
    st.dictionaries(st.sampled_from(["prod", "dev"]), limits, max_size=2),
)
series = st.fixed_dictionaries(
    {"metric": st.sampled_from(["m", "n"]), "value": levels | st.sampled_from([float("inf"), float("-inf")])},
    optional={
        "target": st.sampled_from(["abc", "a_c", "b1", "%", "", "[a]x"]),
        "mount": st.sampled_from(["a", "abc"]),
        "environment": st.sampled_from(["prod", "dev"]),
    },
)


@settings(max_examples=60, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(rules, min_size=1, max_size=4, unique_by=lambda rule: rule.name), st.lists(series, max_size=8))
def test_sql_finds_in_breach_exactly_what_python_does(store: Store, rules: list[Threshold], series: list[dict[str, object]]) -> None:
    with store.rehearsal():
        measured = [Sample(str(one.pop("metric")), one, float(one.pop("value")), NOW, "x") for one in map(dict, series)]  # type: ignore[arg-type]
        newest = {(one.metric, tuple(sorted(one.labels.items()))): one for one in measured}
        samples.record(store, list(newest.values()))
        rows = dumps([row_of(rule, Priorities()) for rule in rules])
        found = store.many("thresholds.candidates", rules=rows, duty="d", since=NOW - timedelta(1), steady=STEADY)
    by_sql = {(row["name"], tuple(sorted(row["labels"].items())), row["value"]) for row in found}
    assert by_sql == {
        (rule.name, tuple(sorted(one.labels.items())), one.value)
        for rule in rules
        for one in newest.values()
        if one.metric == rule.metric and rule.applies(one.labels) and rule.judge(one.value, one.labels).level is not Level.OK
    }


def of(text: str) -> Settings:
    """The settings in a file."""
    from pathlib import Path

    return parse(text, Path("monitoring.yaml")).settings


def test_a_pattern_changes_shipped_rules_and_switches_them_off() -> None:
    settings = of('rules: [{name: "disk_usage", warning: 70, clear: 60}, {name: "database_*", off: true}]')
    assert merged(settings)["disk_usage"].threshold().limits == Limits(70, 98, 60)
    assert {entry.name for entry in in_force(settings)} == {name for name in shipped() if not name.startswith("database_")}


def test_the_seeds_thresholds_are_those_of_the_shipped_rules() -> None:
    settings = of("monitoring: {system_health: {cpu_threshold: 97, memory_threshold: 60}}")
    assert merged(settings)["cpu_usage"].threshold().limits == Limits(97, 97, 75)
    assert merged(settings)["memory_usage"].threshold().limits == Limits(60, 95, 55)


@pytest.mark.parametrize(
    ("entry", "what"),
    [
        ("{name: nope}", "rules.0.name: no shipped rule is called so"),
        ("{name: mine, metric: x, duty: system_health}", "rules.0.warning: mine has no limit"),
        ("{name: cpu_usage, clear: 90}", "the limits of cpu_usage are in the wrong order; allowed: clear, warning, critical rising"),
        ("{name: certificate_expiry, warning: 1}", "clear, warning, critical falling"),
        ("{name: cpu_usage, variants: [{environment: dev}]}", "rules.0.warning: cpu_usage has no limit"),
        ("{name: cpu_usage, variants: [{environment: 'dev*', warning: 1}]}", "'dev*' is no environment; allowed: as in dev"),
        ("{name: cpu_usage, variants: [{environment: a, warning: 1}, {environment: a, warning: 2}]}", "an environment stands twice"),
    ],
)
def test_a_wrong_rule_is_refused_by_name(entry: str, what: str) -> None:
    with pytest.raises(ConfigurationRefused) as refused:
        of(f"rules: [{entry}]")
    assert what in str(refused.value)


def test_every_shipped_rule_says_why_it_is_there_and_what_to_do() -> None:
    assert len(shipped()) >= 20
    for entry in shipped().values():
        assert all((entry.why, entry.todo, entry.duty)), entry.name
        assert entry.threshold().traits.todo == f"{entry.todo} Why this limit: {entry.why}"


def judged(store: Store, text: str = "", after: timedelta = timedelta(0)) -> list[tuple[str, str, str, bool]]:
    """(rule, level, summary, cleared) of all verdicts of system_health."""
    run = Run("system_health", "run", NOW, timedelta(minutes=5))
    verdicts = Thresholds().verdicts(store, run, of(text) if text else Settings(), NOW + after)
    return sorted((one.rule, str(one.level), one.summary, one.cleared) for one in verdicts)


def cpu(value: float, after: timedelta = timedelta(0)) -> Sample:
    return Sample("cpu_usage", {"target": "web1", "environment": "prod"}, value, NOW + after, "percent")


def test_only_what_is_in_breach_is_judged_in_words(store: Store) -> None:
    samples.record(store, [cpu(93.4), Sample("disk_usage", {"target": "web1", "mount": "/"}, 20, NOW, "percent")])
    assert judged(store) == [("cpu_usage", "warning", "CPU of web1 at 93.4 %, the limit is 80 %", False)]


def test_what_was_named_on_a_network_and_does_not_answer_is_critical(store: Store) -> None:
    office = {"target": "office", "environment": "prod"}
    seen = {
        "network_up": (Sample("network_up", office, 0, NOW, "bool", "by ICMP"), "office does not answer over the network (by ICMP)"),
        "port_up": (Sample("port_up", {**office, "port": "443"}, 0, NOW, "bool", "timed out"), "port 443 of office is closed (timed out)"),
        "dns_up": (
            Sample("dns_up", {**office, "name": "app"}, 0, NOW, "bool", "no answer"),
            "name server office does not find app (no answer)",
        ),
    }
    samples.record(store, [sample for sample, _ in seen.values()])
    told = {rule: (level, summary) for rule, level, summary, _ in judged(store)}
    assert told == {rule: ("critical", summary) for rule, (_, summary) in seen.items()}


def test_an_old_value_is_no_breach(store: Store) -> None:
    samples.record(store, [cpu(99)])
    assert judged(store, after=timedelta(minutes=11)) == []


def test_what_a_slow_target_measured_is_as_fresh_as_it_can_be(store: Store) -> None:
    shop = {"target": "shop", "environment": "prod"}
    samples.record(store, [Sample("certificate_expiry", shop, 86400, NOW, "s")])
    run, later = Run("api_performance", "run", NOW), NOW + timedelta(minutes=80)
    for interval, found in (("1m", set()), ("1h", {"certificate_expiry", "certificate_expiry_two_weeks"})):
        settings = of(f"targets: {{apis: [{{name: shop, url: 'http://a/', interval: {interval}}}]}}")
        assert {one.rule for one in Thresholds().verdicts(store, run, settings, later)} == found


def test_rules_of_the_file_have_traits_of_their_own() -> None:
    settings = of("rules: [{name: mine, metric: x, duty: system_health, warning: 1, for: 5m, todo: look, priority: high}]")
    assert traits_of(settings)("mine") == Traits(timedelta(minutes=5), priority="high", group_by=("target",), todo="look")  # type: ignore[arg-type]
    assert traits_of(settings)("gone") == Traits()


def test_a_shipped_rule_is_about_something_that_its_duty_measures() -> None:
    for entry in shipped().values():
        for duty in entry.duty:
            assert entry.metric in {*metrics_of(duty), "series_dropped"}, entry.name
