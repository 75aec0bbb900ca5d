"""The first duty, twice through the scheduler: a baseline, then after some demo accounts moved on, a run that tells their owners.

A run that succeeded once is not repeated; one that failed is followed by another under a new id.
"""

from collections.abc import Callable
from itertools import count

from local import layout
from local.airflow import Api
from local.daemon import wait_until
from local.progress import say, step

DUTY = "account_expiration"
RUNS = ("make_up__baseline", "make_up__step")
PARSE_SECONDS = 90
RUN_SECONDS = 180
OPEN = ("queued", "running")


def unpause(api: Api) -> None:
    """Switch every duty on, once Airflow has read every file of `dags/`."""
    files = {path.stem for path in (layout.ROOT / "dags").glob("*.py")}
    if not wait_until(lambda: not _unread(files, api), PARSE_SECONDS, pause=0.5):
        raise SystemExit(f"Airflow has not read these duties: {', '.join(sorted(_unread(files, api)))}")
    for name, error in api.import_errors().items():
        say(f"{name} does not import: {error.strip().splitlines()[-1]}")
    api.unpause_all()


def twice(api: Api, move: Callable[[], None]) -> None:
    """Baseline, move, step. Ends the program with the reason when one of the runs fails."""
    baseline, after = RUNS
    once(api, baseline)
    if not _succeeded(api, after):
        move()
    once(api, after)


def once(api: Api, name: str) -> None:
    """See one run to its success."""
    run_id = _attempt(api, name)
    if _state(api, run_id) == "success":
        say(f"{DUTY} {run_id}: succeeded earlier, not repeated")
    else:
        _finish(api, run_id)


def _finish(api: Api, run_id: str) -> None:
    if _state(api, run_id) is None:
        api.trigger(DUTY, run_id)
    with step(f"{DUTY} {run_id}"):
        wait_until(lambda: _state(api, run_id) not in OPEN, RUN_SECONDS, pause=0.5)
    _report(api, run_id)


def _report(api: Api, run_id: str) -> None:
    tasks = list(api.tasks(DUTY, run_id))
    state = _state(api, run_id)
    say(f"{DUTY} {run_id}: {state}; " + ", ".join(f"{task} {state}" for task, state, _ in tasks))
    if state != "success":
        raise SystemExit(_diagnosis(api, run_id, tasks) or f"{run_id} is still {state} after {RUN_SECONDS} s")


def _diagnosis(api: Api, run_id: str, tasks: list[tuple[str, str, int]]) -> str:
    """The failed tasks, each with the end of its log."""
    failed = [(task, attempt) for task, state, attempt in tasks if state == "failed"]
    logs = {task: "\n".join(api.log(DUTY, run_id, task, attempt)[-20:]) for task, attempt in failed}
    return "\n".join(f"task {task} of {run_id} failed; the end of its log:\n{log}" for task, log in logs.items())


def _attempt(api: Api, name: str) -> str:
    """The newest id under that name that has not failed."""
    ids = (name if number == 1 else f"{name}_{number}" for number in count(1))
    return next(run_id for run_id in ids if _state(api, run_id) != "failed")


def _succeeded(api: Api, name: str) -> bool:
    return _state(api, _attempt(api, name)) == "success"


def _state(api: Api, run_id: str) -> str | None:
    run = api.run(DUTY, run_id)
    return str(run["state"]) if run else None


def _unread(files: set[str], api: Api) -> set[str]:
    broken = {name.removesuffix(".py") for name in api.import_errors()}
    return files - api.dag_ids() - broken
