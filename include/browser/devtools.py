"""The DevTools protocol over a pipe, which nobody else can connect to: commands, answers and events in JSON, each ended by a zero byte."""

from __future__ import annotations

import json
import os
import select
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from include.browser import Failed, Gone, Late, Refused

MOST_BYTES = 32 * 1024 * 1024
AT_ONCE = 1024 * 1024
# So often it is looked whether the browser grows too large, in seconds.
PULSE = 0.5
Message = Mapping[str, Any]


@dataclass
class Pipe:
    """`writing`, `reading`: ends of pipes; `ends`: until when anybody waits. `hear` gets the events, `pulse` is called now and then.

    `deaf`: how messages begin that are not even read, as those of a flood.
    """

    writing: int
    reading: int
    ends: float
    hear: Callable[[str, Message], None] = lambda event, about: None
    pulse: Callable[[], None] = lambda: None
    session: str | None = None
    sent: int = 0
    pulsed_at: float = 0.0
    deaf: tuple[bytes, ...] = ()
    rest: bytearray = field(default_factory=bytearray)
    waiting: list[Message] = field(default_factory=list)
    poll: select.poll = field(default_factory=select.poll)

    def __post_init__(self) -> None:
        os.set_blocking(self.writing, False)
        self.poll.register(self.reading, select.POLLIN)

    def ask(self, method: str, **params: Any) -> Message:
        """What a command is answered. Raises Refused, Late and Gone."""
        number = self.send(method, **params)
        while (answer := self.next()).get("id") != number:
            self.told(answer)
        if "error" in answer:
            raise Refused(f"{method}: {answer['error'].get('message', '')}")
        result: Message = answer["result"]
        return result

    def send(self, method: str, **params: Any) -> int:
        """Give a command whose answer nobody waits for; its number. Raises Gone."""
        self.sent += 1
        message = {"id": self.sent, "method": method, "params": params, **({"sessionId": self.session} if self.session else {})}
        try:
            os.write(self.writing, json.dumps(message).encode() + b"\0")
        except OSError:
            raise Gone from None
        return self.sent

    def listen(self, until: Callable[[], bool], seconds: float) -> None:
        """Hear events until it holds, or for so many seconds. Raises Late and Gone."""
        ends = time.monotonic() + seconds
        while not until() and (left := ends - time.monotonic()) > 0:
            if message := self.heard(left):
                self.told(message)

    def told(self, message: Message) -> None:
        """Pass an event on."""
        if "method" in message:
            self.hear(message["method"], message.get("params", {}))

    def next(self) -> Message:
        """The next message. Raises Late and Gone."""
        while not (message := self.heard(PULSE)):
            pass
        return message

    def heard(self, seconds: float) -> Message | None:
        """A message, if one comes within so many seconds. Raises Late and Gone, and Failed for one without end."""
        now = time.monotonic()
        if now >= self.ends:
            raise Late
        if now - self.pulsed_at >= PULSE:
            self.pulsed_at = now
            self.pulse()
        if not self.waiting and self.poll.poll(1000 * min(seconds, self.ends - now, PULSE)):
            self.receive()
        return self.waiting.pop(0) if self.waiting else None

    def receive(self) -> None:
        """Take in what is there."""
        chunk = os.read(self.reading, AT_ONCE)
        if not chunk:
            raise Gone
        self.rest += chunk
        if b"\0" in chunk:
            *whole, self.rest = self.rest.split(b"\0")
            self.waiting += [json.loads(message) for message in whole if not message.startswith(self.deaf)]
        if len(self.rest) > MOST_BYTES:
            raise Failed(f"it says more than {MOST_BYTES // 1024 // 1024} MiB at once")
