"""`python -m tests [ARGUMENTS OF PYTEST]`: every test. Those of the whole stack mostly wait, so they run beside the others, and before them
where a processor is wanted: they take longest. Each of their workers has a stack of its own.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile

STACK = "tests/e2e"


def main(arguments: list[str]) -> int:
    """With arguments one plain run of pytest, else both halves at once; the worse exit code."""
    pytest = [sys.executable, "-m", "pytest"]
    if arguments:
        return subprocess.call([*pytest, *arguments])
    pytest += ["--durations=10", "-n", "2", "--dist", "loadfile", "--no-loadscope-reorder"]
    with tempfile.TemporaryFile("w+") as output, subprocess.Popen([*pytest, STACK], stdout=output, stderr=output) as stack:
        rest: int = subprocess.call(["nice", *pytest, "--ignore", STACK])
        print("\nthe whole stack:", flush=True)
        stack.wait()
        output.seek(0)
        print(output.read(), flush=True)
        return max(abs(rest), abs(int(stack.returncode)))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
