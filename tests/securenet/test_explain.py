"""`make explain` and `make on-call`: what is documented, JSON alone on stdout, and what the exit codes mean."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from textwrap import dedent

import pytest

from securenet.__main__ import main
from tests.securenet.test_commands import documented, shape

ROOT = Path(__file__).parents[2]
ALERT = "severity=critical,duty=database_connectivity,environment=prod"
QUOTED = f'{ALERT},note=it\'s "here"'
FILE = """
monitoring: {zone: Europe/Berlin}
people:
  ann: {name: "Ann\\tIto", email: ann@example.com, phone: "+491"}
  bob: {name: Bob Lee, email: bob@example.com, quiet_hours: "22:00-07:00"}
roles:
  on_call: {rotation: {people: [ann, bob], every: 1w, starts: 2026-01-05T09:00}}
  on_call_engineer: [bob]
routes: [{match: {environment: prod}, to: [{channel: slack}]}]
"""


@pytest.fixture(autouse=True)
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A configuration and a default receiver, and nothing that runs."""
    (tmp_path / "monitoring.yaml").write_text(FILE)
    monkeypatch.setenv("SECURENET_CONFIG", str(tmp_path / "monitoring.yaml"))
    monkeypatch.setenv("SECURENET_ADMIN_EMAIL", "admin@example.com")
    monkeypatch.setenv("AIRFLOW_CONN_SMTP_DEFAULT", "smtp://mail.example.com")
    monkeypatch.delenv("SECURENET_ENV", raising=False)


def test_explain_shows_what_is_documented(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", ALERT, "--at", "2026-12-24T03:00", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert [(one["role"], one["person"], one["channel"], one["after_s"]) for one in found["steps"]] == [
        (None, None, "slack", 0),
        ("on_call", "ann", "email", 0),
        ("on_call", "ann", "sms", 0),
        ("manager", None, "email", 0),
    ], "24 December is in week 50"
    assert documented("make -s explain JSON=1")["steps"][0] == {**found["steps"][2], "at": "2026-12-24T03:00:00+00:00"}
    assert {one["at"] for one in found["steps"]} == {"2026-12-24T03:00:00+01:00"}
    assert shape(found["steps"][1]) == shape(documented("make -s explain JSON=1")["steps"][0])


def test_the_page_on_routing_shows_what_is_really_printed(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    page = (ROOT / "docs/routing.md").read_text()
    example = page[page.index("    monitoring:") : page.index("## People")]
    (tmp_path / "monitoring.yaml").write_text(dedent(example))
    shown = re.findall(r"^    \$ make -s explain ALERT='(.*)' AT='(.*)'\n((?:    .*\n)+)", page, re.MULTILINE)
    assert len(shown) == 2
    for alert, at, output in shown:
        assert main(["explain", alert, "--at", at]) == 0
        assert capsys.readouterr().out == dedent(output)


def test_what_is_held_overnight_stands_at_its_time_with_the_seconds_until_then(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", "priority=high", "--at", "2026-12-24T03:00:00+01:00", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["steps"][1] == {
        "role": "on_call_engineer",
        "person": "bob",
        "channel": "email",
        "after_s": 14400,
        "at": "2026-12-24T07:00:00+01:00",
        "reason": "escalation high, step 1: on_call_engineer after 15m; held until quiet hours end",
    }


def test_for_people_it_is_a_table(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", ALERT, "--at", "2026-12-24T03:00"]) == 0
    printed = capsys.readouterr()
    assert printed.err == "nothing leaves through slack, sms: not configured, see `make config`\n"
    assert printed.out == (
        "critical with priority critical, database_connectivity, at Thu 2026-12-24 03:00 CET, if nobody acknowledges:\n"
        "  0s  Thu 2026-12-24 03:00  slack  #alerts               route 1: environment prod\n"
        "  0s  Thu 2026-12-24 03:00  email  ann, ann@example.com  escalation critical, step 1: on_call at once\n"
        "  0s  Thu 2026-12-24 03:00  sms    ann, +491             escalation critical, step 1: on_call at once\n"
        "  0s  Thu 2026-12-24 03:00  email  admin@example.com     escalation critical, step 1: manager at once; nobody is manager\n"
        "Nothing was sent.\n"
    )


def test_without_a_moment_it_is_now(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", "severity=info", "--json"]) == 0
    steps = json.loads(capsys.readouterr().out)["steps"]
    assert [(one["role"], one["after_s"] > 0) for one in steps] == [("administrator", False), ("team_lead", True)]


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (["explain", "severity=bad"], "nothing to explain: severity=bad is not known; allowed: critical, warning, info"),
        (["explain", ALERT, "--at", "noon"], "nothing to explain: 'noon' is no moment; allowed: as in 2026-12-24T03:00"),
        (["explain", "priority=low", "--at", "9999-12-31"], "nothing to explain: date value out of range"),
        (["on-call", "--at", "noon"], "not understood: 'noon' is no moment"),
        (["on-call", "--ics", "manager"], "not understood: role 'manager' has no rotation; those that have: on_call"),
    ],
)
def test_what_is_not_understood_is_exit_code_1_with_what_is_allowed(capsys: pytest.CaptureFixture[str], words: list[str], why: str) -> None:
    assert main(words) == 1
    said = capsys.readouterr()
    assert said.out == ""
    assert why in said.err


@pytest.mark.parametrize("words", [["explain", ALERT, "--json"], ["on-call"]], ids=lambda words: words[0])
def test_a_refused_configuration_is_exit_code_2(capsys: pytest.CaptureFixture[str], tmp_path: Path, words: list[str]) -> None:
    (tmp_path / "monitoring.yaml").write_text("roles: {manager: [eve]}")
    assert main(words) == 2
    said = capsys.readouterr()
    assert (said.out, said.err) == (
        "",
        f"{tmp_path}/monitoring.yaml: roles.manager: 'eve' is not in people; allowed: nobody yet (found: 'eve')\n",
    )


def test_on_call_names_who_has_each_role(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["on-call", "--at", "2026-12-24T03:00"]) == 0
    assert capsys.readouterr().out.splitlines()[:3] == [
        "on_call             ann (Ann␉Ito)",
        "manager             nobody: the default receiver",
        "on_call_engineer    bob (Bob Lee)",
    ]


def test_on_call_writes_the_next_ninety_days_as_a_calendar_file(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["on-call", "--at", "2026-12-24T03:00", "--ics", "on_call"]) == 0
    text = capsys.readouterr().out
    assert (text.count("BEGIN:VEVENT\r\n"), text.count("SUMMARY:on_call: Bob Lee\r\n")) == (14, 7), "90 days have a part of 14 weeks"
    assert text.endswith("END:VCALENDAR\r\n")


@pytest.mark.parametrize(
    ("words", "passed"),
    [
        (["explain", f"ALERT={QUOTED}", "AT=2026-12-24T03:00", "JSON=1"], ["explain", QUOTED, "--at", "2026-12-24T03:00", "--json"]),
        (["explain"], ["explain", ""]),
        (["on-call"], ["on-call"]),
        (["on-call", "ICS=1", "ROLE=on call"], ["on-call", "--ics", "on call"]),
    ],
    ids=["all", "nothing", "on-call", "a calendar file"],
)
@pytest.mark.parametrize("code", [0, 1, 2])
def test_make_passes_words_as_they_are_and_the_exit_code_on(tmp_path: Path, words: list[str], passed: list[str], code: int) -> None:
    python = tmp_path / "python"
    python.write_text(f"#!{sys.executable}\nimport json, sys\nprint(json.dumps(sys.argv[1:]))\nsys.exit({code})\n")
    python.chmod(0o755)
    done = subprocess.run(
        ["make", "-s", *words, f"PY={python}", "READY="],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == code
    assert json.loads(done.stdout) == ["-m", "local", "exec", "python", "-m", "securenet", *passed]
