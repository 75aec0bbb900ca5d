"""HTTP for channels: one request, and what its failure means."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import httpx

from include.failures import DeliveryError

# It would write every address into the log, and the address of a webhook is its secret.
logging.getLogger("httpx").setLevel(logging.WARNING)

TIMEOUT = httpx.Timeout(10.0, connect=5.0)
WRONG_KEY = (401, 403)
TOO_MANY = 429


def post(client: httpx.Client, what: str, url: str, *, keyed: bool, **request: Any) -> httpx.Response:
    """POST it. `what`: the receiver's name in errors; `keyed`: it knows what it has had before. Raises DeliveryError.

    Errors name neither the address nor the answer: both may hold secrets.
    """
    try:
        answer = client.post(url, **request)
    except httpx.ConnectError:
        raise DeliveryError(f"{what} cannot be reached", permanent=False, outage=True) from None
    except httpx.ConnectTimeout:
        raise DeliveryError(f"{what} cannot be reached in time", permanent=False, outage=True) from None
    except httpx.HTTPError as error:
        words = f"{what} did not answer: {type(error).__name__}"
        raise DeliveryError(words, permanent=False, uncertain=True, keyed=keyed, outage=True) from None
    except (httpx.InvalidURL, ValueError) as error:
        raise DeliveryError(f"{what}: the address is none: {type(error).__name__}", permanent=True, misconfigured=True) from None
    refused(what, answer.status_code, answer.headers)
    return answer


def refused(what: str, status: int, headers: Mapping[str, str]) -> None:
    """What an HTTP status means for a delivery. Raises DeliveryError for every status that is no success."""
    if 200 <= status < 300:
        return
    words = f"{what} answers {status}"
    if status == TOO_MANY:
        raise DeliveryError(words, permanent=False, retry_after=seconds(headers.get("retry-after")))
    if status in WRONG_KEY:
        raise DeliveryError(f"{words}: the key in its connection is not accepted", permanent=True, misconfigured=True)
    raise DeliveryError(words, permanent=status < 500 and status != 408, outage=status >= 500)


def seconds(text: str | None) -> timedelta:
    """`Retry-After` in seconds; half a minute where it says nothing that can be read."""
    return timedelta(seconds=min(int(text), 3600)) if text and text.isdecimal() else timedelta(seconds=30)
