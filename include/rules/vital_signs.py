"""Does the source answer, can lists of targets be read, and is the configuration file valid?"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from include.config.settings import Settings
from include.discovery import name_of
from include.model import Level, Run, Traits, Verdict
from include.source_state import SourceState, source_states
from include.store import Row, Store
from include.store.alerts import open_of_rule
from include.store.samples import newest

CONFIGURATION = "configuration"


class SourceUp:
    """A source that does not answer is missing data: one `unknown` alert for it, whatever hangs on it."""

    traits = Traits(group_by=("source", "target"), todo="The reason says what does not answer; what hangs on it is unknown until it does.")

    def verdicts(self, store: Store, run: Run, settings: Settings, now: datetime) -> Iterable[Verdict]:
        """One verdict per source of the duty."""
        return [judge_source(run.duty, state, settings.alerts.start_grace) for state in source_states(store, run, now)]


class DiscoveryUp:
    """A list of targets that cannot be read is missing data: what it said last is watched, and what is new on it is not."""

    traits = Traits(group_by=("entry",), todo="The reason names what cannot be read. What has been added to the list since is not watched.")

    def verdicts(self, store: Store, run: Run, settings: Settings, now: datetime) -> Iterable[Verdict]:
        """One verdict per list that the duty ever read; one that has left the configuration is nobody's trouble."""
        lists = {name_of(entry) for entry in settings.targets.discover}
        rows = newest(store, "discovery_up", {"duty": run.duty})
        return [judge_list(run.duty, row) if row["labels"]["entry"] in lists else no_list(run.duty, row, now) for row in rows]


class ConfigValid:
    """A refused configuration file: every duty goes on with the last accepted one, and whichever looks first says so, once for all."""

    traits = Traits(todo="Mend the file: the message names the key, the value and what is allowed.")

    def verdicts(self, store: Store, run: Run, settings: Settings, now: datetime) -> Iterable[Verdict]:
        """One verdict, by what was seen of the file last; none while nobody saw anything wrong with it."""
        seen = newest(store, "config_valid", {})
        broken = any(row["value"] != 1 for row in seen)
        if not seen or not (broken or open_of_rule(store, CONFIGURATION, "config_valid")):
            return []
        store.many("runs.lock_duty", duty=CONFIGURATION)
        return [judge_configuration(max(seen, key=lambda row: row["at"]))]


def judge_source(duty: str, state: SourceState, grace: timedelta) -> Verdict:
    """A source that answers is well, any other is no data; one that never answered has a grace."""
    what = " ".join(filter(None, (f"source {state.source}", state.labels.get("target"))))
    summary = f"{what} answers again" if state.up else f"no data from {what}: {state.why}"
    level = Level.OK if state.up else Level.NO_DATA
    not_yet = timedelta(0) if state.known else grace
    return Verdict(duty, "source_up", state.labels, level, state.as_of, summary, grace=not_yet)


def judge_list(duty: str, row: Row) -> Verdict:
    """A list that can be read is well, any other is no data."""
    entry, well = row["labels"]["entry"], row["value"] == 1
    summary = f"list of {entry} can be read again" if well else f"list of {entry}: {row['note']}"
    return Verdict(duty, "discovery_up", {"entry": entry}, Level.OK if well else Level.NO_DATA, row["at"], summary)


def no_list(duty: str, row: Row, now: datetime) -> Verdict:
    """A list that nobody reads any more."""
    entry = row["labels"]["entry"]
    return Verdict(duty, "discovery_up", {"entry": entry}, Level.OK, now, f"list of {entry} is no longer in the configuration", final=True)


def judge_configuration(row: Row) -> Verdict:
    """`config_valid` 0 is a warning that carries the file, the key and what is allowed. It is nobody's but the file's."""
    valid = row["value"] == 1
    summary = "the configuration file is valid again" if valid else f"{row['note']}; the last accepted configuration is in force"
    return Verdict(CONFIGURATION, "config_valid", {}, Level.OK if valid else Level.WARNING, row["at"], summary)
