"""Fixed ports below 32768, where the kernel does not hand them out to others.

A port that is taken at the first start is replaced by the next free one, which is remembered from then on.
`SECURENET_PORT_<SERVICE>` decides alone.
"""

import json
import os
import socket

from local import layout

DEFAULTS = {"postgres": 25432, "securenet": 25433, "smtp": 21025, "inbox": 28025, "api-server": 28080}


def port(name: str) -> int:
    """The port of a service: from the environment, else remembered, else its default."""
    return chosen(name) or _remembered().get(name, DEFAULTS[name])


def chosen(name: str) -> int | None:
    """The port that the caller asked for, if any."""
    variable = f"SECURENET_PORT_{name.replace('-', '_').upper()}"
    value = os.environ.get(variable)
    if value and not (value.isdecimal() and len(value) < 6 and 0 < int(value) < 65536):
        raise SystemExit(f"{variable} is {value!r}; allowed: a port, from 1 to 65535")
    return int(value) if value else None


def settle(name: str) -> int:
    """A port that the service can bind now; call it only while the service does not run."""
    if (wanted := chosen(name)) and not is_free(wanted):
        raise SystemExit(f"port {wanted}, chosen for {name} by the environment, is in use")
    free = next(number for number in range(port(name), 32768) if is_free(number) and not _taken(number, name))
    _remember(name, free)
    return free


def is_free(number: int) -> bool:
    """Whether nobody on this machine listens on it."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        return _binds(probe, number)


def any_free() -> int:
    """Some port that is free now, for a server that lives as long as a test."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _binds(probe: socket.socket, number: int) -> bool:
    try:
        probe.bind(("127.0.0.1", number))
    except OSError:
        return False
    return True


def _taken(number: int, name: str) -> bool:
    return any(port(other) == number for other in DEFAULTS if other != name)


def _remembered() -> dict[str, int]:
    path = layout.run() / "ports.json"
    return dict(json.loads(path.read_text())) if path.exists() else {}


def _remember(name: str, number: int) -> None:
    path = layout.run() / "ports.json"
    draft = path.with_suffix(".new")
    draft.write_text(json.dumps(_remembered() | {name: number}))
    draft.replace(path)
