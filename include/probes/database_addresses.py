"""The hosts of a PostgreSQL connection, looked up beforehand: psycopg would ask in a few threads, where one that hangs delays all."""

from __future__ import annotations

import asyncio
from typing import Any

from psycopg.conninfo import conninfo_to_dict

from include.web import Failed
from include.web.lookup import is_address, look_up

PORT = 5432


async def addressed(conninfo: str, seconds: float) -> dict[str, Any]:
    """The parameters, with an address for each name, every one of them where a name has several.

    Raises Failed when no name can be looked up in so many seconds, and psycopg.ProgrammingError for what is no connection string.
    """
    given = conninfo_to_dict(conninfo)
    hosts, ports = str(given.get("host") or "").split(","), str(given.get("port") or "").split(",")
    if given.get("hostaddr") or not any(is_name(host) for host in hosts):
        return given
    pairs = list(zip(hosts, ports * len(hosts) if len(ports) == 1 else ports, strict=False))
    found = await asyncio.gather(*(addresses(host, port, seconds) for host, port in pairs), return_exceptions=True)
    known = [(*pair, at) for pair, of_host in zip(pairs, found, strict=True) if isinstance(of_host, list) for at in of_host]
    if not known:
        raise next(one for one in found if isinstance(one, BaseException))
    columns = zip(("host", "port", "hostaddr"), zip(*known, strict=True), strict=True)
    return {**given, **{name: ",".join(values) for name, values in columns}}


async def addresses(host: str, port: str, seconds: float) -> list[str]:
    """Those of a host; '' for one that is none to be looked up. Raises Failed."""
    if not is_name(host):
        return [""]
    try:
        async with asyncio.timeout(seconds):
            return [str(address.at[0]) for address in await look_up(host, int(port or PORT))]
    except TimeoutError:
        raise Failed(f"host name cannot be looked up: no answer within {seconds:g} s") from None


def is_name(host: str) -> bool:
    """Whether there is something to look up: neither an address, nor a directory of sockets."""
    return bool(host) and not host.startswith(("/", "@")) and not is_address(host)
