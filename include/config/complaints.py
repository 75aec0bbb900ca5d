"""What is wrong with a file, in a sentence that says what is allowed: `file: key.path: what; allowed: ... (found: value)`."""

from __future__ import annotations

from pathlib import Path

import yaml
from pydantic_core import ErrorDetails

from include.config.people import LISTED, ROTATES
from include.config.section import keys_at
from include.config.settings import Settings
from include.config.spelling import is_secret, spelled, without_secrets

TEXT = "not text; allowed: text, in quotes where it looks like a number or like true and false"
TOO_SMALL, TOO_LARGE = "too small; allowed: ", "too large; allowed: "
LIST = "not a list; allowed: [one, another], or a line with a dash for each"
SWITCH = "neither true nor false; allowed: true, false"
WHOLE = "not a whole number; allowed: a whole number, as in 7"
NUMBER = "not a number; allowed: a number, as in 80 or 2.5"
# pydantic's name for a mistake -> the words for it; what stands in braces is in the mistake's context.
SENTENCES = {
    "missing": "missing, and without a default; allowed: this key with a value",
    "string_type": TEXT,
    "string_too_short": "empty; allowed: text",
    "string_too_long": "too long a text; allowed: {max_length} characters",
    "bool_type": SWITCH,
    "int_type": WHOLE,
    "float_type": NUMBER,
    "finite_number": NUMBER,
    "greater_than": TOO_SMALL + "more than {gt:g}",
    "greater_than_equal": TOO_SMALL + "{ge:g} or more",
    "less_than": TOO_LARGE + "less than {lt:g}",
    "less_than_equal": TOO_LARGE + "{le:g} or less",
    "tuple_type": LIST,
    "too_short": "too few entries; allowed: {min_length} or more",
    "dict_type": "not a section; allowed: keys with a value each, as in {{name: value}}",
    "invalid_key": "the key is " + TEXT,
    "recursion_loop": "contains itself; allowed: no alias (*) of what stands around it",
}
NO_TOKEN, TAB = "cannot start any token", "; is it a tab? Allowed: blanks"
NOTHING_FOUND = ("missing", "recursion_loop")


def describe(path: Path | str, problem: ErrorDetails) -> str:
    """One mistake in a line."""
    place = [str(part) for part in problem["loc"] if part not in (LISTED, ROTATES, "[key]")]
    key = "the key is " if problem["loc"][-1:] == ("[key]",) else ""
    hidden = problem["type"] in NOTHING_FOUND or any(map(is_secret, place))
    found = "" if hidden else f" (found: {spelled(problem['input'])})"
    words = f"{key}{sentence(problem, place)}{found}"
    return f"{path}: {without_secrets('.'.join(place) or 'top')}: {without_secrets(words)}"


def sentence(problem: ErrorDetails, place: list[str]) -> str:
    """What is wrong, and what is allowed."""
    kind, context = problem["type"], problem.get("ctx", {})
    if kind == "extra_forbidden":
        return f"unknown key; allowed here: {', '.join(context.get('keys') or sorted(keys_at(Settings, place[:-1])))}"
    if kind == "model_type":
        return f"not a section; allowed: keys with a value each, of {', '.join(context.get('keys') or sorted(keys_at(Settings, place)))}"
    if kind == "literal_error":
        return f"an unknown word; allowed: {context['expected'].replace(' or ', ', ').replace(chr(39), '')}"
    if kind in SENTENCES:
        return SENTENCES[kind].format(**context)
    return problem["msg"].removeprefix("Value error, ")


def unreadable(path: Path, error: Exception) -> str:
    """Why a file is no configuration at all."""
    return f"{path}: {' '.join(no_yaml(error).split())}"


def no_yaml(error: Exception) -> str:
    """Where the text stops being YAML, and how."""
    if isinstance(error, yaml.MarkedYAMLError) and (mark := error.problem_mark or error.context_mark):
        hint = TAB if NO_TOKEN in str(error.problem) else ""
        return f"line {mark.line + 1}, column {mark.column + 1}: {', '.join(filter(None, (error.context, error.problem)))}{hint}"
    if isinstance(error, UnicodeDecodeError):
        return f"not UTF-8 at byte {error.start}; allowed: text in UTF-8"
    if isinstance(error, yaml.reader.ReaderError):
        return f"a character that YAML does not allow at position {error.position}; allowed: printable text"
    return "nested too deeply" if isinstance(error, RecursionError) else str(error)
