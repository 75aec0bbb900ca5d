"""A stack apart from one that may run here: a run-time folder, ports and a configuration of its own. For tests and benchmarks.

with apart(folder, "targets: {apis: [...]}") as environment:
    make(environment, "status")
"""

import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from local import layout
from local.ports import DEFAULTS, is_free

# What decides about the stack is the stack itself, not whoever starts it.
FOREIGN = ("AIRFLOW", "SECURENET", "PYTHONPATH", "PG", "MAKE", "MFLAGS")
FILES = ("monitoring.yaml", "monitoring.demo.yaml")
PORTS = range(20100, 24000)


@contextmanager
def apart(folder: Path, overlay: str, **variables: str) -> Iterator[dict[str, str]]:
    """`make up`, and in the end `make clean`; yields the environment in which make finds the stack. Raises SystemExit.

    overlay: lines after those of the demo's overlay, in its last section (`alerts:` and `targets:` begin sections of their own).
    """
    for name in FILES:
        shutil.copy(layout.ROOT / "include" / "config" / name, folder)
    with overlaid(folder).open("a") as written:
        written.write(overlay)
    own = {"SECURENET_RUN": str(folder / "run"), "SECURENET_CONFIG": str(folder / FILES[0]), **free_ports(), **variables}
    environment = {name: value for name, value in os.environ.items() if not name.startswith(FOREIGN)} | own
    try:
        print(make(environment, "up").stdout)
        yield environment
    finally:
        make(environment, "clean", check=False)


def overlaid(folder: Path) -> Path:
    """The overlay of such a stack's configuration."""
    return folder / FILES[1]


def free_ports() -> dict[str, str]:
    """Ports on which nobody listens, by the variables that choose them. Who looks at the same time looks elsewhere."""
    mine = PORTS[os.getpid() * len(DEFAULTS) % len(PORTS) :]
    free = iter(number for number in (*mine, *PORTS) if is_free(number))
    return {f"SECURENET_PORT_{name.replace('-', '_').upper()}": str(next(free)) for name in DEFAULTS}


def make(environment: Mapping[str, str], *words: str, check: bool = True) -> subprocess.CompletedProcess[str]:
    """Run make as a person would. Raises SystemExit with what it said."""
    result = subprocess.run(["make", "-s", *words], cwd=layout.ROOT, env=environment, capture_output=True, text=True, check=False)
    if check and result.returncode:
        raise SystemExit(f"make {' '.join(words)}: {result.stdout[-3000:]}{result.stderr[-3000:]}")
    return result


def exported(environment: Mapping[str, str]) -> dict[str, str]:
    """What `eval "$(make -s env)"` puts into a shell."""
    command = ["bash", "-c", 'eval "$(make -s env)" && env -0']
    shell = subprocess.run(command, cwd=layout.ROOT, env=environment, capture_output=True, text=True, check=True)
    return dict(line.split("=", 1) for line in shell.stdout.split("\0") if "=" in line)
