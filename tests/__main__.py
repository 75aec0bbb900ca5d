"""`python -m tests [ARGUMENTS OF PYTEST]`: every test, on two workers. Those of the whole stack come after the others, by themselves, as
they wait for what is to happen soon; each of their workers has a stack of its own.
"""

from __future__ import annotations

import subprocess
import sys

STACK = "tests/e2e"
# A file's tests share what took long to start.
SPREAD = ("-n", "2", "--dist", "loadfile", "--no-loadscope-reorder", "--durations=10")


def main(arguments: list[str]) -> int:
    """With arguments one plain run of pytest, else both parts; the worse exit code."""
    pytest = [sys.executable, "-m", "pytest"]
    parts = [arguments] if arguments else [[*SPREAD, "--ignore", STACK], [*SPREAD, STACK]]
    return max([abs(subprocess.call([*pytest, *part])) for part in parts])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
