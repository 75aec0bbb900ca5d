"""Pages in a real Chromium, where one is installed: those that are well, those that are up to something, and what remains of it."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import psutil
import pytest

from include.browser import Failed, Gone, Late, devtools
from include.browser.chromium import PREFIX, PROGRAMS, chromium
from include.browser.devtools import Pipe
from include.browser.events import place
from include.browser.visit import Expect, Visit
from include.failures import SourceError
from include.metrics import Reading
from include.sources.host_local import LocalHost
from include.sources.page import METRICS, PageGauge
from include.targets.fleet import Fleet
from tests.sources.pages import site
from tests.sources.seen import LABELS, names, note, read, value

ROOT = Path(__file__).parents[2]
PHASES = ["dns", "connect", "first_byte", "dom_ready", "load", "lcp"]
PATIENT = timedelta(minutes=1)  # a page that is up to something is to be found out, however busy the machine is


@pytest.fixture(autouse=True)
def profiles(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the browsers of a test leave theirs, if they do."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path_factory.mktemp("profiles")))


@pytest.fixture(scope="module")
def shop() -> Iterator[str]:
    """A site, and a browser that can visit it."""
    if not any(map(shutil.which, PROGRAMS)):
        pytest.skip("Chromium is not installed")
    with site() as address:
        yield address


def visited(url: str, title: str | None = None, selector: str | None = None, within: timedelta = PATIENT) -> list[Reading]:
    """What a visit says; afterwards nothing is left of it."""
    found = read(PageGauge(LABELS, url, Expect(title, selector)), within=within)
    until(lambda: browsers() == [])  # what is large takes a while to die
    assert not list(Path(tempfile.gettempdir()).glob("*"))
    return found


def browsers() -> list[int]:
    """Those that run for a visit of this test."""
    return [one.pid for one in psutil.process_iter() if any(f"{tempfile.gettempdir()}/" in word for word in words_of(one))]


def words_of(process: psutil.Process) -> list[str]:
    try:
        return process.cmdline()
    except psutil.Error:
        return []


def test_a_page_that_is_well_is_up_with_all_its_phases(shop: str) -> None:
    found = visited(f"{shop}/", "shop", "#cart")
    assert value(found, "page_up") == 1
    times = [value(found, "page_load_time", phase=phase) for phase in PHASES]
    assert all(0 <= seconds < PATIENT.total_seconds() for seconds in times)
    assert times[2] <= times[3] <= times[4], "first byte, document ready, all of it"
    assert times[5] > 0
    assert (value(found, "page_failed_requests"), value(found, "page_console_errors")) == (0, 0)
    assert names(found) == set(METRICS)


def test_what_goes_wrong_in_a_page_is_counted_and_shows_no_query(shop: str) -> None:
    found = visited(f"{shop}/faulty")
    assert value(found, "page_up") == 1
    assert value(found, "page_failed_requests") == 2, (
        "a picture that is not there, a script whose server hangs up; no icon that nobody asked for"
    )
    assert value(found, "page_console_errors") == 2
    assert note(found, "page_console_errors") == "the first: no prices from https://api/x?…"
    assert (note(found, "page_failed_requests") or "").startswith("the first: ")
    assert not [one.note for one in found if one.note and "secret" in one.note]


@pytest.mark.parametrize(
    ("path", "title", "selector", "why"),
    [
        ("/", "Bank", None, "its title is 'The shop', expected 'Bank'"),
        ("/", None, "#basket", "there is no #basket"),
        ("/", None, "##", "'##' is no CSS selector"),
        ("/gone", None, None, "status 404"),
        ("/broken", None, None, "status 503"),
        ("/circle", None, None, "too many redirects"),
        ("/file", None, None, "is a download, not a page"),
        ("/away", None, None, "empty response"),
        ("/silent", None, None, "no answer within 8.5 s"),
        ("/dripping", None, None, "is not done within 8.5 s"),
        ("/busy", None, None, "is not done within 8.5 s"),
        ("/no end of dialogs", None, None, "opens one dialog after the other"),
        ("/around", None, None, "leads on to another page again and again"),
        ("/huge", None, None, "more than 64 MiB came: not loaded to its end"),
        ("/greedy", None, None, "it makes the browser take more than 1536 MiB"),
    ],
)
def test_a_page_that_does_not_load_says_why_and_costs_no_more_than_it_may(
    shop: str, path: str, title: str | None, selector: str | None, why: str
) -> None:
    within = timedelta(seconds=10) if "within" in why else PATIENT
    started = time.monotonic()
    found = visited(f"{shop}{path}", title, selector, within)
    assert (value(found, "page_up"), note(found, "page_up")) == (0, why)
    assert time.monotonic() - started < within.total_seconds() + 30


def test_nobody_there_is_said_in_a_line(shop: str) -> None:
    for url, why in (("http://127.0.0.1:40009/", "connection refused"), ("http://nobody.invalid/", "name not resolved")):
        assert note(visited(url), "page_up") == why


@pytest.mark.parametrize("path", ["/dialogs", "/windows", "/flood", "/liar", "/late", "/leads on"])
def test_a_page_that_is_only_odd_is_up(shop: str, path: str) -> None:
    found = visited(f"{shop}{path}", selector="#cart" if path in ("/late", "/leads on") else None)
    assert (value(found, "page_up"), note(found, "page_up")) == (1, None)
    assert value(found, "page_load_time", phase="load") > 0
    assert value(found, "page_console_errors") <= 1000


def test_whoever_visits_may_be_killed_and_no_browser_stays(shop: str) -> None:
    visit = f"from include.sources.page import *\nPageGauge({{}}, '{shop}/silent').read(timedelta(seconds=60), False)"
    with subprocess.Popen([sys.executable, "-c", visit], cwd=ROOT, env={**os.environ, "TMPDIR": tempfile.gettempdir()}) as visitor:
        until(lambda: browsers() != [])
        visitor.send_signal(signal.SIGKILL)
    until(lambda: browsers() == [])
    left = [one for one in Path(tempfile.gettempdir()).glob(f"{PREFIX}{visitor.pid}-*") if one.is_dir()]
    assert left
    with chromium(20):
        assert [one for one in left if one.exists()] == [], "the next one tidies up"


def until(holds: object) -> None:
    ends = time.monotonic() + 20
    while not holds():  # type: ignore[operator]
        assert time.monotonic() < ends, "it did not come to it"
        time.sleep(0.05)


def stand_in(folder: Path, monkeypatch: pytest.MonkeyPatch, script: str) -> None:
    """The only Chromium that is found does this."""
    program = folder / "chromium"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    for name in PROGRAMS[1:]:
        assert not (folder / name).exists()
    monkeypatch.setenv("PATH", f"{folder}:/bin:/usr/bin")


def test_without_chromium_that_target_alone_is_missing_and_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    gauges = [PageGauge({"target": "shop"}, "http://127.0.0.1/"), LocalHost({"target": "local"})]
    seen = Fleet("pages", "page_load", gauges, METRICS).measured(PATIENT)
    assert {one.labels["target"]: one.why for one in seen} == {
        "shop": "Chromium is not installed where the tasks run: apt-get install chromium",
        "local": None,
    }


@pytest.mark.parametrize(
    ("script", "why"),
    [
        ("echo 'No usable sandbox!' >&2; exit 1", "Chromium ended by itself: No usable sandbox!"),
        ("exit 0", "Chromium ended by itself: it said nothing"),
        ("exec sleep 60", "Chromium did not start within 0.85 s"),
        ("sleep 60 & sleep 60 & wait", "Chromium did not start within 0.85 s"),
    ],
)
def test_a_browser_that_does_not_start_is_missing_data_and_gone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str, why: str
) -> None:
    stand_in(tmp_path, monkeypatch, script)
    with pytest.raises(SourceError) as refused:
        read(PageGauge(LABELS, "http://127.0.0.1/"), within=timedelta(seconds=1))
    assert str(refused.value) == why
    until(lambda: browsers() == [])


def test_the_browser_learns_nothing_of_our_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_SECURENET_DB", "postgresql://u:secret@h/d")
    stand_in(tmp_path, monkeypatch, f"env > {tmp_path}/seen")
    with pytest.raises(SourceError):
        read(PageGauge(LABELS, "http://127.0.0.1/"))
    seen = {line.split("=")[0] for line in (tmp_path / "seen").read_text().splitlines()}
    assert {"PATH", "HOME", "LANG"} <= seen <= {"PATH", "HOME", "LANG", "PWD", "OLDPWD", "SHLVL", "_"}


def test_the_address_of_a_page_is_shown_nowhere() -> None:
    assert "secret" not in repr(PageGauge(LABELS, "https://shop/?key=secret"))


@pytest.fixture
def line() -> Iterator[tuple[Pipe, int, int]]:
    """A pipe to a browser that the test plays: it reads from the second and writes to the third."""
    (theirs, ours), (reading, writing) = os.pipe(), os.pipe()
    yield Pipe(ours, reading, time.monotonic() + 0.5), theirs, writing
    for end in (theirs, ours, reading, writing):
        try:
            os.close(end)
        except OSError:
            continue


def test_a_command_is_answered_among_events(line: tuple[Pipe, int, int]) -> None:
    pipe, _, writing = line
    heard: list[str] = []
    pipe.hear = lambda event, about: heard.append(event)
    os.write(writing, b'{"method":"A","params":{}}\0{"id":7,"result":{}}\0{"id":1,"resu')
    os.write(writing, b'lt":{"x":1}}\0{"method":"B"}\0')
    assert pipe.ask("Any") == {"x": 1}
    pipe.listen(lambda: "B" in heard, 1)
    assert heard == ["A", "B"]


def say(writing: int, *messages: dict[str, Any]) -> None:
    """What a browser says."""
    os.write(writing, b"".join(json.dumps(one).encode() + b"\0" for one in messages))


def test_however_long_an_address_is_little_is_kept_of_it() -> None:
    assert len(place("http://a.example/" + "x" * 2_000_000)) == 200


def test_a_network_of_this_host_that_comes_or_goes_says_nothing_of_the_page(line: tuple[Pipe, int, int]) -> None:
    pipe, _, writing = line
    pipe.ends = time.monotonic() + 60
    visit = Visit(pipe, "http://shop.example/", Expect(), 60)
    changed = {"errorText": "net::ERR_NETWORK_CHANGED"}
    say(writing, {"method": "Network.loadingFailed", "params": {"requestId": "1", **changed}}, {"id": 1, "result": changed})
    again = threading.Timer(1, say, (writing, {"id": 2, "result": {"loaderId": "L"}}))
    again.start()
    visit.navigate()
    assert (visit.events.document, visit.events.failed) == ("L", [])


def test_nobody_waits_for_ever_takes_in_everything_or_talks_to_nobody(line: tuple[Pipe, int, int], monkeypatch: pytest.MonkeyPatch) -> None:
    pipe, _, writing = line
    with pytest.raises(Late):
        pipe.ask("Any")
    pipe.ends = time.monotonic() + 60
    monkeypatch.setattr(devtools, "MOST_BYTES", 1000)
    os.write(writing, b"x" * 2000)
    with pytest.raises(Failed, match="at once"):
        pipe.ask("Any")
    os.close(writing)
    with pytest.raises(Gone):
        pipe.ask("Any")


def test_a_turn_that_does_not_come_is_no_answer_of_the_page() -> None:
    class Slow:
        kind = "pages"
        labels = LABELS

        def read(self, within: timedelta, cheap: bool) -> list[Reading]:
            time.sleep(0.6)
            return []

    fleet = Fleet("pages", "page_load", [Slow(), Slow()], METRICS, at_once=1)
    assert [one.why for one in fleet.measured(timedelta(seconds=0.4))] == ["no answer within 0 s", "its turn did not come within 0 s"]
