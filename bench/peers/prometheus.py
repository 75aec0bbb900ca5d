"""Prometheus with its blackbox exporter and Alertmanager (Debian: the packages of these names)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import yaml

from bench.peers.programs import begin, installed
from local.ports import any_free

PROGRAMS = ("prometheus", "prometheus-alertmanager", "prometheus-blackbox-exporter")
WAYS = ("http", "tcp")
MODULES = {"modules": {way: {"prober": way, "timeout": "5s"} for way in WAYS}}
DOWN = {"alert": "Down", "expr": "probe_success == 0", "for": "0s"}


@dataclass(frozen=True)
class Setting:
    """How often Prometheus asks and judges, and how long Alertmanager waits."""

    name: str
    scrape: str
    judge: str
    group_wait: str
    group_interval: str


SETTINGS = (
    Setting("Prometheus, 30 s", "30s", "15s", "30s", "5m"),
    Setting("Prometheus, tuned to 1 s", "1s", "1s", "0s", "1s"),
)


def start(stack: ExitStack, folder: Path, targets: Mapping[str, str], told: int) -> Sequence[str]:
    """Both settings at work, by name; none where it is not installed."""
    if not installed(*PROGRAMS):
        return ()
    exporter = any_free()
    run(stack, folder, "prometheus-blackbox-exporter", exporter, {"config.file": write(folder / "blackbox.yml", MODULES)})
    for setting in SETTINGS:
        start_one(stack, folder, setting, scraped(targets, exporter), told)
    return [setting.name for setting in SETTINGS]


def start_one(stack: ExitStack, folder: Path, setting: Setting, jobs: list[dict[str, object]], told: int) -> None:
    """Alertmanager and Prometheus with a setting."""
    own = folder / setting.scrape
    own.mkdir()
    manager, prometheus = any_free(), any_free()
    told_of = {"receivers": [{"name": "r", "webhook_configs": [{"url": f"http://127.0.0.1:{told}/{setting.name.replace(' ', '%20')}"}]}]}
    waits = {"group_by": ["target"], "group_wait": setting.group_wait, "group_interval": setting.group_interval}
    routed = told_of | {"route": {"receiver": "r", **waits}}
    files = {"config.file": write(own / "manager.yml", routed), "storage.path": str(own / "manager")}
    run(stack, own, "prometheus-alertmanager", manager, {**files, "cluster.listen-address": ""})
    judged = {"global": {"scrape_interval": setting.scrape, "scrape_timeout": "1s", "evaluation_interval": setting.judge}}
    rules = write(own / "rules.yml", {"groups": [{"name": "g", "rules": [DOWN]}]})
    sent = {"alertmanagers": [{"static_configs": [{"targets": [f"127.0.0.1:{manager}"]}]}]}
    whole = {**judged, "alerting": sent, "rule_files": [rules], "scrape_configs": jobs}
    files = {"config.file": write(own / "prometheus.yml", whole), "storage.tsdb.path": str(own / "tsdb")}
    run(stack, own, "prometheus", prometheus, files)


def scraped(targets: Mapping[str, str], exporter: int) -> list[dict[str, object]]:
    """A job for each way of asking: HTTP for a URL, else TCP."""
    return [job(way, {name: at for name, at in targets.items() if at.startswith("http") == (way == "http")}, exporter) for way in WAYS]


def job(way: str, targets: Mapping[str, str], exporter: int) -> dict[str, object]:
    """Targets that the exporter asks in one way."""
    return {
        "job_name": way,
        "metrics_path": "/probe",
        "params": {"module": [way]},
        "static_configs": [{"targets": [at], "labels": {"target": name}} for name, at in targets.items()],
        "relabel_configs": [
            {"source_labels": ["__address__"], "target_label": "__param_target"},
            {"target_label": "__address__", "replacement": f"127.0.0.1:{exporter}"},
        ],
    }


def write(path: Path, content: object) -> str:
    """A configuration file."""
    path.write_text(yaml.safe_dump(content))
    return str(path)


def run(stack: ExitStack, folder: Path, program: str, port: int, options: Mapping[str, str]) -> None:
    """A program that listens on this port until the stack unwinds."""
    given = [f"--{name}={value}" for name, value in options.items()]
    begin(stack, folder / f"{program}.log", [program, *given, f"--web.listen-address=127.0.0.1:{port}"])
