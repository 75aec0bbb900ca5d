"""Generated once, kept in files that only their owner may read. No password of this project has a default."""

import base64
import os
import secrets
from collections.abc import Callable
from pathlib import Path

from local import layout


def token() -> str:
    """64 characters (what signing keys need) that need quoting nowhere: not in a shell, a URI or SQL."""
    return secrets.token_hex(32)


def fernet_key() -> str:
    """A key in the form that Airflow encrypts stored connections with."""
    return base64.urlsafe_b64encode(secrets.token_bytes(32)).decode()


def password(name: str, make: Callable[[], str] = token) -> str:
    """The secret of that name; made on first use, the same ever after."""
    folder = layout.run() / "secrets"
    folder.mkdir(mode=0o700, exist_ok=True)
    path = folder / name
    if not path.exists():
        _create(folder / f".{name}.{os.getpid()}", make()).replace(path)
    return path.read_text()


def _create(path: Path, text: str) -> Path:
    path.touch(mode=0o600)
    path.write_text(text)
    return path
