"""How each channel is used; what it connects to is an Airflow connection."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, field_validator

from include.config.section import Section
from include.config.types import Text, Whole


class Slack(Section):
    """Slack."""

    receiver: Text = "#alerts"
    """The channel that gets what no route sends elsewhere."""


class PagerDuty(Section):
    """PagerDuty."""

    region: str = "us"
    """Where the account is: `us`, `eu`, or the URL of a relay."""

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


class Channels(Section):
    """The channels that have something to configure."""

    slack: Slack = Slack()
    pagerduty: PagerDuty = PagerDuty()
    sms: Sms = Sms()
