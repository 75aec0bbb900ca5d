"""What `make env` promises to the scripts that eval it."""

import importlib.util
import json
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from local import environment, layout
from local.passwords import password


def evaluated(*names: str) -> list[str]:
    """The variables as a shell has them after `eval`."""
    script = environment.exports() + "\n" + "\n".join(f'printf "%s\\0" "${name}"' for name in names)
    done = subprocess.run(["sh", "-eu", "-c", script], capture_output=True, text=True, check=True)
    return done.stdout.split("\0")[:-1]


@pytest.mark.parametrize("value", ["it's", 'a "b" $HOME `id` \\ ;', "two\nlines", "", "ümläut 🚨"])
def test_a_value_survives_the_shell_unchanged(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("SECURENET_CONFIG", value)
    assert evaluated("SECURENET_CONFIG") == [value]


def test_what_the_caller_has_set_wins(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_SECURENET_DB", "postgresql://mine@elsewhere/db")
    monkeypatch.setenv("AIRFLOW__CORE__PARALLELISM", "32")
    assert evaluated("AIRFLOW_CONN_SECURENET_DB", "AIRFLOW__CORE__PARALLELISM") == ["postgresql://mine@elsewhere/db", "32"]


def test_a_bare_psql_opens_the_store_unless_the_caller_points_it_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    assert evaluated("PGDATABASE", "PGPASSWORD") == ["monitoring", password("postgres-monitoring")]
    monkeypatch.setenv("PGHOST", "elsewhere")
    assert "PGDATABASE" not in environment.exports()


def test_the_programs_of_the_environment_come_first_and_the_callers_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/their/bin:/usr/bin:/bin")
    (path,) = evaluated("PATH")
    assert (Path(path.split(":")[0]) / "airflow").exists()
    assert path.endswith("/their/bin:/usr/bin:/bin")


def shell(run: Path, *lines: str, **variables: str) -> list[str]:
    """What a shell prints that evaluates the exports of a stack with this run-time folder, and then runs these lines."""
    python = f"SECURENET_RUN={run} {sys.executable} -m local"
    script = "\n".join([f'eval "$({python} env)"', *(line.replace("LOCAL", f"{sys.executable} -m local") for line in lines)])
    env = {"PATH": os.environ["PATH"], "HOME": os.environ["HOME"], **variables}
    done = subprocess.run(["sh", "-euc", script], cwd=layout.ROOT, env=env, capture_output=True, text=True, check=True)
    return done.stdout.splitlines()


def test_what_one_stack_exported_does_not_hold_another_to_it(tmp_path: Path, run: Path) -> None:
    """As after `eval` in one copy of the project and `make up` in another, or after `make clean` with its passwords gone."""
    lines = [
        f"export SECURENET_RUN={tmp_path / 'other'}",
        "LOCAL exec printenv AIRFLOW_HOME AIRFLOW_CONN_MONITORING_DB",
        'eval "$(LOCAL env)"',
        'echo "$PGPASSWORD"',
        "LOCAL exec printenv SECURENET_EXPORTED PGPASSWORD || echo none of these",
    ]
    home, store, psql, none = shell(run, *lines)
    assert home == str(tmp_path / "other" / "airflow")
    mine = (tmp_path / "other" / "secrets" / "postgres-monitoring").read_text()
    assert mine in store
    assert psql == mine != (run / "secrets" / "postgres-monitoring").read_text()
    assert none == "none of these"


def test_what_the_caller_set_before_or_after_an_export_still_wins(run: Path) -> None:
    before = {"AIRFLOW__CORE__PARALLELISM": "32", "PYTHONPATH": "/theirs"}
    lines = [
        "export AIRFLOW_CONN_SECURENET_DB=postgresql://mine@elsewhere/db",
        f"export SECURENET_RUN={run}",
        "export PATH=/added:$PATH",
        "LOCAL exec printenv AIRFLOW__CORE__PARALLELISM AIRFLOW_CONN_SECURENET_DB SECURENET_ENV PYTHONPATH PATH",
    ]
    parallelism, watched, overlay, pythonpath, path = shell(run, *lines, **before)
    assert (parallelism, watched, overlay) == ("32", "postgresql://mine@elsewhere/db", "demo")
    assert pythonpath == f"{layout.ROOT}:{layout.ROOT / 'plugins'}:/theirs"
    assert path.split(":")[1] == "/added"


def test_an_emptied_variable_is_a_choice_too(run: Path) -> None:
    assert shell(run, "export SECURENET_ENV=", f"export SECURENET_RUN={run}", "LOCAL exec sh -c 'echo \"[$SECURENET_ENV]\"'") == ["[]"]


def test_passwords_are_generated_once_and_only_their_owner_reads_them(run: Path) -> None:
    first = password("postgres-airflow")
    assert password("postgres-airflow") == first != password("postgres-monitoring")
    assert {stat.S_IMODE(path.stat().st_mode) for path in (run / "secrets").iterdir()} == {0o600}


def test_the_mail_connection_reaches_the_inbox_without_encryption() -> None:
    smtp = json.loads(environment.variables()["AIRFLOW_CONN_SMTP_DEFAULT"])
    assert smtp["extra"] == {"from_email": environment.SENDER, "disable_ssl": True, "disable_tls": True}


def test_every_setting_exists_in_the_installed_airflow_under_this_very_name() -> None:
    """Airflow ignores what it does not know, and a deprecated name stops working one day."""
    spec = importlib.util.find_spec("airflow")
    assert spec
    assert spec.submodule_search_locations
    known = yaml.safe_load((Path(spec.submodule_search_locations[0]) / "config_templates" / "config.yml").read_text())
    options = {f"{section}__{option}" for section, body in known.items() for option in body["options"]}
    ours = {name.removeprefix("AIRFLOW__").lower() for name in environment.variables() if name.startswith("AIRFLOW__")}
    assert len(ours) > 25
    assert ours - options == set()
