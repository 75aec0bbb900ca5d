"""`python -m tests.probes.crowd ADDRESS SOFT HARD`: a hundred targets in a process that may open so many files; prints what was seen."""

from __future__ import annotations

import json
import logging
import resource
import sys
import time
from collections import Counter
from datetime import timedelta

from include.model import utc_now
from include.probes import Pace
from include.probes.http import HttpProbe
from include.targets.probing import Probing
from include.web.client import Call

TARGETS = 100


def main(address: str, soft: int, hard: int) -> None:
    """Ask for three seconds."""
    logging.basicConfig(stream=sys.stderr, format="%(message)s", level=logging.INFO)
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    pace = Pace(interval=timedelta(seconds=1))
    probing = Probing([HttpProbe({"target": str(n)}, Call(address), utc_now, pace) for n in range(TARGETS)])
    probing.start()
    time.sleep(3)
    seen = probing.take(0)
    probing.stop()
    up, down = ({one.labels["target"] for one in seen if one.up is outcome} for outcome in (True, False))
    print(json.dumps({"up": len(up), "down": len(down), "why": Counter(one.why for one in seen if one.why)}))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
