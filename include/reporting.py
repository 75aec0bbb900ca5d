"""Report: compose, render, store and queue what is due."""

from __future__ import annotations

import logging
from dataclasses import dataclass

from include.model import Clock, Run
from include.people.audiences import Routes
from include.report import Composed, Rendered
from include.reports import Report
from include.store import Store, messages, reports
from include.store.messages import Draft
from include.store.runs import Counts

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Reporting:
    """How a duty reports. `show`: render also what is not due, as a rehearsal does."""

    report: Report
    routes: Routes
    clock: Clock
    show: bool = False

    def write(self, store: Store, run: Run) -> Counts:
        """Render, store and queue one report per audience, in one transaction. Returns counts.

        A repeated run renders again; what it queued before is not queued twice.
        """
        with store.transaction():
            store.many("runs.lock_duty", duty=run.duty)
            composed = self.report.compose(store, run, self.clock())
            due = [one for one in composed if one.reason or self.show]
            queued = sum(self.keep(store, run, one) for one in due)
        for outcome in dict.fromkeys(outcome for one in composed for outcome in one.outcomes):
            log.info("%s", outcome)
        return {"reports": len(due), "queued": queued, "why": ",".join(sorted({one.reason or "nothing new" for one in composed}))}

    def keep(self, store: Store, run: Run, composed: Composed) -> int:
        """Store one report and queue its mails; how many."""
        now = self.clock()
        rendered = self.report.render(composed)
        report_id = reports.keep(store, run, composed, rendered, now)
        if composed.reason is None:
            return 0
        drafts = [draft(run, composed, rendered, report_id, receiver) for receiver in composed.audience.receivers]
        return sum(messages.queue(store, run, one, self.routes.standing(one.channel, one.receiver), now) for one in drafts)


def draft(run: Run, composed: Composed, rendered: Rendered, report_id: int, receiver: str) -> Draft:
    """The mail of a report to one receiver."""
    group = reports.group_key(run, composed.name, composed.audience)
    return Draft(f"{group}/{run.run_id}/{receiver}", "email", receiver, group, "report", rendered.subject, {}, report_id, composed.urgency)
