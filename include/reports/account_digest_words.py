"""The sentences of the account digest: how bad it is, its subject, its summary, and what became of the reminders."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from include.ladder import EXPIRED
from include.model import Severity, State
from include.reports.account_digest_facts import DigestFacts
from include.writing.wording import counted, listed, moment, number, shown

ALL_TOLD = "Account expiration notifications sent"
LOST = ("failed", "no_receiver", "not_configured")


@dataclass(frozen=True, slots=True)
class Figures:
    """The counts that a reader wants first. `expired` includes `past_grace`; `urgent` and `later` are still ahead."""

    past_grace: int
    expired: int
    urgent: int
    later: int
    urgent_days: int
    last_days: int

    @classmethod
    def of(cls, facts: DigestFacts) -> Figures:
        """From the counts per kind and step. `urgent_days` is 0 when no step is urgent."""
        ahead = [step.days for step in facts.steps if step.days is not None]
        urgent = [days for days in ahead if days <= facts.settings.urgent_days]
        return cls(
            past_grace=sum(facts.past_grace.values()),
            expired=on_steps(facts, [EXPIRED]),
            urgent=on_steps(facts, [str(days) for days in urgent]),
            later=on_steps(facts, [str(days) for days in ahead if days not in urgent]),
            urgent_days=max(urgent, default=0),
            last_days=max(ahead, default=0),
        )

    @property
    def later_span(self) -> str:
        """`7 to 30 days`; `within 30 days` when no step is urgent."""
        return f"{self.urgent_days} to {self.last_days} days" if self.urgent_days else f"within {counted(self.last_days, 'day')}"


def on_steps(facts: DigestFacts, steps: Iterable[str]) -> int:
    """How many stand on these steps, of all kinds."""
    return sum(facts.counts[kind].get(step, 0) for step in steps for kind in facts.counts)


def without_data(facts: DigestFacts) -> bool:
    """Whether the figures are old or missing; then nothing is called well."""
    return facts.source_error is not None or facts.data_as_of is None


def severity(facts: DigestFacts) -> Severity:
    """The worst of the open alerts that still have data and of what the counts say; missing data and who is gone are a warning."""
    known = [Severity(row["severity"]) for row in facts.open_alerts if row["state"] != State.UNKNOWN]
    known += [news.severity for news in facts.news if news.gone]
    if without_data(facts) or facts.gone:
        return max([Severity.WARNING, *known], key=lambda level: level.rank)
    return max([of_figures(Figures.of(facts)), *known], key=lambda level: level.rank)


def of_figures(figures: Figures) -> Severity:
    """Past grace is critical, expired or urgent a warning, anything later for your information."""
    if figures.past_grace:
        return Severity.CRITICAL
    if figures.expired or figures.urgent:
        return Severity.WARNING
    return Severity.INFO if figures.later else Severity.SUCCESS


def subject(facts: DigestFacts) -> str:
    """`🚨 CRITICAL: Account expiration: 8 past grace, 34 expired (4 new alerts)`. No account's name is in it."""
    news = f" ({newest(facts)})" if newest(facts) else ""
    return f"{severity(facts).badge}: {title(facts)}: {essence(facts)}{news}"


def title(facts: DigestFacts) -> str:
    """`Account expiration`, and in which organisation if the digest is of one."""
    if facts.organization is None:
        return "Account expiration"
    return f"Account expiration in {shown(facts.organization, 60) or 'no organisation'}"


def essence(facts: DigestFacts) -> str:
    """What stands in the subject: the two worst figures, or that there are none, or that there is no data."""
    if without_data(facts):
        return f"no data from accounts since {moment(facts.data_as_of, facts.zone)}" if facts.data_as_of else "no data from accounts yet"
    if facts.gone:
        return "no longer in the source"
    parts = [part for part in figure_words(Figures.of(facts)) if part]
    return ", ".join(parts[:2]) or f"0 findings, {counted(facts.accounts_checked, 'account')} checked"


def figure_words(figures: Figures) -> list[str]:
    """`8 past grace`, `34 expired`, `66 within 7 days`, `127 more within 30 days`; empty text for a zero."""
    return [
        f"{number(figures.past_grace)} past grace" if figures.past_grace else "",
        f"{number(figures.expired)} expired" if figures.expired else "",
        f"{number(figures.urgent)} within {counted(figures.urgent_days, 'day')}" if figures.urgent else "",
        f"{number(figures.later)}{' more' if figures.urgent else ''} within {counted(figures.last_days, 'day')}" if figures.later else "",
    ]


def newest(facts: DigestFacts) -> str:
    """The first that there is of new, worse and resolved alerts, and entries that became urgent."""
    new, worse, resolved = news_counts(facts)
    if new:
        return counted(new, "new alert")
    if worse:
        return f"{counted(worse, 'alert')} worsened"
    if facts.newly_urgent:
        return f"{number(len(facts.newly_urgent))} newly urgent"
    return f"{counted(resolved, 'alert')} resolved" if resolved else ""


def news_counts(facts: DigestFacts) -> tuple[int, int, int]:
    """How many alerts are new, worse, resolved; one that came and went counts as resolved."""
    reasons = ["recovered" if news.passed else news.reason for news in facts.news]
    return sum(reason in ("opened", "no_data") for reason in reasons), reasons.count("worsened"), reasons.count("recovered")


def summary(facts: DigestFacts) -> str:
    """The whole digest in three sentences: what is new, who stands where, how fresh that is."""
    return " ".join(sentence for sentence in (news_words(facts), state_words(facts)) if sentence)


def state_words(facts: DigestFacts) -> str:
    """Who stands where, and how fresh that is."""
    if facts.data_as_of is None:
        return "There is no data from the account source: no account has been checked yet."
    age = moment(facts.data_as_of, facts.zone)
    if facts.source_error is not None:
        return f"The account source gives no data. As last seen at {age}: {findings_words(facts)}."
    if facts.gone:
        return f"The organisation is no longer in the source: it has no active account that can be seen. Data as of {age}."
    checked = f"{counted(facts.accounts_checked, 'account')} checked"
    if not facts.findings:
        return f"0 findings, {checked}, data as of {age}."
    return f"{findings_words(facts)}. {checked}; data as of {age}."


def news_words(facts: DigestFacts) -> str:
    """`2 alerts are new, 1 worsened, 3 resolved.` Without news it is well only if there is data."""
    new, worse, resolved = news_counts(facts)
    parts = [(new, "new"), (worse, "worsened"), (resolved, "resolved")]
    said = [(count, word) for count, word in parts if count]
    if not said and without_data(facts):
        return ""
    if not said:
        return "Nothing has changed." if facts.open_alerts else "No alert is open."
    (count, word), *others = said
    verb = "is" if count == 1 else "are"
    first = f"{counted(count, 'alert')} {f'{verb} new' if word == 'new' else word}"
    return f"{', '.join([first, *(f'{number(count)} {word}' for count, word in others)])}."


def findings_words(facts: DigestFacts) -> str:
    """`227 findings: 34 expired (8 past grace), 66 within 7 days, 127 more within 30 days`."""
    figures = Figures.of(facts)
    if not facts.findings:
        return f"0 findings: nothing has expired, and nothing ends within {counted(figures.last_days, 'day')}"
    _, expired, urgent, later = figure_words(figures)
    grace = f" ({number(figures.past_grace)} past grace)" if figures.past_grace else ""
    parts = [part for part in (expired + grace, urgent, later) if part]
    return f"{counted(facts.findings, 'finding')}: {', '.join(parts)}"


def outcomes(facts: DigestFacts) -> list[tuple[Severity, str]]:
    """What became of the reminders to owners: what is in their way, and success when some left or none was due, and none was lost."""
    found = obstacle(facts)
    success = not found or (facts.reminders.get("sent") and not in_states(facts, *LOST))
    return [*([found] if found else []), *([(Severity.SUCCESS, ALL_TOLD)] if success else [])]


def obstacle(facts: DigestFacts) -> tuple[Severity, str] | None:
    """Why not all that was due has left, the worst first; None when it has."""
    lost, waiting = in_states(facts, *LOST), in_states(facts, "pending", "sending", "uncertain")
    if without_data(facts):
        return Severity.WARNING, "No reminder could be decided on: the account source gives no data"
    if held(facts):
        many = in_states(facts, "held")
        return Severity.CRITICAL, f"{counted(many, 'reminder') if many else 'Reminders'} held back: more than usual at once"
    if not facts.sending:
        return Severity.INFO, "Writing to account owners is off: steps that are reached meanwhile are noted and not told later"
    if lost:
        return Severity.WARNING, f"{counted(lost, 'reminder')} could not be delivered"
    if waiting:
        hours = f"{facts.settings.reminder_hours.text}{facts.whose_zone}"
        return Severity.INFO, f"{counted(waiting, 'reminder')} will leave within the reminder hours, {hours}"
    if in_states(facts, "baseline"):
        return Severity.INFO, "Baseline taken: owners are told of what happens from now on, not of what was found at the start"
    return None


def held(facts: DigestFacts) -> bool:
    """Whether reminders wait for a person."""
    return bool(in_states(facts, "held")) or any(row["rule"] == "reminders_held" for row in facts.open_alerts)


def in_states(facts: DigestFacts, *states: str) -> int:
    """How many reminders stand in these states."""
    return sum(facts.reminders.get(state, 0) for state in states)


WAYS = {
    "sent": "sent",
    "pending": "queued",
    "sending": "being sent",
    "uncertain": "sent again after a fault",
    "held": "held back",
    "failed": "undeliverable",
    "no_receiver": "without an address",
    "not_configured": "without a mail connection",
    "superseded": "replaced by a newer one",
    "suppressed": "not told, as configured",
    "baseline": "noted as baseline",
    "mailed": "told earlier",
}


def told_words(facts: DigestFacts) -> str:
    """`12 sent, 3 queued and 1 undeliverable`; empty when no step was reached."""
    return listed([f"{number(facts.reminders[way])} {words}" for way, words in WAYS.items() if facts.reminders.get(way)])
