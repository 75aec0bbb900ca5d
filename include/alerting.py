"""From a verdict to what happens with its alert. Pure: the same arguments, the same transition, and always a named reason."""

from __future__ import annotations

from include.model import Alert, Level, Reason, Severity, State, Transition, Verdict

NEWS = frozenset({Reason.OPENED, Reason.WORSENED, Reason.RECOVERED})


def next_state(alert: Alert | None, verdict: Verdict) -> Transition:
    """What happens to the newest alert of this fingerprint, open or resolved, or to none."""
    if alert and verdict.as_of <= alert.evaluated_at:
        return stay(alert, verdict, Reason.STALE)
    if alert is None or alert.state is State.RESOLVED:
        return first_state(verdict)
    if verdict.level is Level.NO_DATA:
        return without_data(alert, verdict)
    if verdict.level is Level.OK:
        return Transition(verdict, alert.state, State.RESOLVED, Reason.RECOVERED, alert.severity)
    return still_firing(alert, verdict)


def first_state(verdict: Verdict) -> Transition:
    """Nothing is open: a breach opens, missing data opens as unknown, and all well stays nothing."""
    if verdict.level is Level.OK:
        return Transition(verdict, None, None, Reason.UNCHANGED, Severity.SUCCESS)
    if verdict.level is Level.NO_DATA:
        return Transition(verdict, None, State.UNKNOWN, Reason.NO_DATA, Severity.WARNING)
    return Transition(verdict, None, State.FIRING, Reason.OPENED, severity_of(verdict))


def without_data(alert: Alert, verdict: Verdict) -> Transition:
    """An open alert whose data is missing is unknown, with the severity it had."""
    reason = Reason.UNCHANGED if alert.state is State.UNKNOWN else Reason.NO_DATA
    return Transition(verdict, alert.state, State.UNKNOWN, reason, alert.severity)


def still_firing(alert: Alert, verdict: Verdict) -> Transition:
    """An open alert in breach: worse ends an acknowledgement, the rest leaves it where it was."""
    severity = severity_of(verdict)
    was, now = (alert.severity.rank, alert.progress), (severity.rank, verdict.progress)
    if now > was:
        return Transition(verdict, alert.state, State.FIRING, Reason.WORSENED, severity)
    if alert.state is State.UNKNOWN:
        return Transition(verdict, alert.state, State.FIRING, Reason.RETURNED, severity)
    reason = Reason.EASED if now < was else Reason.UNCHANGED
    return Transition(verdict, alert.state, alert.state, reason, severity)


def stay(alert: Alert, verdict: Verdict, reason: Reason) -> Transition:
    """Nothing changes."""
    return Transition(verdict, alert.state, alert.state, reason, alert.severity)


def severity_of(verdict: Verdict) -> Severity:
    """The severity of a breach."""
    return Severity(verdict.level.value)


def is_news(transition: Transition) -> bool:
    """Whether somebody is to be told: opened, worsened, recovered, or a source that went silent."""
    silent_source = transition.reason is Reason.NO_DATA and transition.before is None
    return silent_source or transition.reason in NEWS
