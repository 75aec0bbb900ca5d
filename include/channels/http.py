"""HTTP for channels: one request, and what its failure means."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

import httpx

from include.failures import DeliveryError
from include.model import utc_now

# It would write every address into the log, and the address of a webhook is its secret.
logging.getLogger("httpx").setLevel(logging.WARNING)

TIMEOUT = httpx.Timeout(10.0, connect=5.0)
# A key that is not accepted, or an address at which nobody is, or not this: all that stands in the connection.
WRONG_CONNECTION = (401, 403, 404, 405, 407, 410)
TOO_MANY, TOO_SLOW = 429, 408
HALF_A_MINUTE, LONGEST_REST = timedelta(seconds=30), timedelta(hours=1)


def wrong_connection(answer: httpx.Response) -> bool:
    """Whether it is what stands in the connection that is refused."""
    return answer.status_code in WRONG_CONNECTION or answer.is_redirect


def post(
    client: httpx.Client,
    what: str,
    url: str,
    *,
    keyed: bool,
    misconfigured: Callable[[httpx.Response], bool] = wrong_connection,
    **request: Any,
) -> httpx.Response:
    """POST it. `what`: the receiver's name in errors; `keyed`: it knows what it has had before. Raises DeliveryError.

    `misconfigured`: whether a refusal means our connection, not this message. Errors name neither the address nor the answer: both may
    hold secrets.
    """
    try:
        answer = client.post(url, **request)
    except (httpx.ConnectError, httpx.ConnectTimeout) as error:
        raise DeliveryError(f"{what} cannot be reached{obstacle(error)}", permanent=False, outage=True) from None
    except httpx.HTTPError as error:
        words = f"{what} did not answer: {type(error).__name__}"
        raise DeliveryError(words, permanent=False, uncertain=True, keyed=keyed, outage=True) from None
    except (httpx.InvalidURL, ValueError) as error:
        raise DeliveryError(f"{what}: the address is none: {type(error).__name__}", permanent=True, misconfigured=True) from None
    if not answer.is_success:
        raise refusal(what, answer, misconfigured(answer))
    return answer


def obstacle(error: httpx.TransportError) -> str:
    """What keeps from connecting, where it is not just that nobody answers."""
    if isinstance(error, httpx.ConnectTimeout):
        return " in time"
    if "CERTIFICATE_VERIFY_FAILED" in str(error):
        return ": its TLS certificate is not trusted"
    return ": no TLS can be agreed on" if "SSL" in str(error) else ""


def refusal(what: str, answer: httpx.Response, misconfigured: bool) -> DeliveryError:
    """What a status other than success means for a delivery."""
    status, words = answer.status_code, f"{what} answers {answer.status_code}"
    if misconfigured:
        return DeliveryError(f"{words}: what its connection holds is not accepted", permanent=True, misconfigured=True)
    if status == TOO_MANY:
        return DeliveryError(words, permanent=False, retry_after=rest(answer.headers) or HALF_A_MINUTE)
    later = status >= 500 or status == TOO_SLOW
    return DeliveryError(words, permanent=not later, outage=status >= 500, retry_after=rest(answer.headers) if later else None)


def rest(headers: Mapping[str, str]) -> timedelta | None:
    """How long to wait by `Retry-After`, in seconds or as a date by the answer's own clock, at most an hour; None where it does not say."""
    text = headers.get("retry-after", "")
    if text.isdecimal():
        return min(timedelta(seconds=int(text[:9])), LONGEST_REST)
    at, now = moment(text), moment(headers.get("date")) or utc_now()
    return min(max(at - now, timedelta(0)), LONGEST_REST) if at else None


def moment(text: str | None) -> datetime | None:
    """An HTTP date; None where it is none."""
    try:
        found = parsedate_to_datetime(text or "")
    except (ValueError, OverflowError):
        return None
    return found if found.tzinfo else None
