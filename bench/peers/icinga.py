"""Icinga 2, which checks each target with its own plugins (Debian: icinga2, monitoring-plugins)."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from bench.peers.programs import begin, installed

PLUGINS = Path("/usr/lib/nagios/plugins")
# As Debian's package runs it.
ACCOUNT = "nagios"
PLACES = {"DataDir": "lib", "LogDir": "log", "CacheDir": "cache", "SpoolDir": "spool", "InitRunDir": "run"}
FILES = {"PidPath": "pid", "StatePath": "state", "ModAttrPath": "modified.conf", "ObjectsPath": "objects", "VarsPath": "variables"}


@dataclass(frozen=True)
class Setting:
    """Seconds between checks, seconds between those that confirm a failure, and how many must agree."""

    name: str
    check: int
    retry: int
    attempts: int


SETTINGS = (Setting("Icinga, 30 s", 30, 10, 1), Setting("Icinga, 30 s, 3 attempts", 30, 10, 3))
# Says what Alertmanager would: whose it is, which target, and whether that is over.
NOTIFY = """#!/bin/sh
[ "$3" = RECOVERY ] && status=resolved || status=firing
exec {curl} -s -m 5 -d "{{\\"alerts\\": [{{\\"status\\": \\"$status\\", \\"labels\\": {{\\"target\\": \\"$2\\"}}}}]}}" "http://127.0.0.1:{told}/$1"
"""
COMMON = """include <itl>
include <plugins>
const PluginDir = "{plugins}"
const NodeName = "bench"
const ZoneName = NodeName
object Endpoint NodeName {{ }}
object Zone ZoneName {{ endpoints = [ NodeName ] }}
object CheckerComponent "checker" {{ }}
object NotificationComponent "notification" {{ }}
object NotificationCommand "tell" {{
  command = [ "{folder}/notify", "$service.vars.peer$", "$service.vars.target$", "$notification.type$" ]
}}
object User "somebody" {{ }}
object Host "here" {{ check_command = "dummy" }}
apply Notification "told" to Service {{ command = "tell", users = [ "somebody" ], interval = 0, assign where true }}
"""
SERVICE = """object Service "{name}" {{
  host_name = "here"
  check_command = "{way}"
  check_interval = {check}s
  retry_interval = {retry}s
  max_check_attempts = {attempts}
  vars.peer = "{peer}"
  vars.target = "{target}"
  vars.{way}_address = "{host}"
  vars.{way}_port = {port}
}}
"""


def start(stack: ExitStack, folder: Path, targets: Mapping[str, str], told: int) -> Sequence[str]:
    """Both settings at work, by name; none where it is not installed."""
    if not installed("icinga2", "curl", str(PLUGINS / "check_http"), str(PLUGINS / "check_tcp")):
        return ()
    own = folder / "icinga"
    for place in ("", *PLACES.values()):
        (own / place).mkdir()
    (own / "notify").write_text(NOTIFY.format(curl=shutil.which("curl"), told=told))
    (own / "notify").chmod(0o755)
    configuration = own / "icinga2.conf"
    configuration.write_text("".join((COMMON.format(plugins=PLUGINS, folder=own), *services(targets))))
    subprocess.run(["chown", "-R", ACCOUNT, str(own)], check=True)
    constants = [f"-DConfiguration.{name}={own}/{place}" for name, place in {**PLACES, **FILES}.items()]
    begin(stack, folder / "icinga.log", ["icinga2", "daemon", "-c", str(configuration), *constants])
    return [setting.name for setting in SETTINGS]


def services(targets: Mapping[str, str]) -> Iterator[str]:
    """A check of each target in each setting."""
    for number, setting in enumerate(SETTINGS):
        peer, pace = setting.name.replace(" ", "%20"), {"check": setting.check, "retry": setting.retry, "attempts": setting.attempts}
        for target, at in targets.items():
            way, place = ("http", urlsplit(at)) if at.startswith("http") else ("tcp", urlsplit(f"//{at}"))
            yield SERVICE.format(name=f"{target}-{number}", way=way, host=place.hostname, port=place.port, peer=peer, target=target, **pace)
