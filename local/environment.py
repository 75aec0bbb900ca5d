"""The environment that everything of the local stack runs in. What the caller has set already wins over all of it."""

import json
import os
import shlex
import shutil
import sys
from pathlib import Path

from psycopg.conninfo import conninfo_to_dict

from local import binaries, external, layout, marks
from local.passwords import fernet_key, password
from local.ports import port

SENDER = "monitoring@securenet.example"


def variables() -> dict[str, str]:
    """Every variable that we set, with the value that is in force."""
    ours = settings() | _airflow() | _connections() | _addresses()
    return {name: os.environ.get(name, value) for name, value in ours.items()} | _paths() | _passed()


def full() -> dict[str, str]:
    """The caller's environment with ours."""
    return os.environ | variables()


def exports() -> str:
    """Lines for `eval` in a shell, after which `airflow` and `psql` work."""
    named = variables() | _psql()
    named[marks.NAME] = marks.mark(named)
    return "\n".join(f"export {name}={shlex.quote(value)}" for name, value in sorted(named.items()))


def ours(*names: str) -> bool:
    """Whether one of these variables is as we set it, and not the caller's."""
    return any(name not in os.environ for name in names)


def apply() -> None:
    """Enter the environment with this very process."""
    os.environ.update(variables())
    sys.path[:0] = [path for path in os.environ["PYTHONPATH"].split(":") if path not in sys.path]


def settings() -> dict[str, str]:
    """Airflow's settings that do not depend on where it runs."""
    lines = (layout.ROOT / "airflow.env").read_text().splitlines()
    pairs = (line.split("=", 1) for line in lines if line and not line.startswith("#"))
    return {name: value for name, value in pairs}


def airflow_home() -> Path:
    """Airflow's own folder: logs, passwords, bundles. Made before Airflow makes it for everybody to read."""
    folder = layout.run() / "airflow"
    folder.mkdir(mode=0o700, exist_ok=True)
    return folder


def store_dsn() -> str:
    """Where samples, alerts and messages are kept."""
    return _dsn("monitoring", "postgres", "monitoring")


def metadata_dsn() -> str:
    """Airflow's own database."""
    return _dsn("airflow", "postgres", "airflow")


def _dsn(user: str, server: str, database: str) -> str:
    elsewhere = external.named(server)
    address = elsewhere.address if elsewhere else f"127.0.0.1:{port(server)}"
    return f"postgresql://{user}:{password(f'{server}-{user}')}@{address}/{database}"


def _airflow() -> dict[str, str]:
    ui = f"http://127.0.0.1:{port('api-server')}"
    return {
        "AIRFLOW_HOME": str(airflow_home()),
        "AIRFLOW__CORE__DAGS_FOLDER": str(layout.ROOT / "dags"),
        "AIRFLOW__CORE__PLUGINS_FOLDER": str(layout.ROOT / "plugins"),
        "AIRFLOW__CORE__FERNET_KEY": password("fernet-key", fernet_key),
        "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"{ui}/execution/",
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE": str(airflow_home() / "passwords.json"),
        "AIRFLOW__API__BASE_URL": ui,
        "AIRFLOW__API__HOST": "127.0.0.1",
        "AIRFLOW__API__PORT": str(port("api-server")),
        "AIRFLOW__API__SECRET_KEY": password("api-secret-key"),
        "AIRFLOW__API_AUTH__JWT_SECRET": password("jwt-secret"),
        "AIRFLOW__DAG_PROCESSOR__DAG_BUNDLE_STORAGE_PATH": str(airflow_home() / "bundles"),
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": metadata_dsn().replace("postgresql:", "postgresql+psycopg:", 1),
    }


def _connections() -> dict[str, str]:
    smtp = {
        "conn_type": "smtp",
        "host": "127.0.0.1",
        "port": port("smtp"),
        "extra": {"from_email": SENDER, "disable_ssl": True, "disable_tls": True},
    }
    return {
        "AIRFLOW_CONN_MONITORING_DB": store_dsn(),
        "AIRFLOW_CONN_SECURENET_DB": _dsn("monitor", "securenet", "securenet"),
        "AIRFLOW_CONN_SMTP_DEFAULT": json.dumps(smtp),
    }


def _addresses() -> dict[str, str]:
    return {
        "SECURENET_UI": f"http://127.0.0.1:{port('api-server')}",
        "SECURENET_INBOX": f"http://127.0.0.1:{port('inbox')}",
        "SECURENET_ENV": "demo",
    }


def _paths() -> dict[str, str]:
    """Search paths: ours first, then the caller's."""
    programs = [str(Path(sys.executable).parent), *_unless_on_path("psql")]
    return {
        "PATH": _joined(programs, os.environ.get("PATH", os.defpath)),
        "PYTHONPATH": _joined([str(layout.ROOT), str(layout.ROOT / "plugins")], os.environ.get("PYTHONPATH", "")),
    }


def _joined(ours: list[str], theirs: str) -> str:
    rest = [path for path in theirs.split(":") if path and path not in ours]
    return ":".join([*ours, *rest])


def _unless_on_path(program: str) -> list[str]:
    return [] if shutil.which(program) else [str(binaries.folder())]


def _passed() -> dict[str, str]:
    """Settings of the project that only count when the caller makes them."""
    return {name: os.environ[name] for name in ("SECURENET_CONFIG", "SECURENET_RUN") if name in os.environ}


def _psql() -> dict[str, str]:
    """A bare `psql` opens the store, unless the caller has pointed it elsewhere. Only for shells: services never see these."""
    if any(name.startswith("PG") for name in os.environ):
        return {}
    store = conninfo_to_dict(variables()["AIRFLOW_CONN_MONITORING_DB"])
    names = {"PGHOST": "host", "PGPORT": "port", "PGUSER": "user", "PGPASSWORD": "password", "PGDATABASE": "dbname"}
    return {name: str(store[part]) for name, part in names.items() if part in store}
