"""The webhooks of vendors. These are the only routes without a login: each call is signed by its vendor instead."""

from __future__ import annotations

import logging

import psycopg
from airflow.sdk.exceptions import AirflowFailException
from fastapi import APIRouter, HTTPException, Request
from starlette.concurrency import run_in_threadpool

from include.acting.answering import Answering, CallRefused
from include.config.loading import ConfigurationRefused
from include.hooks import HOOKS, Call
from include.loading import load_named
from include.store import StoreError
from securenet.connections import hook_secret
from securenet.ui.limits import RateLimit, body_of
from securenet.wiring import wired

log = logging.getLogger(__name__)
router = APIRouter(prefix="/hooks")
limit = RateLimit()


@router.post("/pagerduty")
async def pagerduty(request: Request) -> dict[str, str]:
    """Webhooks v3: an incident was acknowledged or resolved."""
    return await received("pagerduty", request)


@router.post("/slack")
async def slack(request: Request) -> dict[str, str]:
    """Interactivity: a button under a message was pressed."""
    return await received("slack", request)


async def received(vendor: str, request: Request) -> dict[str, str]:
    """Answer a call in a thread: the loop serves everybody."""
    limit.take(request.client.host if request.client else "")
    call = Call({name.lower(): value for name, value in request.headers.items()}, await body_of(request))
    try:
        done = await run_in_threadpool(answer, vendor, call)
    except CallRefused as refused:
        log.warning("a call from %s is refused: %s", vendor, refused)
        raise HTTPException(refused.status, str(refused)) from None
    except (psycopg.OperationalError, StoreError, ConfigurationRefused, AirflowFailException) as error:
        log.error("a call from %s cannot be answered: %s: %s", vendor, type(error).__name__, error)
        raise HTTPException(503, "the monitoring cannot answer at the moment", {"Retry-After": "30"}) from None
    log.info("a call from %s: %s", vendor, done)
    return {"done": done}


def answer(vendor: str, call: Call) -> str:
    """Answer it. Raises CallRefused, also while nobody has said what the vendor signs with."""
    secret = hook_secret(vendor)
    if secret is None:
        raise CallRefused(404, f"not configured: create the connection hooks_{vendor}, with the signing secret as its password")
    with wired(f"hook {vendor}") as wiring:
        return Answering(vendor, load_named(HOOKS, vendor, "hook")(), wiring.actions()).answer(call, secret)
