"""How each channel is used; what it connects to is an Airflow connection."""

from __future__ import annotations

from include.config.section import Section


class Slack(Section):
    """Slack."""

    receiver: str = "#alerts"
    """The channel that gets what no route sends elsewhere."""


class Channels(Section):
    """The channels that have something to configure."""

    slack: Slack = Slack()
