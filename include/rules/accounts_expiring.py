"""Accounts, passwords, contracts and memberships on the ladder of warning steps: one alert per kind and organisation."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from include.config.settings import AccountExpiration, Settings
from include.ladder import EXPIRED
from include.model import Level, Priority, Run, Traits, Verdict
from include.source_state import silent
from include.store import Row, Store
from include.store.alerts import carry_on, open_of_rule
from include.writing.wording import shown

RULE, SOURCE = "accounts_expiring", "accounts"
NOUNS = {
    "account": ("user account", "user accounts"),
    "password": ("password", "passwords"),
    "contract": ("contract", "contracts"),
    "membership": ("group membership", "group memberships"),
}


class AccountsExpiring:
    """Judges the newest counts; while their source is silent, its open alerts are unknown instead.

    What stays on its step and as bad as it was, as most does, gets no verdict and is carried on at once: that is quick.
    """

    # The ladder itself is the repetition, and nobody is woken by it.
    traits = Traits(
        priority=Priority.LOW, group_by=("kind",), repeats=False, damp=False, todo="Renew or close these accounts in the user management."
    )

    def verdicts(self, store: Store, run: Run, settings: Settings, now: datetime) -> Iterable[Verdict]:
        """One verdict per kind and organisation that has anything in the window or an open alert, unless that stays as it is."""
        if missing := silent(store, run, now):
            alerts = [alert for alert in open_of_rule(store, run.duty, RULE) if run.organization in (None, alert.labels["organization"])]
            return [Verdict(run.duty, RULE, a.labels, Level.NO_DATA, missing.as_of, a.summary, a.progress) for a in alerts]
        rows = store.many("accounts.windows", source=SOURCE, organization=run.organization, duty=run.duty, rule=RULE)
        judged = [(row, judge(run.duty, Window.from_row(row), settings.monitoring.account_expiration)) for row in rows]
        carry_on(store, ((row["alert"], verdict) for row, verdict in judged if self.stays(row, verdict)))
        return [verdict for row, verdict in judged if not self.stays(row, verdict)]

    def stays(self, row: Row, verdict: Verdict) -> bool:
        """Whether an alert that people know of is neither worse nor better than before."""
        return bool((row["severity"], row["priority"], row["progress"]) == (verdict.level, self.traits.priority, verdict.progress))


@dataclass(frozen=True, slots=True)
class Window:
    """What one kind and organisation has on each step (name -> count, none at 0), and past its grace; `accounts`: all it has."""

    kind: str
    organization: str
    as_of: datetime
    steps: dict[str, int]
    past_grace: int
    accounts: int

    @property
    def gone(self) -> bool:
        """Whether the organisation is no longer there: removed, or out of sight, and nobody can say which."""
        return not self.accounts and not self.steps

    @classmethod
    def from_row(cls, row: Row) -> Window:
        """From a row of `accounts.windows`."""
        return cls(row["kind"], row["organization"], row["as_of"], row["steps"], row["past_grace"], row["accounts"])


def judge(duty: str, window: Window, settings: AccountExpiration) -> Verdict:
    """The least step that anything stands on decides; past grace is critical; an empty window is well, or its organisation is `gone`."""
    reached = [step for step in ladder_names(settings) if window.steps.get(step)]
    labels = {"kind": window.kind, "organization": window.organization}
    detail = {"steps": window.steps, "past_grace": window.past_grace, "least": reached[-1] if reached else None, "gone": window.gone}
    level = level_of(reached[-1], window.past_grace, settings) if reached else Level.OK
    progress = progress_of(reached[-1]) if reached else 0
    return Verdict(duty, RULE, labels, level, window.as_of, describe(window, reached), progress, detail)


def ladder_names(settings: AccountExpiration) -> list[str]:
    """The steps from far to near."""
    return [*(str(day) for day in settings.warning_days), EXPIRED]


def progress_of(step: str) -> int:
    """Greater is worse, whatever other steps there are: 0 for expired, else the days left, negative."""
    return 0 if step == EXPIRED else -int(step)


def level_of(step: str, past_grace: int, settings: AccountExpiration) -> Level:
    """Past grace critical, expired and urgent steps warning, the rest info."""
    if past_grace:
        return Level.CRITICAL
    urgent = step == EXPIRED or int(step) <= settings.urgent_days
    return Level.WARNING if urgent else Level.INFO


def describe(window: Window, reached: list[str]) -> str:
    """`acme: 4 user accounts expired (1 past grace), 15 expire within 3 days, 6 more within 30`."""
    where = shown(window.organization, 60)
    if window.gone:
        return f"{where}: no longer in the source, where it has no active account that can be seen"
    if not reached:
        return f"{where}: no {NOUNS[window.kind][0]} expires soon"
    expired = window.steps.get(EXPIRED, 0)
    grace = f" ({window.past_grace} past grace)" if window.past_grace else ""
    parts = [f"{counted(window.kind, expired)} expired{grace}"] if expired else []
    ahead = [step for step in reached if step != EXPIRED]
    if ahead:
        parts.append(f"{counted(window.kind, window.steps[ahead[-1]])} expiring within {days(ahead[-1])}")
    if len(ahead) > 1:
        parts.append(f"{sum(window.steps[step] for step in ahead[:-1])} more within {days(ahead[0])}")
    return f"{where}: {', '.join(parts)}"


def counted(kind: str, number: int) -> str:
    """`1 user account`, `15 user accounts`."""
    return f"{number} {NOUNS[kind][number != 1]}"


def days(step: str) -> str:
    """`1 day`, `3 days`."""
    return f"{step} day{'' if step == '1' else 's'}"
