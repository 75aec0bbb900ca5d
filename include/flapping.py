"""Flap damping after Icinga 2: changes among the last 20 judgements, newer ones weighing more, in percent of all that could be."""

from __future__ import annotations

JUDGEMENTS = 20
STARTS, ENDS = 30.0, 25.0
_MASK = (1 << (JUDGEMENTS + 1)) - 1
# The history of what was in breach at every judgement: one more leaves it as it is.
STEADY = _MASK


def observe(history: int, breach: bool, missed: int = 0) -> int:
    """The history with one more judgement in its lowest bit; `missed` ones before it are taken to have been like the last."""
    for _ in range(min(missed, JUDGEMENTS)):
        history = history << 1 | history & 1
    return (history << 1 | breach) & _MASK


def share(history: int) -> float:
    """How much it swings: 0 to 100. A change weighs from 0.8 (the oldest) to 1.18 (the newest)."""
    changes = history ^ (history >> 1)
    weights = (0.8 + 0.02 * (JUDGEMENTS - 1 - age) for age in range(JUDGEMENTS) if changes >> age & 1)
    return 100 * sum(weights) / JUDGEMENTS


def flaps(history: int, flapping: bool) -> bool:
    """Whether it swings too much: from 30 % on, until it is below 25 %."""
    return share(history) >= (ENDS if flapping else STARTS)
