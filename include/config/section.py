"""What every section of the file has in common, and the words that several of them use."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

ChannelName = Literal["email", "slack", "pagerduty", "sms", "webhook", "log"]
SeverityName = Literal["critical", "warning", "info"]
PriorityName = Literal["critical", "high", "medium", "low"]


class Section(BaseModel):
    """A mapping of the file: frozen, and nothing in it goes unread."""

    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True, serialize_by_alias=True, defer_build=True)


def listed(value: Any) -> Any:
    """A single word as the list that it stands for."""
    return (value,) if isinstance(value, str) else value
