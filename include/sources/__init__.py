"""What can be asked: one file per source. A line here registers it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Protocol

from include.model import Sample
from include.store import Store

SOURCES = {
    "accounts.sql": "include.sources.accounts_sql:SqlAccounts",
    "applications.page": "include.sources.application_page:ApplicationPage",
    "applications.sql": "include.sources.application_sql:ApplicationSql",
    "databases": "include.sources.postgresql:PostgresGauge",
    "duties": "include.sources.duties:Duties",
    "hosts.node_exporter": "include.sources.host_node_exporter:NodeExporterHost",
    "hosts.prometheus": "include.sources.host_prometheus:PrometheusHost",
    "hosts.psutil": "include.sources.host_local:LocalHost",
    "hosts.ssh": "include.sources.host_ssh:SshHost",
    "networks": "include.sources.network:NetworkGauge",
    "pages": "include.sources.page:PageGauge",
}


class Source(Protocol):
    """Something that is watched. Building one connects to nothing."""

    @property
    def name(self) -> str:
        """The label `source`."""
        ...

    def read(self, store: Store, at: datetime, organization: str | None, within: timedelta) -> Sequence[Sample]:
        """Measure, load facts into the store, and return the samples, except for those that SQL let arrive there already.

        Raises SourceError when the watched side fails, or does not answer within that time.
        """
        ...
