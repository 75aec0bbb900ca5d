"""docker-compose.yaml is the native path in containers: valid, the same processes and settings, and no secret with a default."""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from local import airflow, environment
from local.postgres import SETTINGS
from securenet.parsing import copy_path

ROOT = Path(__file__).parent.parent
OPTIONAL = {"SECURENET_ADMIN_EMAIL", "SECURENET_CONFIG", "SECURENET_ENV", "SECURENET_UI"}
REQUIRED = re.compile(r"\$\{\w+:\?[^}]+\}")


@pytest.fixture(scope="module")
def text() -> str:
    return (ROOT / "docker-compose.yaml").read_text()


@pytest.fixture(scope="module")
def services(text: str) -> dict[str, Any]:
    return dict(yaml.safe_load(text)["services"])


def test_the_file_obeys_the_compose_specification(text: str) -> None:
    schema = json.loads((ROOT / "tests" / "compose-spec.json").read_text())
    jsonschema.Draft7Validator(schema).validate(yaml.safe_load(text))


def test_the_services_are_those_of_make_up(services: dict[str, Any]) -> None:
    """Without the demo (securenet, inbox), and with the migration that `make up` does itself."""
    assert set(services) == {"postgres", "migrate", *airflow.PROCESSES}


@pytest.mark.parametrize("name", airflow.PROCESSES)
def test_each_airflow_process_starts_as_in_make_up(services: dict[str, Any], name: str) -> None:
    arguments, _ = airflow.PROCESSES[name]
    assert services[name]["command"] == arguments
    assert services[name]["env_file"] == "airflow.env"
    assert services[name]["healthcheck"]["test"]


def test_what_the_environment_adds_is_also_added_natively(
    services: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SECURENET_RUN", str(tmp_path))
    handed_on = {name for name, value in services["scheduler"]["environment"].items() if value is None}
    assert set(services["scheduler"]["environment"]) - OPTIONAL - handed_on <= set(environment.variables())
    assert not set(services["scheduler"]["environment"]) & set(environment.settings())


def test_the_password_of_the_ui_is_made_before_airflow_makes_one_and_tells_its_log(services: dict[str, Any], tmp_path: Path) -> None:
    file = tmp_path / "passwords.json"
    steps = services["migrate"]["command"][0].replace("$$", "$").splitlines()
    script = "\n".join(step for step in steps if not step.startswith(("airflow", "python -m")))
    variables = {"PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin", "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE": str(file)}
    command = [*services["migrate"]["entrypoint"], script]
    shell = subprocess.run(command, env=variables, capture_output=True, check=True)
    assert shell.stdout + shell.stderr == b""
    assert (file.stat().st_mode & 0o777, json.loads(made := file.read_text()).keys()) == (0o600, {"admin"})
    subprocess.run(command, env=variables, check=True)
    assert file.read_text() == made


def test_each_connection_that_the_readme_names_can_be_given(services: dict[str, Any]) -> None:
    named = re.findall(
        r"^\| ((?:`\w+`(?:, )?)+) \| (?:Postgres|SMTP|HTTP|Slack|PagerDuty Events) \|", (ROOT / "README.md").read_text(), re.MULTILINE
    )
    wanted = {f"AIRFLOW_CONN_{name.upper()}" for row in named for name in re.findall(r"`(\w+)`", row)}
    assert len(wanted) > 8
    assert wanted <= set(services["scheduler"]["environment"])


def test_postgres_takes_as_many_as_in_make_up(services: dict[str, Any]) -> None:
    assert f"max_connections={SETTINGS['max_connections']}" in services["postgres"]["command"]


def test_what_must_outlive_a_container_is_in_a_volume_that_airflow_may_write(text: str, services: dict[str, Any]) -> None:
    """The accepted configuration is in Airflow's home; what Docker puts into a new volume is what the image has there."""
    home = "/opt/airflow"
    copy = f"{home}/{copy_path().parent.name}"
    for name in airflow.PROCESSES:
        mounted = dict(mount.split(":")[1::-1] for mount in services[name]["volumes"])
        assert mounted[copy] in yaml.safe_load(text)["volumes"]
        assert mounted[f"{home}/configuration"] == "./configuration"
    made = re.findall(r"^RUN mkdir --mode=0700 (.*)$", (ROOT / "Dockerfile").read_text(), re.MULTILINE)[0].split()
    assert copy in made


def test_every_image_is_pinned(services: dict[str, Any]) -> None:
    images = {service["image"] for service in services.values()}
    bases = re.findall(r"^FROM (\S+)$", (ROOT / "Dockerfile").read_text(), re.MULTILINE)
    assert all(re.fullmatch(r"[\w./-]+:\d+\.\d+[\w.-]*", image) for image in [*images, *bases])
    assert bases == ["apache/airflow:3.3.2-python3.11"]


def test_no_secret_has_a_default(text: str) -> None:
    """Every substitution but the optional ones is required, and every variable of a secret's name consists of one."""
    substituted = re.findall(r"\$\{[^}]*\}", text)
    assert REQUIRED.findall(text) == [one for one in substituted if not one.startswith(tuple(f"${{{name}:-" for name in OPTIONAL))]
    secrets = re.findall(r"^\s+(\w*(?:PASSWORD|KEY|SECRET|_CONN|CONN_\w+)): (.*)$", text, re.MULTILINE)
    assert len(secrets) == 10
    assert [name for name, value in secrets if not REQUIRED.search(value)] == []


def test_the_example_names_every_secret_and_fills_in_none(text: str) -> None:
    lines = (ROOT / ".env.example").read_text().splitlines()
    example = dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))
    assert set(example) == set(re.findall(r"\$\{(\w+)", text))
    assert set(example.values()) == {""}
