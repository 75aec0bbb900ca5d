"""A stage for stories: a real store, a real watched database, a real mail server, and a clock that the story moves."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Any
from uuid import UUID, uuid5

import psycopg

from include.config.loading import parse
from include.config.settings import Settings
from include.model import Run
from include.store import Row, Store
from securenet.commands.check import load_dag
from securenet.configuration import InForce
from securenet.rehearsal import stages
from securenet.wiring import Wiring
from tests.conftest import NOW
from tests.smtp import Inbox

DUTY = "account_expiration"
ADMIN = "admin@example.com"
NAMESPACE = UUID("00000000-0000-0000-0000-000000000001")
numbers = itertools.count(1)
SENDING = "monitoring: {account_expiration: {send_emails: true, reminder_hours: '00:00-24:00'}}"


def settings(text: str = SENDING) -> Settings:
    """Settings from YAML."""
    return parse(text, Path("story.yaml")).settings


@dataclass
class Story:
    """One installation in its life. `now` moves only when the story says so."""

    store: Store
    watched: psycopg.Connection[Any]
    inbox: Inbox
    now: datetime = NOW
    settings: Settings = field(default_factory=settings)
    refusal: str | None = None

    def organization(self, slug: str) -> UUID:
        """An organisation, made where it is new; its id."""
        key = uuid5(NAMESPACE, slug)
        self.watched.execute(
            "insert into organizations (id, name, slug, status, plan_type, user_limit, retention_days, primary_contact_email,"
            " created_at, updated_at) values (%s, %s, %s, 'ACTIVE', 'PRO', 9, 9, 'a@example.com', now(), now()) on conflict do nothing",
            (key, slug, slug),
        )
        return key

    def account(self, username: str, organization: str = "acme", **columns: Any) -> UUID:
        """An account; dates may be given as days from now."""
        key = uuid5(NAMESPACE, f"user {username}")
        row = {
            "id": key,
            "organization_id": self.organization(organization),
            "username": username,
            "email": f"{username}@example.com",
            "role": "SOC_ANALYST",
            "password_hash": "secret",
            **dict.fromkeys(("is_active", "is_verified", "mfa_enabled"), True),
            **dict.fromkeys(("login_count", "failed_login_attempts"), 0),
            "requires_password_change": False,
            "created_at": NOW,
            "updated_at": NOW,
            "version": 1,
            **{name: self.moment(value) if name.endswith(("_at", "_date", "_until")) else value for name, value in columns.items()},
        }
        names = ", ".join(row)
        marks = ", ".join(["%s"] * len(row))
        self.watched.execute(f"insert into users ({names}) values ({marks})".encode(), list(row.values()))
        return key

    def membership(self, user: UUID, group: str, expires_at: Any, *, is_active: bool = True) -> None:
        """A group membership of a user; the group is made where it is new."""
        organization = self.watched.execute("select organization_id from users where id = %s", (user,)).fetchone()
        key = uuid5(NAMESPACE, f"group {group} {organization}")
        self.watched.execute(
            "insert into user_groups (id, organization_id, name, group_type, access_level, level, is_active, is_system_group)"
            " values (%s, %s, %s, 'project', 'business', 0, true, false) on conflict do nothing",
            (key, organization[0] if organization else None, group),
        )
        self.watched.execute(
            "insert into user_group_memberships (id, user_id, group_id, role_in_group, is_primary_group, is_active, expires_at)"
            " values (%s, %s, %s, 'member', false, %s, %s)",
            (uuid5(NAMESPACE, f"{user} {group}"), user, key, is_active, self.moment(expires_at)),
        )

    def change(self, username: str, **columns: Any) -> None:
        """Other values for an account; dates may be given as days from now."""
        for name, value in columns.items():
            self.watched.execute(f"update users set {name} = %s where username = %s".encode(), (self.moment(value), username))

    def moment(self, value: Any) -> Any:
        """Days from now as a moment; anything else as it is."""
        number = isinstance(value, (int, float)) and not isinstance(value, bool)
        return self.now + timedelta(days=value) if number else value

    def later(self, **by: float) -> Story:
        """The same, later."""
        self.now += timedelta(**by)
        return self

    def run(self, run_id: str | None = None, **form: Any) -> dict[str, Any]:
        """Run the duty as its DAG file says, with the real verbs; the counts of each stage."""
        run = Run(DUTY, run_id or f"run_{next(numbers)}", self.now, timedelta(hours=1), **form)
        return {verb.task_id: verb.perform(self.wiring, run) for verb in stages(load_dag(DUTY))}

    @property
    def wiring(self) -> Wiring:
        """The wiring of a run at this moment."""
        return Wiring(self.store, InForce(self.settings, self.refusal), lambda: self.now)

    def alerts(self, **where: str) -> list[Row]:
        """All alerts with these values, oldest first."""
        rows = self.store.connection.execute("select * from alert order by id").fetchall()
        return [row for row in rows if all(str({**row, **row["labels"]}.get(name)) == value for name, value in where.items())]

    def messages(self, template: str = "reminder") -> list[Row]:
        """All messages of a template, oldest first."""
        return self.store.connection.execute("select * from message where template = %s order by id", (template,)).fetchall()

    def digests(self) -> list[EmailMessage]:
        """The mails that the administrator got."""
        return self.inbox.to(ADMIN)

    def reminded(self) -> list[str]:
        """Whom reminders reached, in the order in which they did."""
        return [recipients[0] for recipients in self.inbox.envelopes if recipients[0] != ADMIN]

    def metric(self, metric: str) -> dict[tuple[str, ...], float]:
        """The newest values of a metric by the values of its labels, in the order of the labels' names."""
        rows = self.store.many("samples.newest", metric=metric, labels="{}")
        return {tuple(value for _, value in sorted(row["labels"].items())): row["value"] for row in rows}


def text_of(mail: EmailMessage) -> str:
    """The plain text of a mail."""
    body = mail.get_body(("plain",))
    return str(body.get_content()) if body else ""


def html_of(mail: EmailMessage) -> str:
    """The HTML of a mail."""
    body = mail.get_body(("html",))
    return str(body.get_content()) if body else ""


def attachment_of(mail: EmailMessage) -> str:
    """The attached CSV file."""
    part = next(iter(mail.iter_attachments()))
    return bytes(part.get_payload(decode=True)).decode()  # type: ignore[arg-type]
