"""A mail server that delivers to nobody, and a page to read what it received.

Listens on this machine only. The page trusts neither the mails nor other web sites: everything is escaped, a mail's HTML is
shown in a sandbox without scripts and network, and a request must name this host (no DNS rebinding, no forged deletion).
"""

import asyncio
import json
import logging
import secrets
import sys
from pathlib import Path
from typing import cast
from urllib.parse import quote

from aiohttp import web
from aiohttp.typedefs import Handler
from aiosmtpd.smtp import SMTP, Envelope, Session
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from local.mails import Mail, Mailbox

HOST = "127.0.0.1"
NAMES = {HOST, "localhost"}
SHOWN = 200
LARGEST = 50_000_000
MAILBOX = web.AppKey("mailbox", Mailbox)
PAGE = Environment(loader=FileSystemLoader(Path(__file__).parent), autoescape=True, undefined=StrictUndefined)
POLICY = "default-src 'none'; style-src 'nonce-{nonce}'; frame-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
SANDBOX = "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'self'"
routes = web.RouteTableDef()


class Receiver:
    """Accepts every mail for everybody."""

    def __init__(self, mailbox: Mailbox) -> None:
        self.mailbox = mailbox

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802  aiosmtpd's name
        """Keep it before the sender hears that it is kept."""
        content = cast(bytes, envelope.content)  # text only where SMTP is told to decode
        self.mailbox.add(envelope.mail_from or "", envelope.rcpt_tos, content)
        return "250 OK"


@routes.get("/")
@routes.get("/messages/{id}")
async def page(request: web.Request) -> web.Response:
    """The list, newest first, and the chosen mail beside it."""
    mailbox = request.app[MAILBOX]
    chosen = _mail(request) if "id" in request.match_info else None
    ids = mailbox.ids()
    listed = await asyncio.to_thread(lambda: list(mailbox.mails(ids[: -SHOWN - 1 : -1])))
    nonce = secrets.token_urlsafe(16)
    text = PAGE.get_template("inbox.html").render(mails=listed, total=len(ids), chosen=chosen, nonce=nonce)
    headers = {"Content-Security-Policy": POLICY.format(nonce=nonce)}
    return web.Response(text=text, content_type="text/html", headers=headers)


@routes.get("/messages/{id}/html")
async def html(request: web.Request) -> web.Response:
    """The HTML part alone, for the frame."""
    headers = {"Content-Security-Policy": SANDBOX}
    return web.Response(text=_mail(request).html, content_type="text/html", headers=headers)


@routes.get("/messages/{id}/attachments/{number}")
async def attachment(request: web.Request) -> web.Response:
    """One attachment, always as a download."""
    found = _mail(request).attachments[int(request.match_info["number"]) :][:1]
    if not found:
        raise web.HTTPNotFound
    name, content = found[0]
    return web.Response(body=content, headers={"Content-Disposition": f"attachment; filename*=UTF-8''{quote(name)}"})


@routes.get("/messages/{id}/source")
async def source(request: web.Request) -> web.Response:
    """The mail as it arrived."""
    return web.Response(body=_mail(request).message.as_bytes(), content_type="text/plain")


@routes.get("/api/messages")
async def messages(request: web.Request) -> web.Response:
    """All mails as JSON, oldest first; `?limit=n` gives the newest n."""
    mailbox = request.app[MAILBOX]
    ids = mailbox.ids()[-int(request.query.get("limit", "0")) :]
    body = await asyncio.to_thread(lambda: json.dumps([mail.facts for mail in mailbox.mails(ids)]))
    return web.Response(text=body, content_type="application/json")


@routes.post("/delete-all")
async def delete_all(request: web.Request) -> web.Response:
    """Empty the inbox."""
    request.app[MAILBOX].clear()
    raise web.HTTPSeeOther("/")


@web.middleware
async def guard(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Refuse requests that another site makes a browser send; tell browsers to guess and to leak nothing."""
    origin = request.headers.get("Origin", f"http://{request.host}")
    if request.host.rpartition(":")[0] not in NAMES or origin != f"http://{request.host}":
        raise web.HTTPForbidden
    return await handler(request)


async def harden(request: web.Request, response: web.StreamResponse) -> None:
    """Headers that every answer carries."""
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["Cache-Control"] = "no-store"


def application(mailbox: Mailbox) -> web.Application:
    """The page and the JSON over one mailbox."""
    app = web.Application(middlewares=[guard])
    app[MAILBOX] = mailbox
    app.add_routes(routes)
    app.on_response_prepare.append(harden)
    return app


async def serve(mailbox: Mailbox, smtp_port: int, page_port: int) -> None:
    """Receive and show until cancelled."""
    receiver = Receiver(mailbox)
    loop = asyncio.get_running_loop()
    smtp = await loop.create_server(lambda: _session(receiver), HOST, smtp_port)
    runner = web.AppRunner(application(mailbox), access_log=None)
    await runner.setup()
    await web.TCPSite(runner, HOST, page_port).start()
    async with smtp:
        await smtp.serve_forever()


def main(folder: str, smtp_port: str, page_port: str) -> None:
    """`python -m local.inbox FOLDER SMTP_PORT PAGE_PORT`"""
    logging.getLogger("mail.log").setLevel(logging.ERROR)  # one line per command of every mail otherwise
    Path(folder).mkdir(mode=0o700, parents=True, exist_ok=True)
    asyncio.run(serve(Mailbox(Path(folder)), int(smtp_port), int(page_port)))


def _session(receiver: Receiver) -> SMTP:
    return SMTP(receiver, data_size_limit=LARGEST, enable_SMTPUTF8=True, ident="inbox")


def _mail(request: web.Request) -> Mail:
    mail = request.app[MAILBOX].find(request.match_info["id"])
    if mail is None:
        raise web.HTTPNotFound
    return mail


if __name__ == "__main__":
    main(*sys.argv[1:])
