"""The targets of the configuration with the connections that they name: fleets of gauges, probes, and lists of further targets."""

from __future__ import annotations

import logging
from base64 import b64encode
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from airflow.sdk.exceptions import AirflowFailException

from include.config.targets import (
    STORE_LABELS,
    ApiTarget,
    ApplicationTarget,
    DatabaseTarget,
    HostTarget,
    NetworkTarget,
    PageTarget,
    Targets,
    Watched,
)
from include.logs import facts
from securenet.connections import STORE, conninfo, find_connection

if TYPE_CHECKING:
    from airflow.sdk import Connection

    from include.audience import Labels
    from include.config.discover import Discover
    from include.config.settings import Settings
    from include.discovery.targets import Complaint
    from include.model import Clock
    from include.probes import Probe
    from include.scraping.scrape import Page
    from include.store import Store
    from include.targets.discovering import Discovered, List, Looked, Read
    from include.targets.fleet import Fleet, Gauge
    from include.web.client import Call

log = logging.getLogger(__name__)
Target = TypeVar("Target", bound=Watched)
Made = TypeVar("Made")
# Duty -> the kinds of targets that it reads itself, and whose lists it looks at.
READ_BY = {
    "api_performance": ("apis",),
    "database_connectivity": ("databases",),
    "database_health": ("databases", "applications"),
    "page_load": ("pages",),
    "system_health": ("hosts", "networks"),
}


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of source: the duty whose metrics it gives, and what is measured.

    `sampled`: something of it is cheap. `at_once`: no more than so many at a time, ever.
    """

    duty: str
    gauges: Callable[[Targets], Iterator[Gauge]]
    sampled: bool = False
    at_once: int | None = None


def lists(targets: Targets, duty: str) -> list[List]:
    """The lists of a duty's targets, with what opens them; one that stands twice, with other things set, is read once."""
    from include.discovery import key_of
    from include.targets.discovering import List

    mine = {key_of(entry): entry for entry in targets.discover if entry.kind in READ_BY[duty]}
    return [List(entry, reader(entry)) for entry in mine.values()]


def look_at_lists(store: Store, targets: Targets, duty: str, at: datetime, before: Sequence[Complaint] = ()) -> Looked:
    """Read the lists of a duty's targets anew, and say what is wrong with what they name, unless that was said `before`."""
    from include.targets.discovering import LONGEST, look

    return look(store, duty, targets, lists(targets, duty), at, LONGEST, before)


def reader(entry: Discover) -> Read:
    """How a list is read. A connection that is missing is why it cannot be."""
    from include.discovery import file_sd, rows
    from include.targets.discovering import unread

    if entry.file:
        return partial(file_sd.read, entry.file)
    name = entry.connection or ""
    if not find_connection(name):
        return partial(unread, missing(name))
    return partial(rows.read, conninfo(name), entry.query or "")


def systems(targets: Targets) -> Iterator[Gauge]:
    """Hosts, and what is reached over a network."""
    yield from opened(targets.hosts, host, partial(closed, "hosts"))
    yield from map(network, targets.networks)


def databases(targets: Targets) -> Iterator[Gauge]:
    """Database servers, and what applications say of themselves."""
    yield from opened(targets.databases, database, partial(closed, "databases"))
    yield from opened(targets.applications, application, partial(closed, "applications"))


def pages(targets: Targets) -> Iterator[Gauge]:
    """Web pages, each in a browser."""
    yield from map(page, targets.pages)


def host(target: HostTarget) -> Gauge:
    """A host, by the way that the configuration says."""
    from include.sources.host_local import LocalHost
    from include.sources.host_node_exporter import NodeExporterHost
    from include.sources.host_prometheus import PrometheusHost
    from include.sources.host_ssh import SshHost
    from securenet.ssh import shell

    ways: dict[str, Callable[[], Gauge]] = {
        "psutil": lambda: LocalHost(target.all_labels, target.processes),
        "node_exporter": lambda: NodeExporterHost(target.all_labels, scraped(target)),
        "prometheus": lambda: PrometheusHost(target.all_labels, scraped(target), target.instance or ""),
        "ssh": lambda: SshHost(target.all_labels, shell(target.connection or ""), target.processes),
    }
    return ways[target.via]()


def scraped(target: HostTarget | ApplicationTarget) -> Page:
    """The page of a target, with what opens it."""
    from include.scraping.scrape import Page

    return Page(target.url or "", credentials(target.connection), target.verify)


def network(target: NetworkTarget) -> Gauge:
    """Something at the other end of a network."""
    from include.network.name_server import NameCheck
    from include.sources.network import NetworkGauge

    names = (NameCheck(target.dns.name, target.dns.server, target.dns.expect),) if target.dns else ()
    return NetworkGauge(target.all_labels, target.address, target.ping, target.ports, names)


def page(target: PageTarget) -> Gauge:
    """A web page."""
    from include.browser.visit import Expect
    from include.sources.page import PageGauge

    return PageGauge(target.all_labels, target.url, Expect(target.expect.title, target.expect.selector))


def database(target: DatabaseTarget) -> Gauge:
    """A database server."""
    from include.sources.postgresql import PostgresGauge

    return PostgresGauge(target.all_labels, conninfo(target.connection), target.row_counts, target.backup)


def application(target: ApplicationTarget) -> Gauge:
    """An application, by its metrics page or by its database."""
    from include.sources.application_page import ApplicationPage
    from include.sources.application_sql import ApplicationSql

    if target.url:
        return ApplicationPage(target.all_labels, scraped(target), target.take)
    return ApplicationSql(target.all_labels, conninfo(target.connection or ""), Path(target.query) if target.query else None)


# Source -> what it is made of.
SOURCES = {
    "systems": Kind("system_health", systems, sampled=True),
    "databases": Kind("database_health", databases, sampled=True),
    # A browser takes a processor and some hundred megabytes.
    "pages": Kind("page_load", pages, at_once=2),
}


def discovered(source: str, targets: Targets, clock: Clock) -> Discovered:
    """A source with the targets that are listed at the moment at which it is read."""
    from include.targets.discovering import Discovered

    duty = SOURCES[source].duty
    return Discovered(source, duty, targets, lambda: lists(targets, duty), lambda found: fleet(source, found, duty, clock))


def fleet(source: str, targets: Targets, duty: str, clock: Clock, cheap: bool = False) -> Fleet:
    """The targets of a source as a duty reads them. One whose connection cannot be used does not answer, and says why."""
    from include.metrics import metrics_of
    from include.targets.fleet import Fleet

    kind = SOURCES[source]
    gauges = list(kind.gauges(targets))
    own = {name: metric for gauge in gauges for name, metric in getattr(gauge, "metrics", {}).items()}
    return Fleet(source, duty, gauges, {**own, **metrics_of(kind.duty)}, cheap, kind.at_once, clock)


def databases_asked(settings: Settings, clock: Clock) -> list[Probe]:
    """What asks each database, the store included."""
    from include.probes import Pace
    from include.probes.database import DatabaseProbe
    from include.probes.http import offset

    chosen = settings.monitoring.database_connectivity
    pace = Pace(chosen.interval, chosen.heartbeat, chosen.timeout, chosen.confirmations)

    def asked(labels: Labels, name: str) -> Probe:
        return DatabaseProbe(labels, conninfo(name), pace, clock, offset(labels["target"]))

    targets = opened(settings.targets.databases, lambda one: asked(one.all_labels, one.connection), partial(not_asked, "database", clock))
    return [asked(STORE_LABELS, STORE), *targets]


def apis_asked(settings: Settings, clock: Clock) -> list[Probe]:
    """What asks each HTTP address, and what samples the cheap counters of hosts, databases and applications."""
    from include.probes.http import PACE, HttpProbe
    from include.targets.sampling import Sampling

    pace = replace(PACE, confirmations=settings.monitoring.api_performance.confirmations)
    known = cache(credentials)

    def probe(one: ApiTarget) -> Probe:
        own = replace(pace, interval=one.interval, timeout=one.timeout)
        return HttpProbe(one.all_labels, call(one, known(one.connection)), clock, own)

    asked = opened(settings.targets.apis, probe, partial(not_asked, "api", clock))
    sampled = [source for source, kind in SOURCES.items() if kind.sampled]
    return [*asked, Sampling([fleet(source, settings.targets, "api_performance", clock, cheap=True) for source in sampled], clock)]


def call(target: ApiTarget, opening: Mapping[str, str]) -> Call:
    """The request, with the headers that open the target, and what is expected of its answer."""
    from include.web.client import Call
    from include.web.expecting import Expect

    wanted = target.expect
    expect = Expect(wanted.status, wanted.body, wanted.json_values, wanted.header)
    headers = {**target.headers, **opening}
    return Call(target.url, target.method, headers, (target.content or "").encode(), expect, verify=target.verify)


def credentials(connection: str | None) -> dict[str, str]:
    """What a connection adds to the request: login and password, or a password alone as a bearer token."""
    found: Connection | None = find_connection(connection) if connection else None
    if not found or not found.password:
        return {}
    if not found.login:
        return {"Authorization": f"Bearer {found.password}"}
    return {"Authorization": "Basic " + b64encode(f"{found.login}:{found.password}".encode()).decode()}


def opened(targets: Iterable[Target], make: Callable[[Target], Made], instead: Callable[[Target, str], Made]) -> Iterator[Made]:
    """What each target is watched by; in place of one whose connection is missing or cannot be used, what says so."""
    found = cache(find_connection)
    for target in targets:
        name = getattr(target, "connection", None)
        try:
            if name and not found(name):
                raise AirflowFailException(missing(name))
            made = make(target)
        except AirflowFailException as error:
            facts(log, "not watched", target=target.name, why=error)
            made = instead(target, str(error))
        yield made


def closed(kind: str, target: Watched, why: str) -> Gauge:
    """In place of a gauge that cannot be opened."""
    from include.targets.fleet import Closed

    return Closed(kind, target.all_labels, why)


def not_asked(kind: str, clock: Clock, target: Watched, why: str) -> Probe:
    """In place of a probe that cannot be opened."""
    from include.probes.unasked import Unasked

    return Unasked(target.all_labels, kind, why, clock)


def missing(connection: str) -> str:
    """Why something cannot be opened."""
    return f"the connection {connection} is missing: create it in Airflow"


# What the watchers of targets ask, by duty.
PROBES: dict[str, Callable[[Settings, Clock], list[Probe]]] = {
    "api_performance": apis_asked,
    "database_connectivity": databases_asked,
}
