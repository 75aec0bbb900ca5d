"""An HTTP server that can be stopped, and told to answer something else, at an address that stays."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class Shop:
    """`status`: what it answers; None while it is stopped nobody listens."""

    port: int = 0
    status: int = 200
    server: ThreadingHTTPServer | None = None

    @property
    def url(self) -> str:
        """Where it is."""
        return f"http://127.0.0.1:{self.port}/"

    def start(self) -> None:
        """Open."""
        shop = self

        class Counter(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                """One answer."""
                self.send_response(shop.status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                """Nothing is said of it."""

        self.server = ThreadingHTTPServer(("127.0.0.1", self.port), Counter)
        self.server.daemon_threads = True
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def stop(self) -> None:
        """Close: nobody listens."""
        if self.server:
            self.server.shutdown()
            self.server.server_close()
        self.server = None
