"""`python -m bench.receiver`: an HTTP server in a process of its own that takes everything and keeps nothing; prints its port."""

from __future__ import annotations

import itertools
import json
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

numbers = itertools.count(1)


class Handler(BaseHTTPRequestHandler):
    """Answers as Slack, PagerDuty and a webhook's receiver do where all is well."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1

    def do_POST(self) -> None:
        """As the base class calls it."""
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        told = json.dumps({"ok": True, "channel": "C1", "ts": f"{next(numbers)}.0001", "status": "success"}).encode()
        self.send_response(202 if "enqueue" in self.path else 200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(told)))
        self.end_headers()
        self.wfile.write(told)

    def log_message(self, format: str, *words: Any) -> None:
        """Nothing."""


if __name__ == "__main__":
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    print(server.server_port, flush=True)
    server.serve_forever()
