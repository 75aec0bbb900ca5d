"""What every mapping of the configuration is."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict

ChannelName = Literal["email", "slack", "pagerduty", "sms", "webhook", "log"]


class Section(BaseModel):
    """A mapping of the file: frozen, and nothing in it goes unread."""

    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)
