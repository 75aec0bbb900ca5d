"""The demo system: a SecureNet with twelve organisations and some 5,000 accounts in every state that matters.

Built by `python -m demo build --dsn DSN`; `python -m demo move --dsn DSN` then takes twelve accounts over a step.
"""

from demo.people import MOVED, build, is_built, move, remove

__all__ = ["MOVED", "build", "is_built", "move", "remove"]
