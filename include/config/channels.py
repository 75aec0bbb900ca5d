"""How each channel is used; what it connects to is an Airflow connection."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, field_validator

from include.config.section import EVERYTHING, Organizations, Section
from include.config.types import SlackPlace, Whole


class Slack(Section):
    """Slack."""

    receiver: SlackPlace = "#alerts"
    """The channel that gets what no route sends elsewhere."""
    organizations: Organizations = EVERYTHING
    """The slugs of what this channel may get; `*` is everything. Alerts without an organisation are for `*` alone."""


class PagerDuty(Section):
    """PagerDuty."""

    region: str = "us"
    """Where the account is: `us`, `eu`, or the URL of a relay."""
    organizations: Organizations = EVERYTHING
    """The slugs of what it may get; `*` is everything. Alerts without an organisation are for `*` alone."""

    @field_validator("region")
    @classmethod
    def known(cls, region: str) -> str:
        """A region, or where else to go."""
        if region not in ("us", "eu") and not region.startswith(("https://", "http://")):
            raise ValueError(f"{region!r} is no region; allowed: us, eu, or a URL")
        return region


class Sms(Section):
    """SMS."""

    segments: Annotated[Whole, Field(ge=1, le=10)] = 3
    """How many segments a text may take; what is longer is cut."""


class Webhook(Section):
    """The webhook."""

    organizations: Organizations = EVERYTHING
    """The slugs of what it may get; `*` is everything. Alerts without an organisation are for `*` alone."""


class Channels(Section):
    """The channels that have something to configure."""

    slack: Slack = Slack()
    pagerduty: PagerDuty = PagerDuty()
    sms: Sms = Sms()
    webhook: Webhook = Webhook()

    def scope(self, channel: str) -> Organizations:
        """What a channel's own receiver may get."""
        return getattr(getattr(self, channel, None), "organizations", EVERYTHING)
