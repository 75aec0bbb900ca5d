"""`python -m bench.answers AUTHORITY`: HTTP servers in a process of their own, without and with TLS; prints their ports.

AUTHORITY: the file that the certificate authority is written to.
"""

from __future__ import annotations

import asyncio
import ssl
import sys
from collections.abc import Callable

import trustme

BODY = b'{"status": "ok", "database": "ok", "queue": 12}'
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%b" % (len(BODY), BODY)


class Answering(asyncio.Protocol):
    """Answers every request alike, or as it is told at that moment."""

    def __init__(self, answer: Callable[[], bytes] = lambda: ANSWER) -> None:
        self.answer = answer

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """As asyncio calls it."""
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        """As asyncio calls it."""
        if data.endswith(b"\r\n\r\n"):
            self.transport.write(self.answer())
        if b"\r\nConnection: close\r\n" in data:
            self.transport.close()


async def serve(authority: str) -> None:
    """Serve until the process ends."""
    signer, context = trustme.CA(), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    signer.cert_pem.write_to_path(authority)
    signer.issue_cert("127.0.0.1").configure_cert(context)
    loop = asyncio.get_running_loop()
    servers = [await loop.create_server(Answering, "127.0.0.1", 0, backlog=2000, ssl=secured) for secured in (None, context)]
    print(*(server.sockets[0].getsockname()[1] for server in servers), flush=True)
    await asyncio.gather(*(server.serve_forever() for server in servers))


if __name__ == "__main__":
    asyncio.run(serve(sys.argv[1]))
