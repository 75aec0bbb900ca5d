"""What the demo has come to: alerts, messages, mails, and where to look at them."""

import httpx
import psycopg

from local import airflow, environment
from local.progress import say

ALERTS = "SELECT state, severity, count(*) FROM monitoring.alert GROUP BY 1, 2 ORDER BY 1, 2"
MESSAGES = "SELECT channel, state, count(*) FROM monitoring.message GROUP BY 1, 2 ORDER BY 1, 2"


def show() -> None:
    """Print it, in a few lines."""
    with psycopg.connect(environment.variables()["AIRFLOW_CONN_MONITORING_DB"]) as store:
        say(f"alerts: {_counts(store, ALERTS)}")
        say(f"messages: {_counts(store, MESSAGES)}")
    inbox = environment.variables()["SECURENET_INBOX"]
    say(f"mails in the inbox: {len(httpx.get(f'{inbox}/api/messages', timeout=30).json())}")
    say(f"inbox:      {inbox}")
    say(f"Airflow UI: {airflow.address()}  user {airflow.USER}, password in {airflow.password_file()}")


def _counts(store: psycopg.Connection, query: bytes | str) -> str:
    rows = store.execute(query.encode() if isinstance(query, str) else query).fetchall()
    return ", ".join(f"{count} {first} {second}" for first, second, count in rows) or "none"
