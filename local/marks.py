"""What `make env` exported is no setting of the caller's. A shell that evaluated it carries a mark that tells the two apart, so that
later commands, also those of another copy of the project, or after `make clean`, are not held to what was true then."""

import hashlib
import json
import os
from collections.abc import Mapping

NAME = "SECURENET_EXPORTED"


def mark(exported: Mapping[str, str]) -> str:
    """What we, and not the caller, put into these variables: of each a digest of its value, of search paths the parts."""
    ours = {name: value for name, value in exported.items() if os.environ.get(name) != value}
    paths = {name: value.split(":") for name, value in ours.items() if name.endswith("PATH")}
    parts = {name: [part for part in all_parts if part not in _parts(name)] for name, all_parts in paths.items()}
    return json.dumps({name: parts.get(name, _digest(value)) for name, value in ours.items()})


def forget_exported() -> None:
    """Leave in this process's environment what the caller has set alone; what they changed after an export is theirs."""
    for name, known in _marked().items():
        if isinstance(known, list):
            os.environ[name] = ":".join(part for part in _parts(name) if part not in known)
        elif name in os.environ and _digest(os.environ[name]) == known:
            del os.environ[name]


def _marked() -> dict[str, str | list[str]]:
    try:
        found = json.loads(os.environ.pop(NAME, "{}"))
    except ValueError:  # somebody else's
        return {}
    return found if isinstance(found, dict) else {}


def _parts(name: str) -> list[str]:
    return [part for part in os.environ.get(name, "").split(":") if part]


def _digest(value: str) -> str:
    return hashlib.sha256(value.encode("utf-8", "surrogateescape")).hexdigest()[:16]
