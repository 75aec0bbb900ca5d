"""Where messages arrive, ours as mails and those of others as posts: when each target's problem and its recovery were first heard of."""

from __future__ import annotations

import email
import email.policy
import json
import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from local.ports import any_free

OURS = "SecureNet"
# As the watchers of databases and addresses write it.
PROBLEM = re.compile(r"(?:Database connection|API) failed: (\w+)")
RECOVERY = re.compile(r"(?:database|API) (\w+) answers again")


@dataclass
class Heard:
    """The first moment at which somebody told of a target that it is broken, or mended."""

    smtp: int = 0
    http: int = 0
    at: dict[tuple[str, str, str], float] = field(default_factory=dict)
    news: threading.Condition = field(default_factory=threading.Condition)

    def note(self, who: str, target: str, what: str) -> None:
        """It was heard of now."""
        with self.news:
            self.at.setdefault((who, target, what), time.monotonic())
            self.news.notify_all()

    def forget(self, target: str) -> None:
        """A new trial begins."""
        with self.news:
            self.at = {key: at for key, at in self.at.items() if key[1] != target}

    def wait(self, who: tuple[str, ...], target: str, what: str, seconds: float) -> dict[str, float]:
        """When each of them told, for those who did within that time."""
        with self.news:
            self.news.wait_for(lambda: all((one, target, what) in self.at for one in who), seconds)
            return {one: self.at[one, target, what] for one in who if (one, target, what) in self.at}


@contextmanager
def hearing() -> Iterator[Heard]:
    """A mail server and an HTTP server that listen."""
    heard = Heard(any_free())
    mail = Controller(Mails(heard), hostname="127.0.0.1", port=heard.smtp)
    posts = ThreadingHTTPServer(("127.0.0.1", 0), posted(heard))
    heard.http = posts.server_port
    mail.start()  # type: ignore[no-untyped-call]
    threading.Thread(target=posts.serve_forever, daemon=True).start()
    try:
        yield heard
    finally:
        posts.shutdown()
        mail.stop()  # type: ignore[no-untyped-call]


@dataclass
class Mails:
    """What is ours, by its subject."""

    heard: Heard

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        """aiosmtpd's hook for a whole mail."""
        assert isinstance(envelope.content, bytes)
        subject = str(email.message_from_bytes(envelope.content, policy=email.policy.default)["subject"])
        for what, pattern in (("problem", PROBLEM), ("recovery", RECOVERY)):
            if found := pattern.search(subject):
                self.heard.note(OURS, found[1], what)
        return "250 OK"


def posted(heard: Heard) -> type[BaseHTTPRequestHandler]:
    """What Alertmanager posts; the path says whose it is."""

    class Posts(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            """As the base class calls it."""
            told = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            for alert in told["alerts"]:
                heard.note(self.path[1:], alert["labels"]["target"], "problem" if alert["status"] == "firing" else "recovery")
            self.send_response(200)
            self.end_headers()

        def log_message(self, format: str, *words: Any) -> None:
            """Nothing."""

    return Posts
