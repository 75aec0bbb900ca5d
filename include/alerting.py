"""From a verdict to what happens with its alert. Pure: the same arguments, the same transition, and always a named reason."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta

from include.flapping import flaps, observe
from include.model import Alert, Level, Reason, Severity, State, Traits, Transition, Verdict

NO_TRAITS = Traits()


def next_state(alert: Alert | None, verdict: Verdict, traits: Traits = NO_TRAITS, interval: timedelta | None = None) -> Transition:
    """What happens to the newest alert of this fingerprint, open or resolved, or to none. `interval`: between two judgements."""
    if alert and verdict.as_of <= alert.evaluated_at:
        return stay(alert, verdict, Reason.STALE)
    swing = Swing.of(alert, verdict, traits, interval)
    if verdict.level is Level.NO_DATA:
        return swing.marks(without_data(alert, verdict))
    if alert is None or alert.state is State.RESOLVED:
        return swing.marks(first_state(verdict, traits))
    if verdict.level is Level.OK:
        return swing.marks(no_breach(alert, verdict, swing))
    return swing.marks(still_in_breach(alert, verdict, traits))


@dataclass(frozen=True, slots=True)
class Swing:
    """What was judged of late, this verdict included, and whether that swings too much."""

    history: int
    flapping: bool

    @classmethod
    def of(cls, alert: Alert | None, verdict: Verdict, traits: Traits, interval: timedelta | None) -> Swing:
        """The alert's history with this verdict. One that clears nothing counts as the breach before it; what is not damped keeps none."""
        if not traits.damp:
            return cls(0, False)
        history = alert.history if alert else 0
        breach = verdict.level is not Level.OK or (not verdict.cleared and bool(history & 1))
        missed = int((verdict.as_of - alert.evaluated_at) / interval) - 1 if alert and interval else 0
        history = observe(history, breach, max(missed, 0))
        return cls(history, flaps(history, alert is not None and alert.flapping))

    def marks(self, transition: Transition) -> Transition:
        """The transition, with what the next verdict has to know."""
        return replace(transition, history=self.history, flapping=self.flapping)


def first_state(verdict: Verdict, traits: Traits) -> Transition:
    """Nothing is open: a breach opens, at once or after its wait, and all well stays nothing."""
    if verdict.level is Level.OK:
        return Transition(verdict, None, None, Reason.UNCHANGED, Severity.SUCCESS)
    if traits.wait or traits.breaches > 1:
        return Transition(verdict, None, State.PENDING, Reason.PENDING, severity_of(verdict))
    return Transition(verdict, None, State.FIRING, Reason.OPENED, severity_of(verdict))


def without_data(alert: Alert | None, verdict: Verdict) -> Transition:
    """Missing data opens as unknown; an open alert keeps its severity and is unknown; a pending one waits."""
    if alert is None or alert.state is State.RESOLVED:
        return Transition(verdict, None, State.UNKNOWN, Reason.NO_DATA, Severity.WARNING)
    if alert.state in (State.UNKNOWN, State.PENDING):
        return stay(alert, verdict, Reason.UNCHANGED)
    return replace(stay(alert, verdict, Reason.NO_DATA), after=State.UNKNOWN)


def no_breach(alert: Alert, verdict: Verdict, swing: Swing) -> Transition:
    """Over, unless it has not cleared yet, or flaps: then it stays open until it is calm. What only waits begins its wait anew."""
    if alert.state is State.PENDING:
        return Transition(verdict, alert.state, State.RESOLVED, Reason.LAPSED, alert.severity)
    if not verdict.cleared:
        return stay(alert, verdict, Reason.UNCHANGED)
    if swing.flapping and not verdict.final:
        return stay(alert, verdict, Reason.UNCHANGED if alert.flapping else Reason.FLAPPING)
    return Transition(verdict, alert.state, State.RESOLVED, Reason.RECOVERED, alert.severity)


def still_in_breach(alert: Alert, verdict: Verdict, traits: Traits) -> Transition:
    """An alert in breach again: pending may fire, worse ends an acknowledgement, the rest leaves it where it was."""
    severity, breaches = severity_of(verdict), alert.breaches + 1
    if alert.state is State.PENDING:
        fires = breaches >= traits.breaches and verdict.as_of - alert.opened_at >= traits.wait
        after, reason = (State.FIRING, Reason.OPENED) if fires else (State.PENDING, Reason.UNCHANGED)
        return Transition(verdict, alert.state, after, reason, severity, breaches)
    was, now = (alert.severity.rank, alert.progress), (severity.rank, verdict.progress)
    if now > was:
        return Transition(verdict, alert.state, State.FIRING, Reason.WORSENED, severity, breaches)
    if alert.state is State.UNKNOWN:
        after = State.ACKNOWLEDGED if alert.acknowledged_by else State.FIRING
        return Transition(verdict, alert.state, after, Reason.RETURNED, severity, breaches)
    return Transition(verdict, alert.state, alert.state, Reason.EASED if now < was else Reason.UNCHANGED, severity, breaches)


def stay(alert: Alert, verdict: Verdict, reason: Reason) -> Transition:
    """The alert stays as it is."""
    return Transition(verdict, alert.state, alert.state, reason, alert.severity, alert.breaches, alert.history, alert.flapping)


def severity_of(verdict: Verdict) -> Severity:
    """The severity of a breach."""
    return Severity(verdict.level.value)
