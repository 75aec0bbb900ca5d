"""`python -m bench.parsing ROUNDS FILE...`: parse DAG files with Airflow's own DAG processor, each time in the process that it forks."""

from __future__ import annotations

import io
import json
import os
import selectors
import sys
import time
from pathlib import Path
from typing import Any
from uuid import uuid4

import structlog
from airflow.dag_processing import manager  # noqa: F401  the process that forks the parsers has loaded it
from airflow.dag_processing.processor import DagFileProcessorProcess, _parse_file_entrypoint

HEAVY = ("pandas", "numpy", "psycopg", "fastapi")


def main(rounds: int, files: list[Path]) -> None:
    """Print per file the seconds and CPU seconds of each round, and the heavy modules that its parses imported."""
    told: dict[str, dict[str, Any]] = {file.name: {"seconds": [], "cpu": [], "heavy": []} for file in files}
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(40))
    for _ in range(rounds):
        for file in files:
            for name, value in parse(file).items():
                told[file.name][name].append(value)
    print(json.dumps(told))


def parse(file: Path) -> dict[str, Any]:
    """Parse one file: seconds from the fork to its result, the fork's CPU seconds, and what it imported."""
    selector, read, write = selectors.DefaultSelector(), *os.pipe()
    started = time.perf_counter()
    parser = DagFileProcessorProcess.start(
        id=uuid4(),
        path=str(file),
        bundle_path=file.parent,
        bundle_name="bench",
        dag_file_rel_path=file.name,
        callbacks=[],
        target=lambda: tell(write),
        selector=selector,
        logger=structlog.get_logger(),
        logger_filehandle=io.BytesIO(),
        client=None,  # type: ignore[arg-type]
    )
    serve(selector)
    _, _, used = os.wait4(parser.pid, 0)
    seconds = time.perf_counter() - started
    result = parser.parsing_result
    if result is None or result.import_errors or not result.serialized_dags:
        raise SystemExit(f"{file} was not parsed: {result and result.import_errors}")
    os.close(write)
    with os.fdopen(read) as pipe:
        return {"seconds": seconds, "cpu": used.ru_utime + used.ru_stime, "heavy": json.load(pipe)}


def tell(write: int) -> None:
    """In the fork: parse, then say what that imported."""
    before = set(sys.modules)
    _parse_file_entrypoint()  # type: ignore[no-untyped-call]
    os.write(write, json.dumps([name for name in HEAVY if name in set(sys.modules) - before]).encode())


def serve(selector: selectors.BaseSelector) -> None:
    """Answer a parser until it has closed all its sockets, as the manager does."""
    while selector.get_map():
        for key, _ in selector.select():
            handle, on_close = key.data
            if not handle(key.fileobj):
                on_close(key.fileobj)


if __name__ == "__main__":
    main(int(sys.argv[1]), [Path(name).resolve() for name in sys.argv[2:]])
