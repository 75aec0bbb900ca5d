"""Ten thousand alert messages through four channels, the rate of each beside that of a raw client."""

from __future__ import annotations

import json
import smtplib
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import httpx

from bench.notify import mail
from bench.page import Bar, Figure, Rows
from bench.process import DURABLE, ROOT, airflow_home, create, python
from include.config.loading import load
from include.evaluating import Evaluating
from include.message import MessageState
from include.model import Level, Run, Traits, Verdict, utc_now
from include.people.directory import Directory
from include.store import Store, connect, migrations
from local.postgres import Server, throwaway

MESSAGES, ROUNDS = 10_000, 3
DUTY = ROOT / "dags" / "alert_action.py"
CHANNELS = ("email", "slack", "pagerduty", "webhook")
ALONE = MESSAGES // len(CHANNELS)
CAP = "{messages: 1000000, per: 1s, burst: 1000000}"
CONFIGURATION = f"""
alerts: {{caps: {{email: {CAP}, slack: {CAP}, pagerduty: {CAP}}}}}
routes:
  - to: [{{channel: email, receiver: ops@example.com}}, {{channel: slack, receiver: "#ops"}}, {{channel: pagerduty}}, {{channel: webhook}}]
    match: {{severity: warning}}
"""
HOW = f"""{MESSAGES:,} alert messages, {ALONE:,} for each channel, each of a group of its own, into sinks in processes of their own
that take everything at once. Ours: the task Notify (`execute`, in a fresh process), each message rendered, sent and recorded in a
store with fsync on, its intent committed before and its outcome after it; first each channel alone, in {ROUNDS} rounds, then all four
together. Raw: one client over one connection that sends as many mails of 3 kB, or posts of 2 kB, and records nothing."""


@dataclass(frozen=True)
class Sinks:
    """Where mails and posts go."""

    mail: int
    http: int

    def connections(self, channels: tuple[str, ...]) -> dict[str, str]:
        """Airflow connections of these channels."""
        host = f"127.0.0.1:{self.http}"
        slack = {"conn_type": "slack", "password": "xoxb-bench", "extra": {"base_url": f"http://{host}"}}
        every = {
            "email": ("SMTP_DEFAULT", f"smtp://127.0.0.1:{self.mail}/?from_email=m%40example.com&disable_ssl=true&disable_tls=true"),
            "slack": ("SLACK_DEFAULT", json.dumps(slack)),
            "pagerduty": ("PAGERDUTY_EVENTS_DEFAULT", json.dumps({"conn_type": "pagerduty_events", "password": "k" * 32})),
            "webhook": ("MONITORING_WEBHOOK", f"http://:secret@{host}/in"),
        }
        return {f"AIRFLOW_CONN_{name}": value for name, value in (every[channel] for channel in channels)}


def measure() -> Figure:
    """Each channel alone, in rounds, and all of them together."""
    with throwaway(**DURABLE) as server, process("bench.sink") as mails, process("bench.receiver") as posts, airflow_home() as home:
        sinks = Sinks(mails, posts)
        with tempfile.TemporaryDirectory(prefix="securenet-bench-") as folder:
            path = Path(folder) / "monitoring.yaml"
            path.write_text(CONFIGURATION + f"channels: {{pagerduty: {{region: 'http://127.0.0.1:{posts}'}}}}\n")
            environment = {**home, "SECURENET_CONFIG": str(path)}
            ours(server, environment, sinks, CHANNELS[:1], 50)
            rounds = {channel: [one_round(server, environment, sinks, channel, n) for n in range(ROUNDS)] for channel in CHANNELS}
            together = ours(server, environment, sinks, CHANNELS, ALONE)
    return figure(rounds, together)


@contextmanager
def process(module: str) -> Iterator[int]:
    """A sink in a process of its own; its port."""
    with subprocess.Popen([sys.executable, "-m", module], stdout=subprocess.PIPE, cwd=ROOT) as running:
        try:
            yield int(running.stdout.readline() if running.stdout else 0)
        finally:
            running.kill()


Pair = tuple[float, float]


def one_round(server: Server, environment: Mapping[str, str], sinks: Sinks, channel: str, number: int) -> Pair:
    """Messages a second, ours and raw; whoever begins takes turns."""
    if number % 2:
        by_hand = raw(sinks, channel)
        return ours(server, environment, sinks, (channel,), ALONE), by_hand
    return ours(server, environment, sinks, (channel,), ALONE), raw(sinks, channel)


def ours(server: Server, environment: Mapping[str, str], sinks: Sinks, channels: tuple[str, ...], alerts: int) -> float:
    """Messages a second of the task Notify."""
    dsn = create(server, "monitoring")
    store = connect(dsn, "bench")
    migrations.migrate(store)
    queue(store, Path(environment["SECURENET_CONFIG"]), channels, alerts)
    store.connection.close()
    own = {**environment, "AIRFLOW_CONN_MONITORING_DB": dsn, **sinks.connections(channels)}
    done = python("bench.task", str(DUTY), "notify", "bench", environment=own)
    assert done["counts"].get("sent") == alerts * len(channels), done["counts"]
    return alerts * len(channels) / float(done["seconds"])


def queue(store: Store, configuration: Path, channels: tuple[str, ...], alerts: int) -> None:
    """Alerts as Evaluate writes them, an age ago, so that their messages may leave."""
    settings, at = load(configuration, None).settings, utc_now()

    def standing(channel: str, receiver: str | None) -> tuple[MessageState, str | None]:
        return (MessageState.PENDING, None) if channel in channels else (MessageState.NOT_CONFIGURED, None)

    traits = Traits(group_by=("target",))
    directory = Directory(settings, "ops@example.com", standing, lambda rule: traits)
    evaluating = Evaluating((), settings, directory, None, utc_now)
    judged = [
        (traits, Verdict("system_health", "cpu_usage", {"target": f"host-{n}"}, Level.WARNING, at, f"CPU of host-{n} at 91 %"))
        for n in range(alerts)
    ]
    with store.transaction():
        evaluating.apply(store, judged, Run("system_health", "bench", at), at)
    store.connection.execute("update message set due_at = now() where state = 'pending'")
    store.connection.execute("vacuum analyze message, alert_group, receiver_state")


def raw(sinks: Sinks, channel: str) -> float:
    """Messages a second of one client over one connection."""
    started = time.perf_counter()
    if channel == "email":
        with smtplib.SMTP("127.0.0.1", sinks.mail) as smtp:
            for number in range(ALONE):
                smtp.send_message(mail(number))
    else:
        with httpx.Client() as client:
            for number in range(ALONE):
                client.post(f"http://127.0.0.1:{sinks.http}/raw", json={"number": number, "text": "x" * 2000}).raise_for_status()
    return ALONE / (time.perf_counter() - started)


def figure(rounds: Mapping[str, list[Pair]], together: float) -> Figure:
    """The rates."""
    rows = [
        (channel, *(f"{median(pair[side] for pair in pairs):.0f}" for side in (0, 1)), f"{ratio(pairs):.2f}")
        for channel, pairs in rounds.items()
    ]
    table = Rows(
        "channel", "ours, messages/s", "raw, messages/s", "ours / raw", rows=[*rows, ("all four together", f"{together:.0f}", "", "")]
    )
    return Figure("channels", "Channels", HOW, [table], [Bar("10,000 messages, all sent", "all", "all", True)])


def ratio(pairs: list[Pair]) -> float:
    """Ours against raw, median of the rounds."""
    return median(one / other for one, other in pairs)
