"""What an answer should be: its status, a text, values in its JSON, headers that are there."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from include.web import shown
from include.web.line import Answer

NOTHING = object()


@dataclass(frozen=True, slots=True)
class Expect:
    """`status`: any of these, or 200 to 399 where none is named. `contains`: a text in the body. `json`: {`data.items.0.state`: `ok`}.
    `headers`: names of headers that are there."""

    status: tuple[int, ...] = ()
    contains: str | None = None
    json: Mapping[str, object] = field(default_factory=dict)
    headers: tuple[str, ...] = ()

    def why_not(self, answer: Answer) -> str | None:
        """What is first found to be otherwise, in one line; None when all is as expected."""
        return next(self.differences(answer), None)

    def differences(self, answer: Answer) -> Iterator[str]:
        """All that is otherwise."""
        if not self.takes(answer.status):
            yield f"status {answer.status}, expected {', '.join(map(str, self.status)) or '200 to 399'}"
        yield from (f"no header {name}" for name in self.headers if name.lower() not in answer.headers)
        if self.contains is not None and self.contains.encode() not in answer.body:
            yield unread(answer) or f"body does not contain {shown(self.contains)!r}{not_text(answer.body)}"
        if self.json:
            yield from self.json_differences(answer)

    def takes(self, status: int) -> bool:
        """Whether the status is as expected."""
        return status in self.status if self.status else 200 <= status < 400

    def json_differences(self, answer: Answer) -> Iterator[str]:
        """What is otherwise in the JSON."""
        document = parsed(answer.body)
        if document is NOTHING:
            yield unread(answer) or f"body is not JSON{not_text(answer.body)}"
            return
        for path, wanted in self.json.items():
            found = at(document, path)
            if not same(found, wanted):
                yield f"{path} {'is missing' if found is NOTHING else f'is {written(found)}'}, expected {written(wanted)}"


def unread(answer: Answer) -> str | None:
    """Why the body says less than it might."""
    if answer.cut:
        return f"not found in the first {len(answer.body):,} bytes of a longer body"
    coding = answer.headers.get("content-encoding", "identity").lower()
    return None if coding == "identity" else f"body is compressed, which nobody asked for: {shown(coding, 20)}"


def not_text(body: bytes) -> str:
    """A remark on a body that is no text."""
    try:
        body.decode()
    except UnicodeDecodeError:
        return ", which is not UTF-8"
    return ""


def parsed(body: bytes) -> Any:
    """The JSON of a body, or NOTHING."""
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return NOTHING


def at(document: Any, path: str) -> Any:
    """What stands at a path, each step a key or a position in a list; or NOTHING."""
    for step in path.split("."):
        if isinstance(document, dict):
            document = document.get(step, NOTHING)
        elif isinstance(document, list) and step.isdecimal() and len(step) < 10 and int(step) < len(document):
            document = document[int(step)]
        else:
            return NOTHING
    return document


def same(found: object, wanted: object) -> bool:
    """Whether two values are equal; to JSON, `true` is not 1."""
    return found == wanted and isinstance(found, bool) == isinstance(wanted, bool)


def written(value: object) -> str:
    """A value in a message."""
    if isinstance(value, dict | list):
        return f"{'an object' if isinstance(value, dict) else 'a list'} of {len(value)}"
    return shown(json.dumps(value, ensure_ascii=False, default=str), 60)
