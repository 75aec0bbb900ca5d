"""Run one duty now, in this shell, against the configured connections; without --send nothing is kept or sent.

Exit code 0: it ran; 1: it could not run; 2: the configuration was refused.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib.util
import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from include.config.loading import ConfigurationRefused
from include.failures import Refused
from include.model import Run, utc_now
from securenet import report_files
from securenet.configuration import load_file

if TYPE_CHECKING:
    from airflow.sdk import DAG

    from securenet.rehearsal import Outcome

ROOT = Path(__file__).parents[3]
COLUMNS = {
    "samples": ("metric", "labels", "value", "unit"),
    "alerts": ("fingerprint", "severity", "state", "reason", "summary", "labels"),
    "messages": ("channel", "receiver", "subject", "state"),
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's options."""
    parser.add_argument("duty")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--send", action="store_true", help="keep what is found and send what is due")
    parser.add_argument("--organization", default=None)


def run(chosen: argparse.Namespace) -> int:
    """Check a duty; its exit code."""
    try:
        load_file()
        with contextlib.redirect_stdout(sys.stderr):
            outcome = check(chosen)
            written = write_report(outcome)
    except ConfigurationRefused:
        raise
    except Exception as error:  # outermost: whatever it is, the shell gets one line and exit code 1
        kind = "" if isinstance(error, ValueError | Refused) else f"{type(error).__name__}: "
        print(f"{chosen.duty or 'DUTY='} could not run: {kind}{error}", file=sys.stderr)
        return 1
    print(as_json(outcome, written) if chosen.json else as_text(outcome, written, kept=chosen.send))
    return 0


def check(chosen: argparse.Namespace) -> Outcome:
    """Perform the duty."""
    from securenet.rehearsal import perform

    now = utc_now()
    run = Run(chosen.duty, f"check__{now.isoformat()}", run_after=now, organization=chosen.organization)
    return perform(load_dag(chosen.duty), run, keep=chosen.send)


def load_dag(duty: str) -> DAG:
    """The DAG in the duty's file. Raises ValueError with the duties that exist."""
    files = {path.stem: path for path in (ROOT / "dags").glob("*.py")}
    if duty not in files:
        raise ValueError(f"there is no duty {duty!r}; there are: {', '.join(sorted(files))}")
    spec = importlib.util.spec_from_file_location(f"duty_{duty}", files[duty])
    if spec is None or spec.loader is None:
        raise ValueError(f"{files[duty]} cannot be imported")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    dag: DAG = module.dag
    return dag


def write_report(outcome: Outcome) -> dict[str, Any] | None:
    """Put the report into files, so that it can be looked at; None when the run made none."""
    if not outcome.reports:
        return None
    report = outcome.reports[0]
    folder = Path(os.environ.get("SECURENET_RUN") or ROOT / ".run") / "reports"
    files = report_files.write(folder, f"{outcome.duty}-{report['created_at']:%Y%m%dT%H%M%S}", report)
    return {"id": str(report["id"]), "title": report["title"], **files}


def as_json(outcome: Outcome, report: dict[str, Any] | None) -> str:
    """The documented shape."""
    content = {name: [{column: row[column] for column in columns} for row in getattr(outcome, name)] for name, columns in COLUMNS.items()}
    return json.dumps({"duty": outcome.duty, **content, "report": report}, ensure_ascii=True, indent=1)


def as_text(outcome: Outcome, report: dict[str, Any] | None, *, kept: bool) -> str:
    """For people."""
    head = f"{outcome.duty}: {len(outcome.samples)} samples, {len(outcome.alerts)} alerts, {len(outcome.messages)} messages"
    tail = f"report: {report['html']}" if report else "no report is due"
    note = "" if kept else "\nNothing was kept or sent. SEND=1 does both."
    return f"{head}\n{outcome.text()}\n{tail}{note}"
