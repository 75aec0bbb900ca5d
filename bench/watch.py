"""`python -m bench.watch DUTY SECONDS`: a watcher for so long, as the triggerer runs it but for Airflow's loop; prints its CPU seconds."""

from __future__ import annotations

import sys
import time

from securenet.watching import open_watching


def main(duty: str, seconds: float) -> None:
    """Watch, and say what it cost."""
    watching = open_watching(duty)
    watching.look()
    started, end = time.process_time(), time.monotonic() + seconds
    while time.monotonic() < end:
        watching.look()
        watching.wait()
    print(time.process_time() - started)
    watching.close()


if __name__ == "__main__":
    main(sys.argv[1], float(sys.argv[2]))
