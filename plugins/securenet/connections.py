"""Airflow's connections, looked up and read. Nobody else asks for them."""

from __future__ import annotations

import logging
import os
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode, urlsplit, urlunsplit

from airflow.sdk.exceptions import AirflowFailException

if TYPE_CHECKING:
    from airflow.sdk import Connection

    from include.heartbeats import Heartbeat

log = logging.getLogger(__name__)
STORE = "monitoring_db"
EXAMPLES = {
    STORE: "postgresql://monitoring:secret@host:5432/monitoring",
    "smtp_default": "smtp://user:secret@mail.example.com:587/?from_email=monitoring%40example.com&disable_ssl=true",
}
# Those who hear that something lives.
HEARTBEATS = {"scheduled": "heartbeat_scheduled", "watchers": "heartbeat_watchers"}
LIBPQ_EXTRAS = ("ssl", "gss", "channel_binding", "target_session", "require_auth")
SOME_EXTRAS = "sslmode, sslrootcert, sslcert, sslkey and the others of libpq"


def connection(name: str) -> Connection:
    """The Airflow connection. Raises AirflowFailException, which is not retried, with what to create and how."""
    found = find_connection(name)
    if found is None:
        variable, example = f"AIRFLOW_CONN_{name.upper()}", EXAMPLES.get(name, "postgresql://monitor:secret@host:5432/securenet")
        wrong = f"cannot be read: {variable} is set, but neither a URI nor JSON" if os.environ.get(variable) else "is missing"
        raise AirflowFailException(
            f"connection {name!r} {wrong}: create it in the Airflow UI (Admin > Connections), or set {variable}={example}"
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
    """A PostgreSQL connection as libpq takes it; what libpq knows of the extras (sslmode, ...) goes along.

    Raises AirflowFailException for one that is missing or of another type, or whose extras ask for what libpq does not know: it might have
    been encryption.
    """
    from psycopg.conninfo import make_conninfo
    from psycopg.pq import Conninfo

    found = connection(name)
    if found.conn_type not in ("postgres", "postgresql"):
        raise AirflowFailException(f"connection {name!r} is of the type {found.conn_type!r}; allowed: postgres")
    known = {key: value for key, value in found.extra_dejson.items() if key.startswith(LIBPQ_EXTRAS)}
    if unknown := known.keys() - {option.keyword.decode() for option in Conninfo.get_defaults()}:
        raise AirflowFailException(
            f"connection {name!r} has the extra {min(unknown)!r}, which PostgreSQL does not know; allowed: {SOME_EXTRAS}"
        )
    parts = {"host": found.host, "port": found.port, "user": found.login, "password": found.password, "dbname": found.schema}
    return make_conninfo("", **{key: str(value) for key, value in {**parts, **known}.items() if value})


def heartbeat(what: str) -> Heartbeat | None:
    """Where it is heard of that something lives: the connection `heartbeat_<what>`; None without it.

    `method` stands in the extras, a bearer token in the password; what else stands in the extras is the query of a connection that was
    given as a URI.
    """
    from include.heartbeats import Heartbeat

    found = find_connection(HEARTBEATS[what])
    if not found or not found.host:
        return None
    extra = {name: str(value) for name, value in found.extra_dejson.items()}
    method = extra.pop("method", "GET").upper()
    try:
        return Heartbeat(url_of(found, urlencode(extra)), method, found.password)
    except ValueError:  # it disturbs nothing, here as little as when it is sent
        log.warning("connection %r names no address", HEARTBEATS[what])
        return None


def hook_secret(vendor: str) -> str | None:
    """What the vendor signs its webhooks with: the password of the connection `hooks_<vendor>`; None without it."""
    found = find_connection(f"hooks_{vendor}")
    return (found.password or None) if found else None


def sender_of(found: Connection) -> str | None:
    """The address that mails come from: `from_email`, else a login that is one (for some providers it is a key instead)."""
    from include.writing.mails import is_address

    return next(
        (text for text in (found.extra_dejson.get("from_email"), found.login) if text and text.isascii() and is_address(text)), None
    )


def url_of(found: Connection, query: str = "") -> str:
    """The URL that a connection names, with the queries that stand in its host and schema, and one more.

    Of its type only `http` counts: everything else is https, unless the host says otherwise.
    """
    host = found.host or ""
    if "://" not in host:
        host = f"{'http' if found.conn_type == 'http' else 'https'}://{host}"
    scheme, netloc, path, first, _ = urlsplit(host)
    rest, _, second = (found.schema or "").partition("?")
    whole = f"{path.rstrip('/')}/{rest.lstrip('/')}" if rest else path
    queries = "&".join(one for one in (first, second, query) if one)
    return urlunsplit((scheme, f"{netloc}:{found.port}" if found.port else netloc, whole, queries, ""))


def flag(value: Any) -> bool:
    """A boolean of a connection's extras, which a URI can only carry as text."""
    return str(value).lower() in ("true", "1", "yes")
