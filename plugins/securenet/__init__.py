"""The words of a DAG file. Loaded one by one, so that a file pays only for what it names."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from securenet.duty import duty
    from securenet.operators.act import Act
    from securenet.operators.collect import Collect
    from securenet.operators.describe import Describe
    from securenet.operators.evaluate import Evaluate
    from securenet.operators.maintain import Maintain
    from securenet.operators.notify import Notify
    from securenet.operators.report import Report

WORDS = {
    "duty": "securenet.duty",
    "Act": "securenet.operators.act",
    "Collect": "securenet.operators.collect",
    "Describe": "securenet.operators.describe",
    "Evaluate": "securenet.operators.evaluate",
    "Maintain": "securenet.operators.maintain",
    "Notify": "securenet.operators.notify",
    "Report": "securenet.operators.report",
}

__all__ = ["Act", "Collect", "Describe", "Evaluate", "Maintain", "Notify", "Report", "duty"]


def __getattr__(name: str) -> Any:
    """The word, imported when it is first used."""
    if name not in WORDS:
        raise AttributeError(f"securenet has no {name!r}; it has: {', '.join(WORDS)}")
    word = getattr(import_module(WORDS[name]), name)
    globals()[name] = word  # importing securenet.duty has just put the module under the word's name
    return word
