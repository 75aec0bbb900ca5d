"""The interfaces that scripts rely on: shapes as docs/interfaces.md shows them, JSON alone on stdout, and what the exit codes mean."""

from __future__ import annotations

import json
import os
import re
import stat
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest

from include.message import MessageState
from include.model import Run, Sample, State, utc_now
from include.store import Store, migrations, samples
from local import services
from local.postgres import Server
from securenet import report_files
from securenet.__main__ import main
from securenet.configuration import at_run
from securenet.operators.evaluate import Evaluate
from securenet.parsing import at_parse
from securenet.wiring import Wiring
from tests.conftest import NOW, database
from tests.story import ADMIN, DUTY, Story

ROOT = Path(__file__).parents[2]
MAPS = ("labels", "alerts", "messages")


def documented(name: str) -> Any:
    """The example in docs/interfaces.md under this heading."""
    found = re.search(rf"## `{re.escape(name)}`.*?```json\n(.*?)```", (ROOT / "docs/interfaces.md").read_text(), re.DOTALL)
    assert found, name
    return json.loads(found[1])


def shape(value: Any) -> Any:
    """Keys and types alone; a list is as its first entry, and all entries are alike."""
    if isinstance(value, dict):
        return {key: shape(inner) for key, inner in value.items()}
    if isinstance(value, list):
        shapes = [{k: v if k not in MAPS else "map" for k, v in shape(one).items()} for one in value]
        assert all(one == shapes[0] for one in shapes)
        return shapes[:1]
    return "number" if isinstance(value, (int, float)) and not isinstance(value, bool) else type(value).__name__


@pytest.fixture
def installed(story: Story, store_dsn: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Story:
    """An installation that commands find through the environment, with an account that expires in five days."""
    monkeypatch.setenv("AIRFLOW_CONN_MONITORING_DB", store_dsn)
    monkeypatch.setenv("AIRFLOW_HOME", str(tmp_path))
    monkeypatch.setenv("SECURENET_RUN", str(tmp_path))
    for name in ("SECURENET_CONFIG", "SECURENET_ENV"):
        monkeypatch.delenv(name, raising=False)
    story.account("ann", account_expires_at=utc_now() + timedelta(days=5))
    return story


def refuse(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Point to a file with a wrong key."""
    (tmp_path / "wrong.yaml").write_text("monitoring: {zon: UTC}")
    monkeypatch.setenv("SECURENET_CONFIG", str(tmp_path / "wrong.yaml"))


def test_check_shows_what_is_documented_and_keeps_and_sends_nothing(installed: Story, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", DUTY, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert shape(found) == shape(documented("make -s check JSON=1"))
    assert [message["state"] for message in found["messages"]] == ["pending"]
    assert all(Path(found["report"][kind]).is_file() for kind in ("html", "csv"))
    assert all(isinstance(value, str) for sample in found["samples"] for value in sample["labels"].values()), "labels are strings"
    assert installed.alerts() == []
    assert installed.inbox.mails == []


def test_check_with_send_keeps_and_sends(installed: Story, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", DUTY, "--json", "--send"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert [(message["receiver"], message["state"]) for message in found["messages"]] == [(ADMIN, "sent")]
    assert [alert["fingerprint"] for alert in installed.alerts()] == [alert["fingerprint"] for alert in found["alerts"]]
    assert len(installed.digests()) == 1


def test_check_shows_only_what_it_found_and_made_itself(
    installed: Story, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another run of the duty stores its samples and queues its messages meanwhile."""
    evaluate = Evaluate.perform

    def meanwhile(verb: Evaluate, wiring: Wiring, run: Run) -> dict[str, Any]:
        samples.record(installed.store, [Sample("elsewhere", {}, 1, utc_now(), "s")])
        queue(installed)
        return evaluate(verb, wiring, run)

    monkeypatch.setattr(Evaluate, "perform", meanwhile)
    for options in ([], ["--send"]):
        assert main(["check", DUTY, "--json", *options]) == 0
        found = json.loads(capsys.readouterr().out)
        assert [message["receiver"] for message in found["messages"]] == [ADMIN]
        metrics = {sample["metric"] for sample in found["samples"]}
        assert {"source_up", "accounts_expiring"} <= metrics
        assert "elsewhere" not in metrics


def queue(story: Story) -> None:
    """Somebody else's message of the same duty."""
    story.store.connection.execute(
        "insert into message (key, duty, channel, receiver, group_key, template, subject, content, created_at, due_at, state)"
        " values (gen_random_uuid()::text, %s, 'email', 'else@example.com', 'g', 'alert', 's', '{}', now(), now(), 'failed')",
        (DUTY,),
    )


CANDIDATE = "monitoring: {account_expiration: {check_interval: 5m}}"


def test_a_check_of_another_file_changes_nothing_for_the_one_in_use(
    installed: Story, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    live, candidate = tmp_path / "live.yaml", tmp_path / "candidate.yaml"
    live.write_text("monitoring: {account_expiration: {check_interval: 2h}}")
    candidate.write_text(CANDIDATE)
    monkeypatch.setenv("SECURENET_CONFIG", str(live))
    accepted = at_run(installed.store).settings
    at_parse()
    monkeypatch.setenv("SECURENET_CONFIG", str(candidate))
    assert [main(["check", DUTY]), main(["check", DUTY, "--send"])] == [0, 0]
    assert at_parse()["monitoring"]["account_expiration"]["check_interval"] == "5m"
    monkeypatch.setenv("SECURENET_CONFIG", str(live))
    live.write_text("monitoring: {account_expiration: {check_intervall: 2h}}")
    assert at_parse()["monitoring"]["account_expiration"]["check_interval"] == "2h"
    assert at_run(installed.store).settings == accepted


def test_a_copy_of_one_environment_does_not_count_for_another(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "monitoring.yaml"
    file.write_text(CANDIDATE)
    for name, value in (("AIRFLOW_HOME", tmp_path), ("SECURENET_CONFIG", file), ("SECURENET_ENV", "prod")):
        monkeypatch.setenv(name, str(value))
    at_parse()
    file.write_text("monitoring: [")
    assert at_parse()["monitoring"]["account_expiration"]["check_interval"] == "5m"
    monkeypatch.setenv("SECURENET_ENV", "dev")
    assert at_parse()["monitoring"]["account_expiration"]["check_interval"] == "1h"


def test_reports_are_for_whoever_made_them_and_do_not_pile_up(tmp_path: Path) -> None:
    folder = tmp_path / "reports"
    folder.mkdir(mode=0o755)
    (folder / "old.html").touch(mode=0o644)
    os.utime(folder / "old.html", (0, 0))
    for number in range(report_files.NEWEST + 1):
        report_files.write(folder, f"report-{number}", {"html": "<p>", "csv": "a\r\n"})
    modes = {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()}
    assert (stat.S_IMODE(folder.stat().st_mode), modes) == (0o700, {0o600})
    assert {path.stem for path in folder.iterdir()} == {f"report-{number}" for number in range(1, report_files.NEWEST + 1)}


def test_a_duty_without_a_report_says_null(installed: Story, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "housekeeping", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"duty": "housekeeping", "samples": [], "alerts": [], "messages": [], "report": None}


def test_config_prints_every_key_in_force(installed: Story, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["config", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert set(found) == set(documented("make -s config JSON=1"))
    assert found["monitoring"]["account_expiration"]["check_interval"] == "1h"


def test_config_says_how_each_channel_stands(installed: Story, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_SLACK_DEFAULT", "http://:xoxb-1@127.0.0.1:9")
    trip(installed.store, "slack", "misconfigured: Slack says invalid_auth", 1)
    for _ in range(3):
        trip(installed.store, "email", "connection refused", 3)
    assert main(["config"]) == 0
    said = dict(re.findall(r"^# channel (\w+): (.*)$", capsys.readouterr().out, re.MULTILINE))
    assert said == {
        "email": "out of order: connection refused (since 2026-03-02 09:00 UTC)",
        "slack": "misconfigured: Slack says invalid_auth (since 2026-03-02 09:00 UTC)",
        "pagerduty": "not configured, it needs the connection pagerduty_events_default",
        "sms": "not configured, it needs the connection sms_default",
        "webhook": "not configured, it needs the connection monitoring_webhook",
        "log": "ready",
    }
    monkeypatch.setenv("AIRFLOW_CONN_MONITORING_DB", "postgresql://nobody@127.0.0.1:9/nothing")
    assert main(["config"]) == 0
    assert "# channel email: ready as far as is known without the store (OperationalError)" in capsys.readouterr().out


def test_config_says_whether_the_query_is_there(
    installed: Story, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    file, query = tmp_path / "own.yaml", tmp_path / "own.sql"
    file.write_text(f"monitoring: {{account_expiration: {{query: {query}}}}}")
    monkeypatch.setenv("SECURENET_CONFIG", str(file))
    assert main(["config"]) == 0
    query.write_text("")
    assert main(["config"]) == 0
    assert re.findall(r"^# query .*/own.sql: (.*)$", capsys.readouterr().out, re.MULTILINE) == ["missing, or not to be read", "there"]


def trip(store: Store, channel: str, why: str, most: int) -> None:
    """A channel fails."""
    store.one("messages.trip", channel=channel, why=why, most=most, now=NOW)


@pytest.mark.parametrize("form", [[], ["--json"]], ids=["text", "json"])
def test_config_says_when_the_environment_has_no_overlay(
    installed: Story, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], form: list[str]
) -> None:
    monkeypatch.setenv("SECURENET_ENV", "nosuch")
    assert main(["config", *form]) == 0
    assert re.search(r"SECURENET_ENV=nosuch changes nothing: there is no .*/monitoring\.nosuch\.yaml", capsys.readouterr().err)
    monkeypatch.setenv("SECURENET_ENV", "demo")
    assert main(["config"]) == 0
    said = capsys.readouterr()
    assert said.err == ""
    assert re.match(r"# .*/monitoring\.yaml with .*/monitoring\.demo\.yaml\n", said.out)


@pytest.mark.parametrize("command", [["check", DUTY], ["config"]], ids=lambda words: words[0])
@pytest.mark.parametrize("form", [[], ["--json"]], ids=["text", "json"])
def test_a_refused_configuration_is_exit_code_2_with_its_problems_on_stderr(
    installed: Story,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    command: list[str],
    form: list[str],
) -> None:
    refuse(tmp_path, monkeypatch)
    assert main([*command, *form]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert "wrong.yaml: monitoring.zon: unknown key; allowed here: account_expiration" in said.err


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (["check", "weather", "--json"], "there is no duty 'weather'; there are: account_expiration"),
        (["check", DUTY, "--organization", "nobody"], "there is no organisation 'nobody'"),
    ],
)
def test_what_could_not_run_is_exit_code_1_with_the_reason(
    installed: Story, capsys: pytest.CaptureFixture[str], words: list[str], why: str
) -> None:
    assert main(words) == 1
    said = capsys.readouterr()
    assert said.out == ""
    assert why in said.err


def test_a_missing_connection_is_exit_code_1_and_says_what_to_create(
    installed: Story, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("AIRFLOW_CONN_SECURENET_DB")
    assert main(["check", DUTY]) == 1
    assert "set AIRFLOW_CONN_SECURENET_DB=postgresql://" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["MONITORING_DB", "SECURENET_DB"])
@pytest.mark.parametrize(
    ("value", "why"),
    [
        ('{"conn_type": "postgres",', "cannot be read: AIRFLOW_CONN_{name} is set, but neither a URI nor JSON"),
        ("http://monitoring:x@127.0.0.1:1/monitoring", "is of the type 'http'; allowed: postgres"),
    ],
    ids=["broken", "another type"],
)
def test_a_connection_that_is_wrong_is_named_and_is_exit_code_1(
    installed: Story, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], name: str, value: str, why: str
) -> None:
    monkeypatch.setenv(f"AIRFLOW_CONN_{name}", value)
    assert main(["check", DUTY]) == 1
    assert f"connection '{name.lower()}' {why.format(name=name)}" in capsys.readouterr().err


def test_a_store_that_does_not_answer_is_named_and_is_exit_code_1(
    installed: Story, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_MONITORING_DB", "postgresql://monitoring:hunter2@127.0.0.1:1/monitoring")
    assert main(["check", DUTY]) == 1
    said = capsys.readouterr().err
    assert "connection 'monitoring_db': " in said
    assert "hunter2" not in said


def test_words_that_are_not_understood_are_exit_code_1(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["check"])
    assert ended.value.code == 1
    assert "required: duty" in capsys.readouterr().err


def test_migrate_says_what_it_applied_and_then_that_nothing_is_left(
    server: Server, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with database(server, "template1") as empty:
        monkeypatch.setenv("AIRFLOW_CONN_MONITORING_DB", empty)
        assert [main(["migrate"]), main(["migrate"])] == [0, 0]
    applied = capsys.readouterr().out.splitlines()
    assert applied == [*sorted(path.stem for path in migrations.HERE.glob("*.sql")), "the schema is up to date"]


@pytest.fixture(scope="module")
def metadata(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """Airflow's own database with a duty that ran and one that never did; the environment that leads there."""
    with database(server, "template1") as dsn:
        environment = {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": f"{ROOT}:{ROOT / 'plugins'}",
            "AIRFLOW_HOME": str(tmp_path_factory.mktemp("airflow")),
            "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": dsn.replace("postgresql:", "postgresql+psycopg:", 1),
        }
        airflow = str(Path(sys.executable).with_name("airflow"))
        subprocess.run([airflow, "db", "migrate"], env=environment, capture_output=True, check=True)
        with psycopg.connect(dsn) as connection:
            connection.execute("insert into dag_bundle (name, active) values ('dags', true)")
            for duty in (DUTY, "configuration"):
                connection.execute(
                    "insert into dag (dag_id, is_paused, is_stale, bundle_name, timetable_type, max_active_tasks,"
                    " max_consecutive_failed_dag_runs, has_task_concurrency_limits, partition_mapper_info)"
                    " values (%s, false, false, 'dags', 't', 9, 0, false, '{}')",
                    (duty,),
                )
            connection.execute(
                "insert into dag_run (dag_id, run_id, run_type, run_after, state, start_date, end_date)"
                " values (%s, 'r', 'manual', now(), 'success', now() - interval '5 s', now())",
                (DUTY,),
            )
        yield environment


def test_status_shows_what_is_documented(installed: Story, metadata: dict[str, str], tmp_path: Path) -> None:
    assert main(["check", DUTY, "--send"]) == 0
    environment = {**metadata, "SECURENET_RUN": str(tmp_path), "AIRFLOW_CONN_MONITORING_DB": os.environ["AIRFLOW_CONN_MONITORING_DB"]}
    done = subprocess.run(
        [sys.executable, "-m", "local", "status", "--json"], env=environment, cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    found, example = json.loads(done.stdout), documented("make -s status JSON=1")
    assert set(found) == set(example)
    assert set(found["services"]) == set(example["services"])
    assert {tuple(service) for service in found["services"].values()} == {("state", "address")}
    assert {service["state"] for service in found["services"].values()} == {"stopped"}
    ran, never = found["duties"][DUTY], found["duties"]["configuration"]
    assert never == {"paused": False, "last_run": None, "alerts": {}, "messages": {}}
    assert shape(ran["last_run"]) == shape(example["duties"][DUTY]["last_run"])
    assert (ran["last_run"]["seconds"], ran["alerts"], ran["messages"]) == (5.0, {"firing": 1}, {"sent": 1})
    words = subprocess.run(
        [sys.executable, "-m", "local", "status"], env=environment, cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert re.search(r"^log +ready$", words.stdout, re.MULTILINE), "people see how the channels stand"


def test_status_is_shown_also_while_the_configuration_is_refused(
    installed: Story, metadata: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    refuse(tmp_path, monkeypatch)
    names = ("AIRFLOW_CONN_MONITORING_DB", "SECURENET_CONFIG", "SECURENET_RUN")
    environment = {**metadata, **{name: os.environ[name] for name in names}}
    done = subprocess.run([sys.executable, "-m", "local", "status"], env=environment, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "monitoring.zon: unknown key" in done.stderr
    assert re.search(rf"^{DUTY} ", done.stdout, re.MULTILINE)


def test_status_shows_a_duty_that_airflow_cannot_import_where_there_is_anything_to_tell(
    installed: Story, metadata: dict[str, str], tmp_path: Path
) -> None:
    """As `configuration`, whose file fails to import while the configuration is refused."""
    assert main(["check", DUTY, "--send"]) == 0
    dsn = metadata["AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"].replace("postgresql+psycopg:", "postgresql:", 1)
    environment = {**metadata, "SECURENET_RUN": str(tmp_path), "AIRFLOW_CONN_MONITORING_DB": os.environ["AIRFLOW_CONN_MONITORING_DB"]}
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute("update dag set is_stale = true")
        done = subprocess.run(
            [sys.executable, "-m", "local", "status", "--json"], env=environment, cwd=ROOT, capture_output=True, text=True, check=False
        )
        connection.execute("update dag set is_stale = false")
    duties = json.loads(done.stdout)["duties"]
    assert {duty: told["alerts"] for duty, told in duties.items()} == {DUTY: {"firing": 1}}


def test_the_documented_states_are_those_of_the_code() -> None:
    text = (ROOT / "docs/interfaces.md").read_text()
    for heading, states in (("Services", services.State), ("Alerts", State), ("Messages", MessageState)):
        line = re.search(rf"^\* {heading}: (.*)$", text, re.MULTILINE)
        assert line, heading
        assert set(re.findall(r"`(\w+)`", line[1])) == {str(state) for state in states}
