"""What all verbs share: a run out of Airflow's context, one wiring, counts as the result, and rehearsal instead of a dry run."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, cast

from airflow.sdk import BaseOperator, TaskInstanceState
from airflow.sdk.exceptions import AirflowException, AirflowFailException

from include.failures import RequestRefused

if TYPE_CHECKING:
    from airflow.sdk import DAG, Context

    from include.model import Run
    from include.store.runs import Counts
    from securenet.wiring import Wiring

log = logging.getLogger(__name__)
CHOICES = {"yes": True, "no": False}


class Verb(BaseOperator):
    """A stage of a duty. Subclasses say what it does in `perform`, which knows no Airflow."""

    def execute(self, context: Context) -> Counts:
        """Perform the stage and return its counts. The last task of a run fails when an earlier one did."""
        run = run_of(context)
        with asked_in_vain():
            refuse_unknown(run.form, cast("DAG", self.get_dag()).params)
            failed = [] if self.downstream_task_ids else failed_before(context)
            counts = self.rehearse(run) if context["params"].get("dry_run") else self.perform_wired(run, failed)
        if failed:
            raise AirflowFailException(f"this run failed earlier, in: {', '.join(failed)}")
        return counts

    def perform_wired(self, run: Run, failed: Sequence[str] = ()) -> Counts:
        """Perform the stage with a store of its own; the last one says that the run is over."""
        from securenet.wiring import wired

        with wired(f"{run.duty} {self.task_id}") as wiring:
            counts = self.perform(wiring, replace(run, interval=wiring.interval(run.duty)))
            if not self.downstream_task_ids:
                wiring.over(run, failed)
            return counts

    def perform(self, wiring: Wiring, run: Run) -> Counts:
        """What the stage does. Returns counts, never rows."""
        raise AirflowException(f"{type(self).__name__} does nothing")

    def rehearse(self, run: Run) -> Counts:
        """The whole duty in one transaction that is rolled back; the first task does it for all."""
        from securenet.rehearsal import rehearse

        if self.upstream_task_ids:
            return {"rehearsed": "by the first task, see its log"}
        outcome = rehearse(cast("DAG", self.get_dag()), run)
        self.log.info("dry run, nothing was kept or sent:\n%s", outcome.text())
        return outcome.counts

    def drain_until(self, now: datetime) -> datetime:
        """When a drain stops: at half of the task's time."""
        return now + self.limit / 2

    @property
    def limit(self) -> timedelta:
        """How long the task may take."""
        return self.execution_timeout or timedelta(minutes=10)


@contextmanager
def asked_in_vain() -> Iterator[None]:
    """A form that asks for the impossible fails its task at once: trying again cannot help."""
    try:
        yield
    except RequestRefused as refused:
        log.error("refused: %s", refused)  # the line that Airflow makes of an exception is cut at the edge of the page
        raise AirflowFailException(str(refused)) from None


def refuse_unknown(form: Mapping[str, Any], known: Iterable[str]) -> None:
    """Raises RequestRefused for a field that the form does not have: whoever wrote it wanted something."""
    if unknown := sorted(set(form) - set(known)):
        raise RequestRefused(f"the form has no field {', '.join(map(repr, unknown))}; it has: {', '.join(known)}")


def run_of(context: Context) -> Run:
    """The run as the domain knows it."""
    from include.model import Run

    dag_run, form = context["dag_run"], context["params"]
    run_after = dag_run.run_after
    return Run(
        duty=dag_run.dag_id,
        run_id=dag_run.run_id,
        run_after=run_after,
        organization=form.get("organization") or None,
        send_emails=CHOICES.get(form.get("send_emails", "")),
        release_held=CHOICES.get(form.get("release_held", ""), False),
        by=getattr(dag_run, "triggering_user_name", None),
        form=dict(form),
    )


def failed_before(context: Context) -> list[str]:
    """The tasks of the run that failed. With `all_done`, only a failed leaf makes the run fail, and so the last one has to."""
    ti: Any = context["ti"]
    states = ti.get_task_states(dag_id=ti.dag_id, run_ids=[ti.run_id]).get(ti.run_id, {})
    bad = (TaskInstanceState.FAILED, TaskInstanceState.UPSTREAM_FAILED)
    return sorted(task_id for task_id, state in states.items() if task_id != ti.task_id and state in bad)
