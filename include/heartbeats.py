"""The dead-man's switch: somebody outside hears regularly that the monitoring lives, and raises the alarm when it no longer does."""

from __future__ import annotations

import logging
import urllib.error
import urllib.request

log = logging.getLogger(__name__)
SECONDS = 5.0


def beat(url: str | None) -> None:
    """Be heard of at a URL, as healthchecks.io, Uptime Kuma and Gatus offer it. A receiver that is out of order disturbs nothing."""
    if not url or not url.startswith(("http://", "https://")):
        return
    try:
        with urllib.request.urlopen(url, timeout=SECONDS):  # noqa: S310  the scheme was just checked
            pass
    except (urllib.error.URLError, OSError, ValueError) as error:
        # the address is a secret of sorts: whoever knows it can keep a dead monitoring alive
        log.warning("a heartbeat was not heard: %s", type(error).__name__)
