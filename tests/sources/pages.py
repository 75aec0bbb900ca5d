"""A site of pages that are well, and of pages that are up to something."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

HTML = {
    "/": "<title>The shop</title><h1 style='font-size: 99px'>Welcome</h1><p id=cart>empty</p>",
    "/faulty": "<title>The shop</title><h1>Welcome</h1><img src=/gone.png?key=secret><script src=/away.js></script>"
    "<script>console.error('no prices from https://api/x?token=secret'); console.log('fine'); throw new Error('no cart')</script>",
    "/late": "<title>Loading</title><script>setTimeout(() => document.body.innerHTML = '<p id=cart>here</p>', 1500)</script>",
    "/leads on": "<title>Login</title><script>location.href = '/'</script>",
    "/dialogs": "<title>Hello</title><script>alert(1); confirm(2); prompt(3)</script><h1>Welcome</h1>",
    "/no end of dialogs": "<title>Hello</title><script>for (;;) alert(1)</script>",
    "/busy": "<title>Hello</title><script>for (;;);</script>",
    "/around": "<title>Hello</title><script>onload = () => location.reload()</script>",
    "/flood": "<title>Hello</title><h1>Welcome</h1><script>for (let n = 0; n < 5000; n++) console.error('wet ' + n)</script>",
    "/greedy": "<title>Hello</title><script>const all = []; for (;;) all.push(new Uint8Array(1e7).fill(1))</script>",
    "/windows": "<title>Hello</title><h1>Welcome</h1><script>for (let n = 0; n < 50; n++) open('/')</script>",
    "/liar": "<title>The shop</title><h1>Welcome</h1><script>performance.getEntriesByType = () => { throw 1 };"
    "document.querySelector = () => null; JSON.stringify = null; Promise = null; setTimeout = null</script>",
}
TYPE = {"Content-Type": "text/html"}


class Page(BaseHTTPRequestHandler):
    """One request."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        path = self.path.split("?")[0].replace("%20", " ")
        with suppress(OSError):
            if path in HTML:
                self.reply(200, HTML[path].encode(), TYPE)
            else:
                getattr(self, path.strip("/").split(".")[0], self.gone)()

    def reply(self, status: int, body: bytes, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, text in {**headers, "Content-Length": str(len(body))}.items():
            self.send_header(name, text)
        self.end_headers()
        self.wfile.write(body)

    def gone(self) -> None:
        self.reply(404, b"not here", TYPE)

    def broken(self) -> None:
        self.reply(503, b"", TYPE)

    def circle(self) -> None:
        self.reply(302, b"", {"Location": "/circle"})

    def file(self) -> None:
        self.reply(200, b"12345", {"Content-Type": "application/octet-stream", "Content-Disposition": "attachment; filename=x"})

    def away(self) -> None:
        self.connection.shutdown(socket.SHUT_RDWR)

    def silent(self) -> None:
        time.sleep(60)

    def dripping(self) -> None:
        self.endless(b"<p>drop</p>", 0.05)

    def huge(self) -> None:
        self.endless(b"<!--" + b"x" * 1_000_000 + b"-->", 0)

    def endless(self, piece: bytes, pause: float) -> None:
        """Until nobody listens."""
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        while True:
            self.wfile.write(piece)
            time.sleep(pause)

    def log_message(self, *_: object) -> None:
        """Nothing is said of it."""


class Site(ThreadingHTTPServer):
    """Says nothing of browsers that are gone."""

    daemon_threads = True

    def handle_error(self, *_: object) -> None:
        """As they are when the time is over."""


@contextmanager
def site() -> Iterator[str]:
    """Its address."""
    with Site(("127.0.0.1", 0), Page) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
