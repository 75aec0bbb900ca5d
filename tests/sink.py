"""`python -m tests.sink PORT FILE`: an SMTP server in a process of its own that writes down what it accepts, when it accepts it.

It takes a random few milliseconds before it accepts and before it says so, as servers do.
"""

from __future__ import annotations

import asyncio
import os
import random
import re
import sys
from typing import Any

from aiosmtpd.smtp import SMTP, Envelope, Session

MESSAGE_ID = re.compile(rb"^Message-ID: <(.+?)@", re.MULTILINE)
BEFORE_ACCEPTING, BEFORE_SAYING_SO = 0.002, 0.012


class Recorder:
    """Appends one line per accepted mail: its Message-ID."""

    def __init__(self, path: str) -> None:
        self.file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT)

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        """aiosmtpd's hook for a whole mail."""
        content: Any = envelope.content
        found = MESSAGE_ID.search(content)
        await asyncio.sleep(random.uniform(0, BEFORE_ACCEPTING))
        os.write(self.file, (found[1] if found else b"?") + b"\n")
        await asyncio.sleep(random.uniform(0, BEFORE_SAYING_SO))
        return "250 OK"


async def serve(port: int, path: str) -> None:
    """Serve until the process ends."""
    recorder = Recorder(path)
    server = await asyncio.get_running_loop().create_server(lambda: SMTP(recorder, hostname="sink"), "127.0.0.1", port)
    print("ready", flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1]), sys.argv[2]))
