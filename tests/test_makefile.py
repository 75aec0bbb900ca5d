"""What make hands on to the commands, as a person types it."""

from __future__ import annotations

import subprocess

import pytest

from tests.test_house import ROOT


@pytest.mark.parametrize(
    ("words", "command"),
    [
        (["check", "DUTY=system_health"], "check system_health"),
        (["check", "DUTY=system_health", "SEND=1", "JSON=1"], "check system_health --send --json"),
        (["check", "DUTY=system_health", "SEND=0", "JSON=no"], "check system_health"),
        (["check", "DUTY=a; echo b", 'ORGANIZATION=it\'s "us"'], 'check a; echo b --organization it\'s "us"'),
        (["check"], "check "),
    ],
    ids=["nothing else", "yes", "no", "hostile", "nothing"],
)
def test_what_was_typed_arrives_and_no_means_no(words: list[str], command: str) -> None:
    done = subprocess.run(["make", "-s", *words, "LOCAL=echo"], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout == f"exec python -m securenet {command}\n"
