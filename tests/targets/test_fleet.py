"""Fleets: many targets side by side, of which none is in the way of another."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta

import pytest

from include.audience import Labels
from include.hosts.host_metrics import METRICS
from include.metrics import Reading
from include.model import Sample
from include.store import Store, samples
from include.targets.fleet import AT_ONCE, Fleet
from tests.conftest import NOW, stopped


@dataclass
class Host:
    """A host that says this at once, or after something has happened."""

    labels: Labels
    readings: list[Reading] = field(default_factory=list)
    waits: threading.Event | None = None
    kind: str = "hosts"

    def read(self, within: timedelta, cheap: bool) -> list[Reading]:
        if self.waits:
            self.waits.wait(within.total_seconds())
        return self.readings


@pytest.fixture
def never() -> Iterator[threading.Event]:
    """What happens only when the test is over."""
    event = threading.Event()
    yield event
    event.set()


def test_those_that_hang_keep_nobody_from_their_turn(never: threading.Event) -> None:
    hanging = [Host({"target": f"hangs{number}"}, waits=never) for number in range(3 * AT_ONCE)]
    fleet = Fleet("systems", "system_health", [*hanging, Host({"target": "well"})], METRICS)
    *others, well = fleet.measured(timedelta(seconds=5))
    assert {one.why for one in others} == {"no answer within 5 s"}
    assert well.why is None


def samples_of(target: Labels, *readings: Reading) -> list[Sample]:
    """What is stored of a host that says this."""
    fleet = Fleet("systems", "system_health", [Host(target, list(readings))], METRICS)
    return [one for one in fleet.samples(timedelta(seconds=5)) if not one.metric.startswith("source_")]


def test_a_label_of_the_operator_makes_no_one_series_of_many() -> None:
    mounts = [Reading("disk_usage", value, {"mount": mount}) for mount, value in (("/", 97), ("/data", 40))]
    found = samples_of({"target": "web1", "environment": "prod", "mount": "left", "rack": "7"}, *mounts, Reading("cpu_usage", 1))
    where = {"target": "web1", "environment": "prod", "rack": "7"}
    assert [(one.labels, one.value) for one in found[:3]] == [
        ({**where, "mount": "/"}, 97),
        ({**where, "mount": "/data"}, 40),
        ({**where, "mount": "left"}, 1),
    ]


def test_nothing_that_a_target_says_makes_it_another_target() -> None:
    (found, _) = samples_of({"target": "web1", "environment": "prod"}, Reading("disk_usage", 1, {"mount": "/", "environment": "dev"}))
    assert found.labels == {"target": "web1", "environment": "prod", "mount": "/", "exported_environment": "dev"}


def test_labels_that_are_others_each_time_do_not_fill_the_store(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(samples, "MOST_OF_A_DAY", 100)
    for number in range(10):
        at = NOW + number * timedelta(minutes=5)
        readings = [Reading("disk_usage", 1, {"mount": f"{number} {mount}"}) for mount in range(20)]
        hosts = [Host({"target": "explodes"}, readings), Host({"target": "well"}, [Reading("cpu_usage", number)])]
        fleet = Fleet("systems", "system_health", hosts, METRICS, clock=stopped(at))
        with store.transaction():
            fleet.read(store, at, None, timedelta(seconds=5))
            samples.settle(store)
    count = "select count(*) from series where metric = 'disk_usage'"
    (row,) = store.connection.execute(count).fetchall()
    assert row["count"] <= 100
    dropped = {row["labels"]["target"]: row["value"] for row in samples.newest(store, "series_dropped", {})}
    assert dropped == {"explodes": 20, "well": 0}
    assert [row["value"] for row in samples.newest(store, "cpu_usage", {})] == [9]
    assert {row["value"] for row in samples.newest(store, "source_up", {})} == {1}


def test_what_a_fleet_does_not_know_yet_is_left_out() -> None:
    found = samples_of({"target": "web1"}, Reading("new", 1), Reading("cpu_usage", 1))
    assert [one.metric for one in found] == ["cpu_usage", "series_dropped"]
