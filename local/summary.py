"""What the demo has come to: what was found, which alerts and mails came of it, and where to look at them. Printed on stdout."""

from typing import Any

import httpx
import psycopg
from psycopg.rows import dict_row

from local import airflow, environment

FOUND = """
select l.at, s.labels ->> 'step' as step, sum(l.value)::int as found
from monitoring.series s join monitoring.latest l on l.series_id = s.id
where s.metric = 'accounts_expiring' group by 1, 2
order by s.labels ->> 'step' = 'expired' desc, length(s.labels ->> 'step'), 2
"""
# The two runs, and a scheduled one that came between them: it may have written to the owners first.
RUNS = """
with evaluated as (select * from monitoring.run where duty = 'account_expiration' and stage = 'evaluate'),
ours as (select min(id) as first, max(id) as last from evaluated where run_id like 'make_up%')
select run_id, counts from evaluated, ours where id between first and last order by id
"""
ALERTS = "select severity, count(*) as n from monitoring.alert where state <> 'resolved' group by 1 order by 1 desc"
WORST = """
select severity, summary from monitoring.alert where state <> 'resolved' order by severity desc, progress desc, id limit 5
"""
MESSAGES = "select template, state, count(*) as n from monitoring.message group by 1, 2 order by 1, 2"


def show() -> None:
    """Print it."""
    with psycopg.connect(environment.variables()["AIRFLOW_CONN_MONITORING_DB"], row_factory=dict_row) as store:
        print("\n".join(["", *found(store), *alerts(store), *mails(store), "", *addresses()]), flush=True)


def found(store: psycopg.Connection[dict[str, Any]]) -> list[str]:
    """How much stands on which step, and what each run made of it."""
    steps = ", ".join(f"{row['found']} {on_step(row['step'])}" for row in store.execute(FOUND) if row["found"])
    return [f"found:    {steps or 'nothing'}", *(f"run:      {row['run_id']}: {words(row['counts'])}" for row in store.execute(RUNS))]


def on_step(step: str) -> str:
    """`expired`, `within 7 d`."""
    return step if step == "expired" else f"within {step} d"


def words(counts: dict[str, Any]) -> str:
    """The counts of a run that are not zero."""
    return ", ".join(f"{name} {value}" for name, value in counts.items() if value)


def alerts(store: psycopg.Connection[dict[str, Any]]) -> list[str]:
    """How many are open, and the worst."""
    numbers = ", ".join(f"{row['n']} {row['severity']}" for row in store.execute(ALERTS))
    return [f"alerts:   {numbers or 'none'}", *(f"          {row['severity']:<9} {row['summary']}" for row in store.execute(WORST))]


def mails(store: psycopg.Connection[dict[str, Any]]) -> list[str]:
    """What was queued and sent, and what has arrived."""
    numbers = ", ".join(f"{row['n']} {row['template']} {row['state']}" for row in store.execute(MESSAGES))
    arrived = httpx.get(f"{environment.variables()['SECURENET_INBOX']}/api/messages", timeout=30).json()
    return [f"messages: {numbers or 'none'}", f"inbox:    {len(arrived)} mails"]


def addresses() -> list[str]:
    """Where to look."""
    return [
        f"inbox       {environment.variables()['SECURENET_INBOX']}",
        f"Airflow UI  {airflow.address()}  user {airflow.USER}, password in {airflow.password_file()}",
    ]
