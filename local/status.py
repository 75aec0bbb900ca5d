"""What runs, and what the duties last did: as a table for people, as JSON for scripts."""

import json
import sys
from concurrent.futures import ThreadPoolExecutor

from include.failures import Refused
from local import environment, services
from local.services import State

# Where the duties' history is: the store, and Airflow's own database.
DATABASES = ("AIRFLOW_CONN_MONITORING_DB", "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN")


def show(as_json: bool) -> int:
    """Print the status; 1 when something should run and does not, or the store should answer and does not."""
    states = _services()
    duties = _duties(states["postgres"]["state"])
    if as_json:
        print(json.dumps({"services": states, "duties": duties or {}}))
    else:
        print("\n".join(_table(states, duties or {}, _channels() if duties else {})))
    return int(duties is None or any(service["state"] == State.STALE for service in states.values()))


def _services() -> dict[str, dict[str, str]]:
    table = services.table()
    with ThreadPoolExecutor() as pool:
        states = pool.map(lambda service: service.state(), table.values())
    return {name: {"state": state, "address": table[name].address} for name, state in zip(table, states, strict=True)}


def _duties(server: str) -> dict[str, dict[str, object]] | None:
    """What the store knows of them; None when it does not answer. Where our server does not run, nobody is asked: whoever has its
    port now would be shown its password."""
    if environment.ours(*DATABASES) and server != State.RUNNING:
        return {}
    environment.apply()
    from securenet.commands import duties  # knows Airflow, which takes seconds to import

    try:
        return duties.overview()
    except Exception as error:  # whatever it is that keeps the store from answering, the services' states still count
        print(f"the store does not answer: {error}", file=sys.stderr)
        return None


def _channels() -> dict[str, str]:
    """How each stands; nothing while the configuration that says so is refused."""
    from securenet.standing import standings

    try:
        return standings()
    except Refused as refused:
        print(refused, file=sys.stderr)
        return {}


def _table(states: dict[str, dict[str, str]], duties: dict[str, dict[str, object]], channels: dict[str, str]) -> list[str]:
    lines = [f"{name:16} {service['state']:10} {service['address']}" for name, service in states.items()]
    told = [f"{name:20} {words}" for name, words in channels.items()]
    return [*lines, "", *(_line(name, duty) for name, duty in duties.items()), "", *told]


def _line(name: str, duty: dict[str, object]) -> str:
    run = duty["last_run"]
    last = f"{run['state']} for {run['run_after']}" if isinstance(run, dict) else "never ran"
    facts = [f"{kind} {_counts(duty[kind])}" for kind in ("alerts", "messages")]
    return f"{name:20} {'paused' if duty['paused'] else 'on':7} {last}; {'; '.join(facts)}"


def _counts(numbers: object) -> str:
    found = [f"{number} {state}" for state, number in numbers.items() if number] if isinstance(numbers, dict) else []
    return ", ".join(found) or "none"
