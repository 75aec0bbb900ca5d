"""How the programs of a peer are found and run."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path


def installed(*programs: str) -> bool:
    """Whether all of them are; else it says which are not."""
    absent = [program for program in programs if not shutil.which(program)]
    if absent:
        print(f"not compared, as not installed: {', '.join(absent)}", flush=True)
    return not absent


def begin(stack: ExitStack, log: Path, command: Sequence[str]) -> None:
    """A program that runs until the stack unwinds."""
    output = stack.enter_context(log.open("wb"))
    process = subprocess.Popen(command, stdout=output, stderr=output)
    stack.callback(process.wait)
    stack.callback(process.terminate)
