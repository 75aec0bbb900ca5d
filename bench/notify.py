"""Reminders a second: the Notify task against one raw SMTP connection that records nothing; and what a claim costs."""

from __future__ import annotations

import smtplib
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from email.message import EmailMessage
from pathlib import Path
from statistics import median
from typing import Any

import psycopg

from bench.page import Bar, Figure, Rows
from bench.process import DURABLE, ROOT, airflow_home, create, python
from include.config.settings import AccountExpiration
from include.model import Run, utc_now
from include.queries import named_queries
from include.reminders import Reminders
from include.store import Row, Store, connect, migrations, sql
from local.postgres import Server, throwaway

QUERIES = named_queries(Path(__file__).with_name("notify.sql"))
DUTY = ROOT / "dags" / "account_expiration.py"
REMINDERS, ROUNDS = 10_000, 3
CLAIMS, FEW, MANY = 300, 10, 100_000
CLAIM: Row = {"drainer": 0, "priorities": [0, 1, 2], "channels": ["email"], "now": utc_now() + timedelta(hours=1)}
ROW = "<tr><td>metric {0}</td><td>{0}.5</td><td>threshold {0}</td></tr>"
HOW = f"""{REMINDERS:,} reminders into an SMTP sink in a process of its own, {ROUNDS} times; whoever begins takes turns. Ours: the task
Notify (`execute`, in a fresh process), each reminder rendered, sent and recorded in a store with fsync on, its intent committed
before and its outcome after it. Raw: one smtplib connection that builds a mail of 3 kB each time and records nothing. A claim:
the median of {CLAIMS} that are rolled back."""
HTML = f"<html><body><h2>Alert</h2><table>{''.join(ROW.format(number) for number in range(40))}</table></body></html>"


def measure() -> Figure:
    """Both figures, on one server that waits for its disk."""
    with throwaway(**DURABLE) as server, sink() as port, airflow_home() as home:
        dsn = create(server, "monitoring")
        environment = {**home, **connections(dsn, port)}
        store = connect(dsn, "bench")
        migrations.migrate(store)
        warm_up(store, port, environment)
        rounds = [one_round(store, port, environment, number) for number in range(ROUNDS)]
        store.connection.close()
        return figure(rounds, claims(server))


@contextmanager
def sink() -> Iterator[int]:
    """A mail server in a process of its own; its port."""
    with subprocess.Popen([sys.executable, "-m", "bench.sink"], stdout=subprocess.PIPE, cwd=ROOT) as process:
        try:
            yield int(process.stdout.readline() if process.stdout else 0)
        finally:
            process.kill()


def connections(dsn: str, port: int) -> dict[str, str]:
    """What the Notify task needs; the demo's overlay lets reminders leave all day."""
    mail = f"smtp://127.0.0.1:{port}/?from_email=monitoring%40example.com&disable_ssl=true&disable_tls=true"
    return {"AIRFLOW_CONN_MONITORING_DB": dsn, "AIRFLOW_CONN_SMTP_DEFAULT": mail, "SECURENET_ENV": "demo"}


@dataclass(frozen=True)
class Round:
    """Mails a second of both sides, one after the other, and the transactions that ours committed a second."""

    raw: float
    ours: float
    commits: float
    disk: float


def warm_up(store: Store, port: int, environment: Mapping[str, str]) -> None:
    """Modules compiled, caches filled."""
    raw(port, 100)
    queue(store, "warm", 200)
    python("bench.task", str(DUTY), "notify", "warm", environment=environment)


def one_round(store: Store, port: int, environment: Mapping[str, str], number: int) -> Round:
    """The same number of mails by each side; whoever begins takes turns."""
    mails = REMINDERS // ROUNDS
    queue(store, f"round{number}", mails)
    if number % 2:
        by_hand, (ours, commits) = raw(port, mails), notify(store, environment, number, mails)
    else:
        (ours, commits), by_hand = notify(store, environment, number, mails), raw(port, mails)
    return Round(by_hand, ours, commits, disk(store))


def queue(store: Store, prefix: str, accounts: int) -> None:
    """Reminders as Evaluate queues them, one for each of so many accounts; all of them may leave."""
    now, settings = utc_now(), AccountExpiration(send_emails=True, most_reminders=MANY * 10)
    store.connection.execute(QUERIES["accounts"].encode(), {"now": now, "prefix": prefix, "accounts": accounts})
    with store.transaction():
        told = Reminders(store, settings, Run("account_expiration", prefix, now), "accounts", now).remind()
    assert (told["reminders"], told["steps"]) == ("queued", accounts), told
    store.connection.execute("vacuum analyze message")


def notify(store: Store, environment: Mapping[str, str], number: int, mails: int) -> tuple[float, float]:
    """The Notify task in a process of its own: mails and commits a second inside `execute`."""
    before = committed(store)
    done = python("bench.task", str(DUTY), "notify", f"round{number}", environment=environment)
    assert done["counts"] == {"sent": mails}, done["counts"]
    return mails / done["seconds"], (committed(store) - before) / done["seconds"]


def committed(store: Store) -> int:
    """Transactions so far; sessions report theirs when they end, or after a second."""
    time.sleep(1.5)
    row: Any = store.connection.execute(QUERIES["commits"].encode()).fetchone()
    return int(row["commits"])


def raw(port: int, mails: int) -> float:
    """Mails a second over one connection, each built anew, nothing recorded."""
    started = time.perf_counter()
    with smtplib.SMTP("127.0.0.1", port) as smtp:
        for number in range(mails):
            smtp.send_message(mail(number))
    return mails / (time.perf_counter() - started)


def mail(number: int) -> EmailMessage:
    """A mail of 3 kB, text and HTML."""
    made = EmailMessage()
    made["From"], made["To"] = "monitoring@example.com", f"user{number}@acme.example"
    made["Subject"] = f"[CRITICAL] check {number} breached"
    made.set_content(f"check {number} breached: value 95.1 > 90\n" * 5)
    made.add_alternative(HTML, subtype="html")
    return made


def disk(store: Store, commits: int = 300) -> float:
    """Commits a second of one connection that does nothing else: what the disk gives."""
    store.connection.execute("create table if not exists disk_speed (at timestamptz)")
    started = time.perf_counter()
    for _ in range(commits):
        store.connection.execute("insert into disk_speed values (now())")
    return commits / (time.perf_counter() - started)


@dataclass
class Claims:
    """A store with so many reminders pending, the seconds of each claim on it, and the shape of their plan."""

    pending: int
    store: Store
    seconds: list[float] = field(default_factory=list)
    plan: str = ""

    def claim(self) -> None:
        """Claim one message and undo it."""
        with self.store.rehearsal():
            started = time.perf_counter()
            row = self.store.one("messages.claim_head", **CLAIM)
            self.seconds.append(time.perf_counter() - started)
        assert row, "nothing was claimed"

    def explain(self) -> None:
        """Keep the plan, without its costs."""
        with self.store.rehearsal():
            cursor = psycopg.ClientCursor(self.store.connection)
            self.plan = "\n".join(
                str(next(iter(row.values()))) for row in cursor.execute(b"explain (costs off) " + sql("messages.claim_head"), CLAIM)
            )


def claims(server: Server) -> list[Claims]:
    """The same claim in turns on two stores: one with few reminders pending, one with many."""
    both = [pending_store(server, pending) for pending in (FEW, MANY)]
    for one in both * CLAIMS:
        one.claim()
    for one in both:
        one.explain()
        one.store.connection.close()
    return both


def pending_store(server: Server, pending: int) -> Claims:
    """A store that has sent some reminders and has others pending."""
    store = connect(create(server, f"pending_{pending}"), "bench")
    migrations.migrate(store)
    queue(store, "sent", 1000)
    store.connection.execute("update message set state = 'sent', finished_at = now()")
    queue(store, "pending", pending)
    return Claims(pending, store)


def figure(rounds: list[Round], claimed: list[Claims]) -> Figure:
    """The tables and the bars."""
    ratio = median(one.ours / one.raw for one in rounds)
    return Figure("notify", "Reminders", HOW, [rates(rounds), costs(claimed)], [rate_bar(ratio), *claim_bars(*claimed)])


def rates(rounds: list[Round]) -> Rows:
    """Mails and commits a second."""
    sides = {
        "raw smtplib, mails/s": [one.raw for one in rounds],
        "Notify, mails/s": [one.ours for one in rounds],
        "Notify, commits/s": [one.commits for one in rounds],
        "bare commits of one connection/s": [one.disk for one in rounds],
    }
    return Rows("", "median", "min", "max", rows=[(name, *map("{:.0f}".format, (median(v), min(v), max(v)))) for name, v in sides.items()])


def costs(claimed: list[Claims]) -> Rows:
    """Milliseconds of a claim."""
    return Rows("pending", "claim, ms, median", rows=[(f"{one.pending:,}", f"{median(one.seconds) * 1000:.2f}") for one in claimed])


def rate_bar(ratio: float) -> Bar:
    """Our share of the raw rate."""
    return Bar("reminders a second, ours / raw, median of the rounds", "at least 0.70", f"{ratio:.2f}", ratio >= 0.7)


def claim_bars(few: Claims, many: Claims) -> list[Bar]:
    """The plan and the cost do not depend on how much is pending."""
    same, ratio = few.plan == many.plan, median(many.seconds) / median(few.seconds)
    return [
        Bar(f"plan of a claim with {MANY:,} and with {FEW} pending", "the same", "the same" if same else "another", same),
        Bar(f"claim with {MANY:,} / with {FEW} pending, medians", "the same (at most 1.5)", f"{ratio:.2f}", ratio <= 1.5),
    ]
