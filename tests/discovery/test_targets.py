"""From what a list says to targets; one that is wrong leaves out only itself."""

from __future__ import annotations

import time
from typing import Any

import pytest

from include.config.discover import Discover
from include.config.targets import HostTarget, NetworkTarget, Targets, Watched
from include.discovery import Said, key_of, name_of
from include.discovery.targets import Complaint, with_listed

FILE = "/etc/monitoring/list.json"


def listed(kind: str, *said: tuple[Any, dict[str, Any]], listed: dict[str, Any] | None = None, **given: Any) -> tuple[Any, Any]:
    """The targets of a kind and the complaints, of a file that says this."""
    entry = Discover.model_validate({"kind": kind, "file": FILE, "set": given})
    targets = Targets.model_validate({kind: [], **(listed or {}), "discover": [entry]})
    says = [Said(f"{FILE}, group {n}, target 1", {"address": address, "labels": labels}) for n, (address, labels) in enumerate(said, 1)]
    found, complaints = with_listed(targets, {key_of(entry): says})
    return list(getattr(found, kind)), complaints


def of_rows(kind: str, *rows: dict[str, Any], **given: Any) -> tuple[list[Watched], list[Complaint]]:
    """The same of a query that gives these rows."""
    entry = Discover.model_validate({"kind": kind, "connection": "cmdb", "query": "select  1", "set": given})
    targets = Targets.model_validate({kind: [], "discover": [entry]})
    found, complaints = with_listed(targets, {key_of(entry): [Said(f"row {n}", row) for n, row in enumerate(rows, 1)]})
    return list(getattr(found, kind)), complaints


@pytest.mark.parametrize(
    ("kind", "address", "labels", "given", "keys"),
    [
        ("apis", "web1", {}, {}, {"name": "web1", "url": "http://web1"}),
        ("apis", "web1:8080", {"__scheme__": "https", "__metrics_path__": "/health"}, {}, {"url": "https://web1:8080/health"}),
        ("apis", "https://web1/a?b=c", {"__scheme__": "http"}, {}, {"name": "https://web1/a?b=c", "url": "https://web1/a?b=c"}),
        ("apis", "https://user:secret@web1/", {}, {}, {"name": "https://…@web1/", "url": "https://user:secret@web1/"}),
        ("apis", "web1", {"name": "shop", "instance": "i", "team": "a"}, {}, {"name": "shop", "labels": {"instance": "i", "team": "a"}}),
        ("apis", "web1", {"instance": "shop-1"}, {}, {"name": "shop-1", "labels": {}}),
        ("apis", "web1", {"env": "dev", "__meta_x": "y", "empty": ""}, {}, {"environment": "dev", "labels": {}}),
        ("apis", "web1", {"env": "a", "environment": "b"}, {}, {"environment": "b", "labels": {"env": "a"}}),
        ("apis", "web1", {"env": "a", "rack": 7, "spare": True}, {"environment": "c", "labels": {"rack": "8"}},
         {"environment": "c", "labels": {"rack": "8", "spare": "true"}}),
        ("hosts", "web1:9100", {}, {}, {"via": "node_exporter", "url": "http://web1:9100/metrics"}),
        ("hosts", "web1:9100", {"__metrics_path__": "probe"}, {}, {"url": "http://web1:9100/probe"}),
        ("hosts", "web1:9100", {}, {"via": "prometheus", "url": "http://p:9090"}, {"instance": "web1:9100", "url": "http://p:9090"}),
        ("hosts", "web1:9100", {"instance": "w"}, {"via": "prometheus", "url": "http://p:9090"}, {"name": "w", "instance": "w"}),
        ("networks", "web1:22", {}, {}, {"name": "web1:22", "address": "web1", "ports": (22,)}),
        ("networks", "10.0.0.1", {}, {"ping": False, "ports": [22]}, {"address": "10.0.0.1", "ports": (22,), "ping": False}),
        ("networks", "[fe80::1]:443", {}, {}, {"address": "fe80::1", "ports": (443,)}),
        ("networks", "fe80::1", {}, {}, {"address": "fe80::1", "ports": ()}),
        ("databases", "main_db", {"name": "main"}, {"row_counts": ["a.users"]}, {"connection": "main_db", "row_counts": ("a.users",)}),
        ("applications", "app_db", {}, {}, {"name": "app_db", "connection": "app_db"}),
    ],
)  # fmt: skip
def test_an_address_becomes_a_target(kind: str, address: str, labels: dict[str, Any], given: dict[str, Any], keys: dict[str, Any]) -> None:
    (found,), complaints = listed(kind, (address, labels), **given)
    assert complaints == []
    assert {key: getattr(found, key) for key in keys} == keys


def test_a_row_becomes_a_target_and_columns_that_it_has_no_key_for_are_labels() -> None:
    row = {"name": "web1", "url": "http://web1", "environment": "dev", "interval": "30s", "rack": 7, "owner": None, "spare": False}
    (found,), complaints = of_rows("apis", {**row, "labels": {"team": "a"}, "expect": {"status": [200, 204]}}, timeout="2s")
    assert complaints == []
    assert found.all_labels == {"target": "web1", "environment": "dev", "rack": "7", "spare": "false", "team": "a"}
    assert found.model_dump(mode="json")["interval"] == "30s"
    (host,), _ = of_rows("hosts", {"name": "web1", "url": "http://web1:9100/metrics"})
    assert isinstance(host, HostTarget)
    assert host.via == "node_exporter", "no host of a list is this machine"
    (network,), _ = of_rows("networks", {"name": 7, "address": "web1", "ports": [22, 80]})
    assert isinstance(network, NetworkTarget)
    assert (network.name, network.ports) == ("7", (22, 80))


def test_a_column_of_labels_holds_labels() -> None:
    said = [
        {"name": name, "url": "http://web", "rack": 7, "labels": labels} for name, labels in (("a", {"rack": 8, "spare": True}), ("b", "c"))
    ]
    found, complaints = of_rows("apis", *said, labels={"team": "x"})
    assert [one.labels for one in found] == [{"rack": "8", "spare": "true", "team": "x"}]
    assert [one.why.split(" (found")[0] for one in complaints] == [
        "row 2: targets.apis.b.labels: not a section; allowed: keys with a value each, as in {name: value}"
    ]


def test_one_that_is_wrong_leaves_out_only_itself_and_is_named_as_in_the_configuration() -> None:
    found, complaints = listed(
        "apis",
        ("good", {}),
        ("ftp://bad", {}),
        ("taken", {"target": "mine"}),
        (["a list"], {}),
        ("nested", {"rack": ["a"]}),
    )
    assert [one.name for one in found] == ["good"]
    at = f"{FILE}, group"
    assert [one.why for one in complaints] == [
        f"{at} 2, target 1: targets.apis.ftp://bad.url: 'ftp://bad' is no address; allowed: as in https://example.com/health"
        " (found: 'ftp://bad')",
        f"{at} 3, target 1: targets.apis.taken.labels: target cannot be set here; allowed: any other label, as in {{rack: a1}}"
        " (found: {'target': 'mine'})",
        f"{at} 4, target 1: targets.apis.['a list'].name: not text; allowed: text, in quotes where it looks like a number or like true"
        " and false (found: ['a list'])",
        f"{at} 5, target 1: targets.apis.nested.labels.rack: not text; allowed: text, in quotes where it looks like a number or like true"
        " and false (found: ['a'])",
    ]


def test_a_name_is_whose_it_was_first_and_the_configuration_comes_before_its_lists() -> None:
    here = {"apis": [{"name": "one", "url": "http://here"}]}
    found, complaints = listed("apis", ("one", {}), ("two", {}), ("2", {"name": "two"}), ("store", {}), listed=here)
    assert [(one.name, one.url) for one in found] == [("one", "http://here"), ("two", "http://two")]
    assert [(one.target, one.why.split(": ", 1)[1]) for one in complaints] == [
        (name, f"another target is called {name!r} already; allowed: another name") for name in ("one", "two", "store")
    ]


def test_of_two_lists_the_first_has_the_name() -> None:
    entries = [Discover.model_validate({"kind": "apis", "file": f"/{name}.json"}) for name in "ab"]
    targets = Targets.model_validate({"discover": entries})
    said = {key_of(entry): [Said("p", {"address": f"web{n}", "labels": {"name": "same"}})] for n, entry in enumerate(entries)}
    found, complaints = with_listed(targets, said)
    assert [one.url for one in found.apis] == ["http://web0"]
    assert [one.entry for one in complaints] == ["apis of /b.json"]


def test_hostile_text_is_made_fit_to_be_shown() -> None:
    hostile = "\x1b[31m\nred\u202e" + "x" * 1000
    (found,), complaints = listed("apis", ("web1", {"name": hostile, hostile: hostile, "quote": "'\"; drop table series; --<b>"}))
    assert complaints == []
    for text in (found.name, *found.labels, *found.labels.values()):
        assert len(text) <= 200
        assert text.isprintable()
    assert found.labels["quote"] == "'\"; drop table series; --<b>"


def test_a_thousand_targets_are_a_matter_of_a_moment() -> None:
    started = time.process_time()
    found, complaints = listed("apis", *((f"web{n}:8080", {"environment": "dev", "rack": str(n % 40)}) for n in range(1000)))
    assert (len(found), complaints) == (1000, [])
    assert time.process_time() - started < 2


def test_lists_are_told_apart_by_what_they_are_and_not_by_what_is_set() -> None:
    def entry(**more: Any) -> Discover:
        return Discover.model_validate({"kind": "apis", "connection": "cmdb", "query": "select name,\n  url from a", **more})

    assert name_of(entry()) == "apis of cmdb: select name, url from a"
    assert key_of(entry()) == key_of(entry(set={"environment": "dev"}))
    assert len({key_of(entry(query=f"select '{word}'")) for word in ("a", "b")}) == 2
    assert len({name_of(entry(query=f"select '{'x' * 300}{word}'")) for word in ("a", "b")}) == 2, "a long query is cut, and stays another"


@pytest.mark.parametrize("column", [{"connection": "slack_default"}, {"verify": False}, {"headers": {"Metadata-Flavor": "x"}}])
def test_no_row_has_a_secret_sent_to_where_it_likes(column: dict[str, Any]) -> None:
    found, (complaint,) = of_rows("apis", {"name": "evil", "url": "http://evil", **column}, {"name": "well", "url": "http://well"})
    assert [one.name for one in found] == ["well"]
    assert complaint.why == f"row 1: {next(iter(column))} cannot be a column; allowed: below `set` of the list, for all of its targets"
    (opened, _), complaints = of_rows("apis", {"name": "a", "url": "http://a"}, {"name": "b", "url": "http://b"}, connection="token")
    assert (opened.model_dump()["connection"], complaints) == ("token", [])


def test_what_opens_an_address_is_not_told_with_it() -> None:
    _, (complaint,) = listed("apis", ("gopher://user:secret@web1/", {}))
    assert "gopher://…@web1/" in complaint.why
    assert "secret" not in "".join(complaint)


def test_a_row_names_the_connection_of_a_database_which_says_itself_where_that_is() -> None:
    (database,), complaints = of_rows("databases", {"name": "main", "connection": "main_db"})
    assert (database.model_dump()["connection"], complaints) == ("main_db", [])
    (application,), complaints = of_rows("applications", {"name": "shop", "connection": "shop_db"})
    assert (application.model_dump()["connection"], complaints) == ("shop_db", [])
    page = {"name": "shop", "url": "http://evil", "connection": "slack_default", "take": {"users": "app_users"}}
    assert of_rows("applications", page)[0] == []
    assert of_rows("applications", {"name": "shop", "connection": "shop_db", "query": "/etc/passwd"})[0] == []
