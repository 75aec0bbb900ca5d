"""What is watched: targets by kind, each with its environment as a label."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

from pydantic import Field, field_validator

from include.config.section import ChannelName, Section
from include.config.types import ConnectionId, Duration, Whole, within

Name = Annotated[str, Field(min_length=1, max_length=200)]
Beat = Annotated[Duration, within("1s", "1h")]
# Labels that the monitoring itself gives.
OWN_LABELS = frozenset({"target", "environment", "organization"})
STORE = "store"
STORE_LABELS = {"target": STORE, "environment": "monitoring"}


class DatabaseTarget(Section):
    """A PostgreSQL server."""

    name: Name
    """How it is called in alerts and silences: the label `target`."""
    connection: ConnectionId = "securenet_db"
    """The Airflow connection of a role that may connect; it needs no other right."""
    environment: Name = "prod"
    """The label `environment`."""
    labels: dict[str, str] = {}
    """Further labels, for routes and silences."""

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


class DatabaseConnectivity(Section):
    """How databases are asked whether they answer."""

    interval: Beat = timedelta(seconds=30)
    """How often each is connected to and queried."""
    heartbeat: Beat = timedelta(seconds=5)
    """How often the connection that stays open is felt: so long a frozen server may go unnoticed, and `timeout` for each attempt."""
    timeout: Annotated[Duration, within("1s", "1m")] = timedelta(seconds=2)
    """How long an answer may take."""
    confirmations: Annotated[Whole, Field(ge=0, le=10)] = 2
    """So many further attempts, a third of a second apart, must fail too before it is an alert; with 0, the first one is."""
    alert_channels: tuple[ChannelName, ...] = ("email",)
    """Where news goes."""


class Targets(Section):
    """What is watched. The store itself always is, as the target `store`."""

    databases: tuple[DatabaseTarget, ...] = (DatabaseTarget(name="securenet"),)
    """PostgreSQL servers."""

    @field_validator("databases")
    @classmethod
    def told_apart(cls, databases: tuple[DatabaseTarget, ...]) -> tuple[DatabaseTarget, ...]:
        """Each name once: it is what alerts and silences name."""
        names = [one.name for one in databases]
        if STORE in names or len(set(names)) < len(names):
            raise ValueError(f"names must differ from each other and from {STORE!r}, which is the monitoring's own; allowed: another name")
        return databases
