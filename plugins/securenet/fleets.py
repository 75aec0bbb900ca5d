"""The targets of the configuration, with the connections that they name, as fleets of gauges."""

from __future__ import annotations

import logging
from base64 import b64encode
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from include.config.targets import ApiTarget, ApplicationTarget, HostTarget, Targets, Watched
from include.logs import facts
from securenet.connections import conninfo, find_connection

if TYPE_CHECKING:
    from include.fleet import Fleet, Gauge
    from include.probes import Pace
    from include.probes.http import HttpProbe

log = logging.getLogger(__name__)


def fleet(name: str, targets: Targets, duty: str, cheap: bool = False) -> Fleet:
    """The targets of a source, `systems` or `databases`, as a duty reads them. One whose connection is missing is left out, and said so."""
    from include.fleet import Fleet
    from include.metrics import metrics_of

    gauges = {"systems": systems, "databases": databases}[name](targets)
    return Fleet(name, duty, list(gauges), metrics_of(MEASURES[name]), cheap)


MEASURES = {"systems": "system_health", "databases": "database_health"}
