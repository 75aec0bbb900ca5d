"""The dead-man's switch: somebody outside hears regularly that the monitoring lives, and raises the alarm when it no longer does."""

from __future__ import annotations

import http.client
import logging
import urllib.error
import urllib.request
from dataclasses import dataclass, field

log = logging.getLogger(__name__)
SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Heartbeat:
    """Where to be heard of. The address is a secret of sorts: whoever knows it can keep a dead monitoring alive."""

    url: str = field(repr=False)
    method: str = "GET"
    token: str | None = field(default=None, repr=False)

    @property
    def request(self) -> urllib.request.Request:
        """As healthchecks.io and Uptime Kuma take it, and with POST and a token Gatus. Raises ValueError for what is no URL."""
        made = urllib.request.Request(self.url, b"" if self.method == "POST" else None, method=self.method)  # noqa: S310  see beat
        if self.token:
            made.add_unredirected_header("Authorization", f"Bearer {self.token}")
        return made


def beat(heartbeat: Heartbeat | None) -> None:
    """Be heard of. A receiver that is out of order disturbs nothing."""
    if not heartbeat or not heartbeat.url.startswith(("http://", "https://")):
        return
    try:
        with urllib.request.urlopen(heartbeat.request, timeout=SECONDS):  # noqa: S310  the scheme was just checked
            pass
    except urllib.error.HTTPError as error:
        log.warning("a heartbeat was not heard: the receiver answers %s", error.code)
    except (OSError, ValueError, http.client.HTTPException) as error:
        log.warning("a heartbeat was not heard: %s", type(error).__name__)
