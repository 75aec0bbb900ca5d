"""Each of these tests has a run-time folder of its own and an environment in which nobody has set anything of ours."""

import os
from pathlib import Path

import pytest

OURS = ("AIRFLOW", "SECURENET", "PG")


@pytest.fixture(autouse=True)
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The run-time folder."""
    for name in [name for name in os.environ if name.startswith(OURS)]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("SECURENET_RUN", str(tmp_path / "run"))
    return tmp_path / "run"
