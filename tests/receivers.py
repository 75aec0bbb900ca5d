"""Receivers on this machine that check what the vendors check, keep what they accept, and fail on demand."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import os
import random
import select
import socket
import ssl
import struct
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs

import trustme

# So soon a server ends that is to.
AT_ONCE = 0.01
TOKEN, KEY, ACCOUNT, SECRET = "xoxb-a-secret-token", "a-secret-routing-key-of-32-chars", "AC123", "a-secret-word"
Answer = tuple[int, dict[str, Any]]


@dataclass(frozen=True)
class Request:
    """One request as it arrived."""

    path: str
    headers: dict[str, str]
    body: bytes
    connection: socket.socket | None = None
    method: str = "POST"

    @property
    def abandoned(self) -> bool:
        """Whether whoever sent it is gone."""
        if self.connection is None or not select.select([self.connection], [], [], 0)[0]:
            return False
        return self.connection.recv(1, socket.MSG_PEEK) == b""

    @property
    def key(self) -> str:
        """By what its receiver knows that it had it before; empty for one that knows nothing of the kind."""
        return self.headers.get("Idempotency-Key") or (self.json.get("dedup_key", "") if self.body.startswith(b"{") else "")

    @property
    def json(self) -> dict[str, Any]:
        """The body, as the channels send it."""
        found: dict[str, Any] = json.loads(self.body)
        return found


@dataclass
class Receiver:
    """A server and what it accepted.

    `faults`: what befalls the next requests: a status with headers; `hang`, which never answers; `reset`; or `after`, which takes the
    request and then falls silent.
    """

    check: Callable[[Receiver, Request], Answer]
    url: str = ""
    accepted: list[Request] = field(default_factory=list)
    faults: list[Any] = field(default_factory=list)
    shown: dict[str, dict[str, Any]] = field(default_factory=dict)


class Handler(BaseHTTPRequestHandler):
    """Hands requests to the receiver of its server."""

    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        """As the base class calls it."""
        receiver: Receiver = self.server.receiver  # type: ignore[attr-defined]
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        request = Request(self.path, dict(self.headers), body, self.connection, self.command)
        fault = receiver.faults.pop(0) if receiver.faults else None
        if fault in ("hang", "reset"):
            self.drop(request, patient=fault == "hang")
            return
        if isinstance(fault, tuple):
            self.answer(fault[0], {}, fault[1])
            return
        status, told = receiver.check(receiver, request)
        if status < 300 and told.get("ok", True):
            receiver.accepted.append(request)
        if fault == "after":
            time.sleep(1.5)
        self.answer(status, told, {})

    def drop(self, request: Request, patient: bool) -> None:
        """End the connection without an answer; a `patient` one waits until whoever called gives up."""
        while patient and not request.abandoned:
            time.sleep(0.01)
        self.close_connection = True
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()

    def do_GET(self) -> None:
        """As the base class calls it; heartbeats come this way."""
        self.do_POST()

    def answer(self, status: int, told: dict[str, Any], headers: dict[str, str]) -> None:
        """Send it, as far as anybody still listens."""
        body = json.dumps(told).encode()
        self.send_response(status)
        for name, value in {**headers, "Content-Type": "application/json", "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *words: Any) -> None:
        """Nothing."""


@contextmanager
def receiving(check: Callable[[Receiver, Request], Answer], *, untrusted: bool = False) -> Iterator[Receiver]:
    """A receiver, while it is needed; `untrusted`: over TLS, with a certificate by an authority that nobody knows."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    receiver = Receiver(check, f"http{'s' if untrusted else ''}://127.0.0.1:{server.server_port}")
    if untrusted:
        server.socket = unknown_authority().wrap_socket(server.socket, server_side=True)
    server.receiver = receiver  # type: ignore[attr-defined]
    server.handle_error = lambda *words: None  # type: ignore[method-assign]
    threading.Thread(target=server.serve_forever, args=(AT_ONCE,), daemon=True).start()
    try:
        yield receiver
    finally:
        server.shutdown()
        server.server_close()


def unknown_authority() -> ssl.SSLContext:
    """What a server needs to speak TLS as 127.0.0.1, and be believed by nobody."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("127.0.0.1").configure_cert(context)
    return context


def slack(receiver: Receiver, request: Request) -> Answer:
    """Slack's Web API: the token, the fields, the lengths; edits only what is there."""
    if request.headers.get("Authorization") != f"Bearer {TOKEN}":
        return 200, {"ok": False, "error": "invalid_auth"}
    words = request.json
    if not words.get("channel") or not fits_into_slack(words):
        return 200, {"ok": False, "error": "invalid_blocks"}
    if request.path == "/chat.update":
        if words["ts"] not in receiver.shown:
            return 200, {"ok": False, "error": "message_not_found"}
        receiver.shown[words["ts"]] = words
        return 200, {"ok": True, "channel": words["channel"], "ts": words["ts"]}
    ts = f"17000000{len(receiver.accepted):02}.000100"
    if "thread_ts" not in words:
        receiver.shown[ts] = words
    return 200, {"ok": True, "channel": "C0123", "ts": ts}


def fits_into_slack(words: dict[str, Any]) -> bool:
    """Whether the text, the blocks and the texts in them are within the limits."""
    blocks = words.get("blocks", [])
    limits = {"header": 150, "section": 3000, "context": 3000}
    texts = [
        (limits[block["type"]], text) for block in blocks if block["type"] in limits for text in block.get("elements", [block.get("text")])
    ]
    kinds = {(block["type"], block["text"]["type"]) for block in blocks if block["type"] == "header"} <= {("header", "plain_text")}
    return kinds and len(words["text"]) <= 3000 and len(blocks) <= 50 and all(0 < len(text["text"]) <= most for most, text in texts)


def slack_webhook(receiver: Receiver, request: Request) -> Answer:
    """An incoming webhook: its secret path, and the lengths."""
    if request.path != f"/services/{SECRET}":
        return 404, {"error": "no_service"}
    return (200, {}) if fits_into_slack(request.json) else (400, {"error": "invalid_blocks"})


def pagerduty(receiver: Receiver, request: Request) -> Answer:
    """Events v2: the key, the action, the lengths."""
    event = request.json
    if event.get("routing_key") != KEY:
        return 400, {"status": "invalid event", "message": "Event object is invalid", "errors": ["Invalid routing key"]}
    payload = event.get("payload", {})
    whole = event["event_action"] in ("acknowledge", "resolve") or all(payload.get(name) for name in ("summary", "source", "severity"))
    short = len(payload.get("summary", "")) <= 1024 and 0 < len(event["dedup_key"]) <= 255 and len(request.body) <= 512 * 1024
    known = payload.get("severity", "info") in ("critical", "error", "warning", "info")
    good = whole and short and known and request.path == "/v2/enqueue"
    return (202, {"status": "success"}) if good else (400, {"status": "invalid event", "errors": ["Payload is not as it should be"]})


def twilio(receiver: Receiver, request: Request) -> Answer:
    """Messages.json: the account, the fields, and at most 1,600 characters."""
    proof = base64.b64encode(f"{ACCOUNT}:{SECRET}".encode()).decode()
    form = {name: values[0] for name, values in parse_qs(request.body.decode()).items()}
    if request.headers.get("Authorization") != f"Basic {proof}":
        return 401, {"code": 20003}
    good = {"To", "From", "Body"} <= form.keys() and len(form["Body"]) <= 1600 and form["To"].startswith("+")
    return (201, {"sid": "SM1"}) if good and ACCOUNT in request.path else (400, {"code": 21211})


def webhook(receiver: Receiver, request: Request) -> Answer:
    """A receiver who takes only what is signed with the secret that it shares with us, over the time and the body that it got."""
    signed = request.headers.get("X-SecureNet-Timestamp", "").encode() + b"." + request.body
    proof = hmac.new(SECRET.encode(), signed, hashlib.sha256).hexdigest()
    return (200, {}) if hmac.compare_digest(request.headers.get("X-SecureNet-Signature", ""), f"sha256={proof}") else (401, {})


def anything(receiver: Receiver, request: Request) -> Answer:
    """Takes what it gets."""
    return 200, {}


CHECKS = {"slack": slack, "pagerduty": pagerduty, "sms": twilio, "webhook": webhook}


def serve(kind: str, port: int, path: str) -> None:
    """`python -m tests.receivers KIND PORT FILE`: a receiver in a process of its own that writes down what it takes."""
    record = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT)

    def check(receiver: Receiver, request: Request) -> Answer:
        answer = CHECKS[kind](receiver, request)
        time.sleep(random.uniform(0, 0.02))
        if answer[0] < 300 and not request.abandoned:
            os.write(record, request.key.encode() + b" " + request.body[:2000] + b"\n")
        time.sleep(random.uniform(0, 0.008))
        return answer

    server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
    server.receiver = Receiver(check)  # type: ignore[attr-defined]
    server.handle_error = lambda *words: None  # type: ignore[method-assign]
    print("ready", flush=True)
    server.serve_forever()


if __name__ == "__main__":
    serve(sys.argv[1], int(sys.argv[2]), sys.argv[3])
