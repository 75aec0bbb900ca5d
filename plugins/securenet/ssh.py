"""Commands on other hosts, by Airflow's SSH provider, which need not be installed: how it connects, the connection says."""

from __future__ import annotations

import logging
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from copy import copy
from functools import partial
from importlib import import_module
from typing import Any

from include.asking.cutting import hang_up
from include.failures import SourceError, first_line
from include.scraping.hostile import seemly
from include.sources.host_ssh import Shell

PROVIDER = "apache-airflow-providers-ssh"
MOST_BYTES = 8 * 1024 * 1024
AT_ONCE = 64 * 1024
# It would write the stack of each failed login into the log.
logging.getLogger("paramiko").setLevel(logging.CRITICAL)


def shell(connection: str) -> Shell:
    """What runs a command on the host of the connection. What is wrong with that is said when it is used."""
    try:
        hook = import_module("airflow.providers.ssh.hooks.ssh").SSHHook(connection, conn_retry_attempts=1)
    except ImportError:
        return partial(refused, f"{PROVIDER} is not installed: pip install {PROVIDER}")
    except Exception as error:  # whatever stands in the connection, the other targets are read all the same
        return partial(refused, f"the connection {connection} cannot be used: {seemly(first_line(error))}")
    return partial(run, hook)


def refused(why: str, command: str, seconds: float) -> bytes:
    """Nothing can be run. Raises SourceError."""
    raise SourceError(why)


def run(hook: Any, command: str, seconds: float) -> bytes:
    """What the command prints, all of it within so many seconds. Raises SourceError."""
    ends = time.monotonic() + seconds
    with outcomes(hook, ends, seconds), connected(copy(hook), seconds) as client:
        channel = client.get_transport().open_session(timeout=seconds)
        channel.settimeout(seconds)
        channel.exec_command(command)
        printed = taken(channel)
        if time.monotonic() >= ends:  # what was cut seems to have ended
            raise TimeoutError
    return printed


def taken(channel: Any) -> bytes:
    """All that is printed. Raises SourceError when that is too much."""
    printed = bytearray()
    while chunk := channel.recv(AT_ONCE):
        printed += chunk
        if len(printed) > MOST_BYTES:
            raise SourceError(f"more than {MOST_BYTES // 1024 // 1024} MiB came: not read")
    return bytes(printed)


@contextmanager
def connected(hook: Any, seconds: float) -> Iterator[Any]:
    """A client that is logged in. Its line is cut when the time is over: each step of a login has its own, and a server may drip."""
    line = hook.host_proxy or socket.create_connection((hook.remote_host, hook.port), seconds)
    timer = threading.Timer(seconds, line.close if hook.host_proxy else partial(hang_up, line))
    timer.daemon = True
    timer.start()
    hook.host_proxy = line
    hook.conn_timeout = hook.banner_timeout = hook.auth_timeout = seconds
    try:
        with hook.get_conn() as client:
            yield client
    finally:
        timer.cancel()
        line.close()


@contextmanager
def outcomes(hook: Any, ends: float, seconds: float) -> Iterator[None]:
    """Each way to fail by its name, as a SourceError."""
    try:
        yield
    except SourceError:
        raise
    except Exception as error:  # paramiko raises anything from its own errors to EOFError and ValueError
        if isinstance(error, TimeoutError) or time.monotonic() >= ends:
            raise SourceError(f"there was no whole answer within {seconds:.3g} s") from None
        raise SourceError(named(error, hook.ssh_conn_id)) from None


def named(error: Exception, connection: str) -> str:
    """What a failure is called."""
    kind, words = {kind.__name__ for kind in type(error).__mro__}, seemly(getattr(error, "strerror", None) or first_line(error))
    if "AuthenticationException" in kind or "authentication methods" in words:
        return f"it does not accept what the connection {connection} logs in with: {words}"
    if "BadHostKeyException" in kind:
        return "its host key is not the one that is known: was it set up anew, or is somebody in between?"
    if "not found in known_hosts" in words:
        return f"its host key is not known: put it into known_hosts, or as host_key into the extras of {connection}"
    if "SSHException" in kind or isinstance(error, EOFError):
        return f"does not speak SSH as it should: {words}"
    return f"cannot be reached: {words}"
