"""`python -m tests [ARGUMENTS OF PYTEST]`: every test. Those of the whole stack come after the others, by themselves, as they wait for
what is to happen soon; each of their two workers has a stack of its own. The others wait half of their time: four share two processors.
"""

from __future__ import annotations

import subprocess
import sys

STACK = "tests/e2e"
# A file's tests share what took long to start.
SPREAD = ("--dist", "loadfile", "--no-loadscope-reorder", "--durations=10")


def main(arguments: list[str]) -> int:
    """With arguments one plain run of pytest, else both parts; the worse exit code."""
    pytest = [sys.executable, "-m", "pytest"]
    parts = [arguments] if arguments else [[*SPREAD, "-n", "4", "--ignore", STACK], [*SPREAD, "-n", "2", STACK]]
    return max([abs(subprocess.call([*pytest, *part])) for part in parts])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
