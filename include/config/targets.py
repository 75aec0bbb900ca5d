"""What is watched: targets by kind, each with its environment as a label."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import timedelta
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, ValidationError, field_validator, model_validator
from pydantic_core import InitErrorDetails

from include.config.discover import Discover, as_set
from include.config.duties import ONLY_WITH, DutyName, clocked
from include.config.section import Section, listed
from include.config.types import AbsolutePath, Beat, ConnectionId, IpAddress, Number, Switch, Timeout, Whole, like

Name = Annotated[str, Field(min_length=1, max_length=200)]
Names = Annotated[tuple[Name, ...], BeforeValidator(listed)]
Url = Annotated[str, AfterValidator(like(r"https?://[^\s/]\S*", "address", "as in https://example.com/health"))]
Port = Annotated[Whole, Field(ge=1, le=65535)]
Status = Annotated[Whole, Field(ge=100, le=599)]
# Labels that the monitoring itself gives.
OWN_LABELS = frozenset({"target", "environment", "organization"})
STORE = "store"
STORE_LABELS = {"target": STORE, "environment": "monitoring"}


class Watched(Section):
    """What all kinds of targets have."""

    name: Name
    """How it is called in alerts and silences: the label `target`."""
    environment: Name = "prod"
    """The label `environment`."""
    labels: dict[str, str] = {}
    """Further labels, for routes, rules and silences."""

    @property
    def all_labels(self) -> dict[str, str]:
        """As alerts carry them."""
        return {**self.labels, "target": self.name, "environment": self.environment}

    @field_validator("labels")
    @classmethod
    def of_its_own(cls, labels: dict[str, str]) -> dict[str, str]:
        """Nothing that stands elsewhere already."""
        if taken := sorted(OWN_LABELS - {"organization"} & labels.keys()):
            raise ValueError(f"{', '.join(taken)} cannot be set here; allowed: any other label, as in {{rack: a1}}")
        return labels


class Backup(Section):
    """Where to see how old the last backup is, other than in PostgreSQL's own archive."""

    query: Annotated[str, Field(min_length=1)] | None = None
    """A statement whose one value is the moment of the last backup."""
    file: AbsolutePath | None = None
    """A file or pattern on this machine; the newest counts."""


class DatabaseTarget(Watched):
    """A PostgreSQL server."""

    connection: ConnectionId = "securenet_db"
    """The Airflow connection of a role that may connect; with `pg_monitor` it sees everything."""
    row_counts: Names = ()
    """Tables that do not shrink, as `schema.table`: one that loses half of its rows within a day is an alert."""
    backup: Backup = Backup()


class HostTarget(Watched):
    """A host."""

    via: Literal["psutil", "node_exporter", "prometheus", "ssh"] = "psutil"
    """How it is read: `psutil` is the machine of the worker that runs the task, `ssh` goes by `connection`, the others by `url`."""
    url: Url | None = None
    """The node_exporter's `/metrics`, or the address of a Prometheus."""
    instance: Name | None = None
    """How Prometheus calls it: the label `instance`."""
    connection: ConnectionId | None = None
    """With `ssh` the Airflow connection of that type; its provider is an optional extra (sources.md). Else one that opens the url: login
    and password, or a password alone, sent as a bearer token."""
    verify: Switch = True
    """Whether the certificate of the url must be valid."""
    processes: Names = ()
    """Processes that must run, by name (with `psutil` and `ssh`)."""

    @model_validator(mode="after")
    def reachable(self) -> HostTarget:
        """What goes by an address or a connection has one."""
        if self.via == "ssh" and not self.connection:
            raise ValueError("via ssh without a connection; allowed: as in {via: ssh, connection: ssh_web1}")
        if self.via in ("node_exporter", "prometheus") and not self.url:
            raise ValueError(f"via {self.via} without a url; allowed: as in {{via: {self.via}, url: http://web1:9100/metrics}}")
        if self.via == "prometheus" and not self.instance:
            raise ValueError("via prometheus without an instance; allowed: as Prometheus labels the host, as in {instance: 'web1:9100'}")
        return self


class Expect(Section):
    """What makes an answer a good one; all that is named must hold."""

    status: Annotated[tuple[Status, ...], BeforeValidator(lambda value: (value,) if isinstance(value, int) else value)] = ()
    """One status or several; none: any from 200 to 399."""
    body: str | None = None
    """The body contains this."""
    json_values: dict[str, Any] = Field(default_factory=dict, alias="json")
    """Paths into the body and the value that stands there, as in `{data.items.0.state: ok}`."""
    header: Names = ()
    """Headers that are there."""


class ApiTarget(Watched):
    """An HTTP address."""

    url: Url
    """What is asked for."""
    interval: Beat = timedelta(minutes=1)
    """How often."""
    timeout: Timeout = timedelta(seconds=10)
    """How long the whole answer may take."""
    method: Literal["GET", "HEAD", "POST", "PUT", "OPTIONS"] = "GET"
    """How it is asked."""
    headers: dict[str, str] = {}
    """Headers of the request; secrets belong into `connection`."""
    content: str | None = None
    """The body of the request."""
    connection: ConnectionId | None = None
    """An Airflow connection with login and password, or with a password alone, sent as a bearer token."""
    expect: Expect = Expect()
    verify: Switch = True
    """Whether its certificate must be valid."""
    objective: Annotated[Number, Field(ge=50, lt=100)] = 99.9
    """How many percent of the probes succeed, if all is well: what the error budget is measured by."""


class PageExpect(Section):
    """What a page has once it has loaded; all that is named must hold."""

    title: Name | None = None
    """Its title contains this."""
    selector: Name | None = None
    """An element is there that this CSS selector finds, as in `#cart`."""


class PageTarget(Watched):
    """A web page, as a browser sees it."""

    url: Url
    """Its address."""
    expect: PageExpect = PageExpect()


class Dns(Section):
    """A name that has to be found."""

    name: Name
    """Which."""
    server: IpAddress | None = None
    """Whom to ask, by address; none: the address of the target."""
    expect: tuple[IpAddress, ...] = ()
    """The addresses that it must have; none: any."""


class NetworkTarget(Watched):
    """Something at the other end of a network."""

    address: Name
    """Its name or address."""
    ping: Switch = True
    """Whether it answers to echo requests."""
    ports: Annotated[tuple[Port, ...], BeforeValidator(lambda value: (value,) if isinstance(value, int) else value)] = ()
    """TCP ports that are open."""
    dns: Dns | None = None
    """What it must know, if it is a name server."""

    @model_validator(mode="after")
    def of_use(self) -> NetworkTarget:
        """Something is asked of it."""
        if not (self.ping or self.ports or self.dns):
            raise ValueError("nothing is asked of it; allowed: ping: true, ports or dns, as in {address: 10.0.0.1, ports: [443]}")
        return self


class ApplicationTarget(Watched):
    """What an application says of itself."""

    connection: ConnectionId | None = None
    """The Airflow connection of its database; beside a `url` one that opens that: login and password, or a password alone."""
    query: AbsolutePath | None = None
    """A file with your own queries for the database (sources.md); none: SecureNet's."""
    url: Url | None = None
    """The address of its Prometheus metrics, in place of a database ..."""
    take: dict[str, str] = {}
    """... and which of them are taken, as in `{active_users: app_users{state="active"}}`."""
    verify: Switch = True
    """Whether the certificate of the url must be valid."""

    @model_validator(mode="after")
    def one_way(self) -> ApplicationTarget:
        """A database or an address."""
        if not self.connection and not self.url:
            raise ValueError("neither a connection nor a url; allowed: as in {name: app, connection: securenet_db}")
        if self.url and (self.query or not self.take):
            raise ValueError("a url has metrics to take, and no query; allowed: as in {take: {active_users: app_users}}")
        return self


KINDS: dict[str, type[Watched]] = {
    "databases": DatabaseTarget,
    "hosts": HostTarget,
    "apis": ApiTarget,
    "pages": PageTarget,
    "networks": NetworkTarget,
    "applications": ApplicationTarget,
}


class Targets(Section):
    """What is watched. The store itself always is, as the target `store`."""

    databases: tuple[DatabaseTarget, ...] = (DatabaseTarget(name="securenet"),)
    """PostgreSQL servers."""
    hosts: tuple[HostTarget, ...] = (HostTarget(name="local"),)
    """Hosts; `local` is the machine that runs the tasks."""
    apis: tuple[ApiTarget, ...] = ()
    """HTTP addresses."""
    pages: tuple[PageTarget, ...] = ()
    """Web pages that a real browser opens (sources.md)."""
    networks: tuple[NetworkTarget, ...] = ()
    """Whatever is reached over a network."""
    applications: tuple[ApplicationTarget, ...] = (ApplicationTarget(name="securenet", connection="securenet_db"),)
    """Applications that say something of themselves."""
    discover: tuple[Discover, ...] = ()
    """Lists of further targets that are kept elsewhere (sources.md)."""

    @property
    def clocked(self) -> Collection[DutyName]:
        """The duties that run by the clock with these targets."""
        return clocked(self.model_dump(include={*ONLY_WITH.values(), "discover"}))

    @field_validator("databases", "hosts", "apis", "pages", "networks", "applications")
    @classmethod
    def told_apart(cls, targets: tuple[Watched, ...]) -> tuple[Watched, ...]:
        """Each name once within a kind: it is what alerts and silences name."""
        taken = {STORE}
        for name in (one.name for one in targets):
            if name in taken:
                twice = "is the monitoring's own" if name == STORE else "stands twice"
                raise ValueError(f"the name {name!r} {twice}; allowed: another name for each")
            taken.add(name)
        return targets

    @field_validator("hosts")
    @classmethod
    def one_is_here(cls, targets: tuple[HostTarget, ...]) -> tuple[HostTarget, ...]:
        """Only one can be the machine that runs the task."""
        if len(here := [one.name for one in targets if one.via == "psutil"]) > 1:
            raise ValueError(f"{', '.join(here)} would all be the machine of the task; allowed: via: node_exporter, prometheus or ssh")
        return targets

    @model_validator(mode="after")
    def rightly_set(self) -> Targets:
        """What is set for all targets of a list is as it would be for one."""
        if found := [problem for number, entry in enumerate(self.discover) for problem in wrongly_set(number, entry)]:
            raise ValidationError.from_exception_data("Targets", found)
        return self


def wrongly_set(number: int, entry: Discover) -> Iterator[InitErrorDetails]:
    """What is set for a list and is wrong in itself; what else its targets need, the list may say."""
    try:
        KINDS[entry.kind].model_validate({**entry.set, "name": "any"})
    except ValidationError as error:
        for problem in error.errors():
            if set(problem["loc"][:1]) & entry.set.keys():
                yield as_set(problem, ("discover", number, "set"), KINDS[entry.kind])
