"""Lists of targets in the configuration: what may be set for all of their targets, and what is refused by name."""

from __future__ import annotations

from pathlib import Path

import pytest

from include.config.loading import ConfigurationRefused, parse
from include.config.targets import ApiTarget
from tests.configured import configured

ONE_WAY = (
    "a file, or a connection and a query, are needed, and not both; allowed: as in {kind: apis, file: /etc/monitoring/apis.json}"
    " or {kind: apis, connection: cmdb, query: 'select name, url from services'}"
)


def test_the_ways_to_list_targets_are_accepted() -> None:
    settings = configured(
        """
        targets:
          discover:
            - {kind: apis, file: "/etc/monitoring/targets/*.json"}
            - {kind: hosts, file: /etc/monitoring/nodes.yaml, set: {via: node_exporter}}
            - {kind: apis, connection: cmdb, query: "select name, url, environment from services where live"}
            - {kind: applications, connection: cmdb, query: "select name, url from apps", set: {take: {active_users: app_users}}}
        """
    )
    assert [entry.kind for entry in settings.targets.discover] == ["apis", "hosts", "apis", "applications"]


@pytest.mark.parametrize(
    ("entry", "answer"),
    [
        ("{kind: api, file: /a}", ".kind: an unknown word; allowed: databases, hosts, apis, pages, networks, applications (found: 'api')"),
        ("{kind: apis}", f": {ONE_WAY} (found: {{'kind': 'apis'}})"),
        (
            "{kind: apis, file: /a, connection: c}",
            f": {ONE_WAY} (found: {{'kind': 'apis', 'file': '/a', 'connection': 'c'}})",
        ),
        ("{kind: apis, query: q}", f": {ONE_WAY} (found: {{'kind': 'apis', 'query': 'q'}})"),
        (
            "{kind: apis, file: a.json}",
            ".file: 'a.json' is no absolute path; allowed: one from the root, as in /etc/securenet/accounts.sql (found: 'a.json')",
        ),
        (
            "{kind: apis, file: /a, set: {name: b}}",
            ".set: name cannot be set here, as each target has its own; allowed: any other key of a target (found: {'name': 'b'})",
        ),
        (
            "{kind: apis, file: /a, set: {interval: 2h}}",
            ".set.interval: 2h is too long; allowed: 1s to 1h (found: '2h')",
        ),
        (
            "{kind: apis, file: /a, set: {via: psutil}}",
            f".set.via: unknown key; allowed here: {', '.join(sorted(ApiTarget.model_fields.keys() - {'name'}))} (found: 'psutil')",
        ),
        (
            "{kind: apis, file: /a, set: {expect: {stat: 200}}}",
            ".set.expect.stat: unknown key; allowed here: body, header, json, status (found: 200)",
        ),
        (
            "{kind: apis, file: /a, set: {expect: 200}}",
            ".set.expect: not a section; allowed: keys with a value each, of body, header, json, status (found: 200)",
        ),
        (
            "{kind: apis, file: /a, set: {labels: {target: a}}}",
            ".set.labels: target cannot be set here; allowed: any other label, as in {rack: a1} (found: {'target': 'a'})",
        ),
        (
            "{kind: hosts, file: /a, set: {via: psutil}}",
            ": hosts of a list cannot be read via psutil like this; allowed: set: {via: node_exporter}, or"
            " {via: prometheus, url: 'http://prometheus:9090'} (found: {'kind': 'hosts', 'file': '/a', 'set': {'via': 'psutil'}})",
        ),
    ],
)
def test_what_is_wrong_with_a_list_is_named_with_key_value_and_what_is_allowed(entry: str, answer: str) -> None:
    with pytest.raises(ConfigurationRefused) as refused:
        parse(f"targets: {{discover: [{entry}]}}", Path("f.yaml"))
    assert refused.value.problems == [f"f.yaml: targets.discover.0{answer}"]


def test_what_else_a_target_needs_its_list_may_say() -> None:
    """Neither its url, which comes from the list, nor that a url is needed in place of a connection, is missing here."""
    settings = configured("targets: {discover: [{kind: applications, connection: c, query: q, set: {take: {a: b}}}]}")
    assert settings.targets.discover[0].set == {"take": {"a": "b"}}
