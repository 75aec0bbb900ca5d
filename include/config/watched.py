"""How targets are watched: the sections of the duties that ask them."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

from pydantic import Field

from include.config.section import ChannelName, Section
from include.config.types import Beat, Interval, Timeout, Whole


class DatabaseConnectivity(Section):
    """How databases are asked whether they answer."""

    interval: Beat = timedelta(seconds=30)
    """How often each is connected to and queried."""
    heartbeat: Beat = timedelta(seconds=5)
    """How often the connection that stays open is felt: so long a frozen server may go unnoticed, and `timeout` for each attempt."""
    timeout: Timeout = timedelta(seconds=2)
    """How long an answer may take."""
    confirmations: Annotated[Whole, Field(ge=0, le=10)] = 2
    """So many further attempts, a third of a second apart, must fail too before it is an alert; what is down is tried every second. With 0
    the first attempt decides, and what is down is tried four times a second."""
    alert_channels: tuple[ChannelName, ...] = ("email",)
    """Where news goes."""


class ApiPerformance(Section):
    """How HTTP addresses are asked; each has its own interval."""

    confirmations: Annotated[Whole, Field(ge=0, le=10)] = 2
    """So many further attempts, a third of a second apart, must fail too before it is an alert; what is down is tried every second. With 0
    the first attempt decides, and what is down is tried four times a second."""
    alert_channels: tuple[ChannelName, ...] = ("email",)
    """Where news goes."""


class PageLoad(Section):
    """How web pages are visited; without any in `targets.pages` the duty does not run."""

    check_interval: Interval = timedelta(minutes=5)
    """How often the duty runs."""
    alert_channels: tuple[ChannelName, ...] = ("email",)
    """Where news goes."""
