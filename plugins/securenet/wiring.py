"""Airflow's connections and the environment, turned into domain objects. Nobody else reads them."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from airflow.sdk.exceptions import AirflowFailException

from include.config.settings import AccountExpiration, Settings
from include.model import Clock, Run, utc_now
from securenet.configuration import InForce, at_run

if TYPE_CHECKING:
    from airflow.sdk import Connection

    from include.audiences import Routes
    from include.channels import Channel
    from include.channels.email import SmtpSettings
    from include.collecting import Collecting
    from include.delivery import Drain
    from include.evaluating import Evaluating
    from include.reporting import Reporting
    from include.sources import Source
    from include.store import Store
    from include.store.runs import Counts

STORE = "monitoring_db"
EXAMPLES = {
    STORE: "postgresql://monitoring:secret@host:5432/monitoring",
    "smtp_default": "smtp://user:secret@mail.example.com:587/?from_email=monitoring%40example.com&disable_ssl=true",
}
# With so many messages due, so many drainers work at once: most of a drainer's time is waiting for a disk and a mail server.
MUCH, DRAINERS = 100, 2
LIBPQ_EXTRAS = ("ssl", "gss", "channel_binding", "target_session", "require_auth")
# The connection that each channel needs.
CONNECTION_OF = {
    "email": "smtp_default",
    "slack": "slack_default",
    "pagerduty": "pagerduty_events_default",
    "sms": "sms_default",
    "webhook": "monitoring_webhook",
}


def connection(name: str) -> Connection:
    """The Airflow connection. Raises AirflowFailException, which is not retried, with what to create and how."""
    found = find_connection(name)
    if found is None:
        example = EXAMPLES.get(name, "postgresql://monitor:secret@host:5432/securenet")
        raise AirflowFailException(
            f"connection {name!r} is missing: create it in the Airflow UI (Admin > Connections), "
            f"or set AIRFLOW_CONN_{name.upper()}={example}"
        )
    return found


def find_connection(name: str) -> Connection | None:
    """The Airflow connection, None when there is none of that name."""
    from airflow.sdk import Connection
    from airflow.sdk.exceptions import AirflowNotFoundException

    try:
        found: Connection = Connection.get(name)
    except AirflowNotFoundException:
        return None
    return found


def conninfo(name: str) -> str:
    """A PostgreSQL connection as libpq takes it; what libpq knows of the extras (sslmode, ...) goes along."""
    from psycopg.conninfo import make_conninfo

    found = connection(name)
    known = {key: value for key, value in found.extra_dejson.items() if key.startswith(LIBPQ_EXTRAS)}
    parts = {"host": found.host, "port": found.port, "user": found.login, "password": found.password, "dbname": found.schema}
    return make_conninfo("", **{key: str(value) for key, value in {**parts, **known}.items() if value})


def smtp(found: Connection) -> SmtpSettings:
    """`smtp_default` as the SMTP provider's form fills it: `disable_ssl`, `disable_tls`, `timeout` and `from_email` in the extras."""
    from include.channels.email import SmtpSettings

    extra = found.extra_dejson
    security = "ssl" if not flag(extra.get("disable_ssl")) else "none" if flag(extra.get("disable_tls")) else "starttls"
    port = found.port or {"ssl": 465, "starttls": 587, "none": 25}[security]
    sender = sender_of(found) or "monitoring@localhost"
    return SmtpSettings(found.host or "localhost", port, sender, security, found.login, found.password, float(extra.get("timeout", 30)))


def sender_of(found: Connection) -> str | None:
    """The address that mails come from: `from_email`, else a login that is one (for some providers it is a key instead)."""
    from include.writing.mails import is_address

    return next((text for text in (found.extra_dejson.get("from_email"), found.login) if text and is_address(text)), None)


def flag(value: Any) -> bool:
    """A boolean of a connection's extras, which a URI can only carry as text."""
    return str(value).lower() in ("true", "1", "yes")


@contextmanager
def store(application: str = "securenet monitoring") -> Iterator[Store]:
    """The store, checked to have the schema that this code needs."""
    from include.store import connect, migrations

    opened = connect(conninfo(STORE), application)
    try:
        migrations.check(opened)
        yield opened
    finally:
        opened.connection.close()


@dataclass(frozen=True)
class Wiring:
    """Everything that one run works with. `show`: rehearse, so that also what is not due is rendered and nothing is sent."""

    store: Store
    in_force: InForce
    clock: Clock = utc_now
    show: bool = False

    @property
    def settings(self) -> Settings:
        """The settings in force."""
        return self.in_force.settings

    @property
    def accounts(self) -> AccountExpiration:
        """The section of account expiration."""
        return self.settings.monitoring.account_expiration

    @property
    def zone(self) -> ZoneInfo:
        """The zone in which times of day are meant."""
        return ZoneInfo(self.settings.monitoring.zone)

    def source(self, name: str) -> Source:
        """A source by its name in a DAG file; which kind `accounts` is, the configuration says."""
        from include.loading import load_named
        from include.sources import SOURCES

        if name != "accounts":
            source: Source = load_named(SOURCES, name, "source")()
            return source
        kind = load_named(SOURCES, f"accounts.{self.accounts.source}", "source")
        accounts: Source = kind(conninfo(self.accounts.connection), self.accounts)
        return accounts

    def collecting(self, source: str) -> Collecting:
        """How a source is measured."""
        from include.collecting import Collecting

        return Collecting(self.source(source), self.in_force.refusal, self.clock)

    def interval(self, duty: str) -> timedelta | None:
        """How long the moment of a run lasts: until the next one is due; None for a duty by hand or once a day."""
        section = getattr(self.settings.monitoring, duty, None)
        interval: timedelta | None = getattr(section, "check_interval", None)
        return interval

    def evaluating(self, duty: str, reminders: bool) -> Evaluating:
        """How a duty is judged."""
        from include.evaluating import Evaluating
        from include.rules import rules_of

        return Evaluating(rules_of(duty), self.settings, self.routes(duty), self.remind if reminders else None, self.clock)

    def remind(self, store: Store, run: Run, now: datetime) -> Counts:
        """Remind the owners of accounts, unless the list at hand is too old to be believed."""
        from include.reminders import Reminders
        from include.source_state import silent

        if missing := silent(store, run, now):
            return {"reminders": f"no data: {missing.why}"}
        return Reminders(store, self.accounts, run, "accounts", now).remind()

    def routes(self, duty: str) -> Routes:
        """Where a duty's news goes."""
        from include.audiences import Routes

        section = getattr(self.settings.monitoring, duty, None)
        channels = getattr(section, "alert_channels", ("email",))
        return Routes(self.settings, channels, frozenset(self.channels), self.default_receiver)

    @property
    def default_receiver(self) -> str | None:
        """Whoever gets what nobody was assigned to: SECURENET_ADMIN_EMAIL, else the sender of `smtp_default`."""
        found = find_connection("smtp_default")
        return os.environ.get("SECURENET_ADMIN_EMAIL") or (sender_of(found) if found else None)

    @cached_property
    def channels(self) -> dict[str, Callable[[], Channel]]:
        """What opens each channel that has the connection it needs."""
        from include.channels import CHANNELS
        from include.loading import load_named

        openers: dict[str, Callable[[], Channel]] = {"log": load_named(CHANNELS, "log", "channel")}
        if mail := find_connection(CONNECTION_OF["email"]):
            openers["email"] = lambda: load_named(CHANNELS, "email", "channel")(smtp(mail), self.zone, self.clock)
        return openers

    def drain(self, until: datetime) -> Counts:
        """Send what is due, with several drainers when that is much; in a rehearsal, nothing is."""
        from include.delivery import drain_together

        if self.show:
            return {"rehearsed": 1}
        much = self.store.value("messages.due", now=self.clock(), most=MUCH) == MUCH
        with ExitStack() as further:
            stores = [self.store, *(further.enter_context(store()) for _ in range(DRAINERS - 1 if much else 0))]
            return dict(drain_together([self.drainer(opened, until) for opened in stores]))

    def drainer(self, opened: Store, until: datetime) -> Drain:
        """A drain with channels of its own."""
        from include.delivery import Drain

        hours = self.accounts.reminder_hours
        channels = {name: make() for name, make in self.channels.items()}
        return Drain(opened, channels, lambda now: hours.hold(now.astimezone(self.zone).time()), self.clock, until)

    def reporting(self, duty: str, report: str) -> Reporting:
        """How a duty reports."""
        from include.loading import load_named
        from include.reporting import Reporting
        from include.reports import REPORTS

        routes = self.routes(duty)
        kind = load_named(REPORTS, report, "report")
        return Reporting(kind(self.settings, routes, os.environ.get("SECURENET_UI")), routes, self.clock, self.show)


@contextmanager
def wired(application: str) -> Iterator[Wiring]:
    """The wiring of a task or command, its store open."""
    with store(application) as opened:
        yield Wiring(opened, at_run(opened))
