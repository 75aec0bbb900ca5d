"""Airflow's connections, turned into channels."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from securenet.connections import find_connection, flag, hook_secret, sender_of, url_of

if TYPE_CHECKING:
    from airflow.sdk import Connection

    from include.channels import Channel
    from include.channels.email import SmtpSettings
    from include.channels.pagerduty import PagerDutySettings
    from include.channels.slack import SlackSettings
    from include.channels.sms import SmsSettings
    from include.channels.webhook import WebhookSettings
    from include.config.settings import Settings
    from include.model import Clock

# The connection that each channel needs.
CONNECTION_OF = {
    "email": "smtp_default",
    "slack": "slack_default",
    "pagerduty": "pagerduty_events_default",
    "sms": "sms_default",
    "webhook": "monitoring_webhook",
}


def openers(settings: Settings, clock: Clock) -> dict[str, Callable[[], Channel]]:
    """What opens each channel that has the connection it needs."""
    from include.channels import CHANNELS
    from include.loading import load_named

    found = {name: find_connection(connection) for name, connection in CONNECTION_OF.items()}
    opened: dict[str, Callable[[], Channel]] = {"log": load_named(CHANNELS, "log", "channel")}
    for name, there in found.items():
        if there is not None:
            opened[name] = opener(load_named(CHANNELS, name, "channel"), name, there, settings, clock)
    return opened


def opener(kind: Any, name: str, found: Connection, settings: Settings, clock: Clock) -> Callable[[], Channel]:
    """What opens a channel. Its connection is read here: later, as while the store is away, Airflow may have no answer."""
    try:
        return partial(kind, *READERS[name](found, settings, clock))
    except (ValueError, TypeError, AttributeError) as error:  # whoever uses it says so
        return partial(unusable, error)


def unusable(error: Exception) -> Channel:
    """Raises what is wrong with a connection."""
    raise error


def smtp(found: Connection) -> SmtpSettings:
    """`smtp_default` as the SMTP provider's form fills it: `disable_ssl`, `disable_tls`, `timeout` and `from_email` in the extras."""
    from include.channels.email import SmtpSettings

    extra = found.extra_dejson
    security = "ssl" if not flag(extra.get("disable_ssl")) else "none" if flag(extra.get("disable_tls")) else "starttls"
    port = found.port or {"ssl": 465, "starttls": 587, "none": 25}[security]
    sender = sender_of(found) or "monitoring@localhost"
    return SmtpSettings(found.host or "localhost", port, sender, security, found.login, found.password, float(extra.get("timeout", 30)))


def slack(found: Connection) -> SlackSettings:
    """`slack_default`: a bot's token as password and `base_url` in the extras; or an incoming webhook as host, its path as password."""
    from include.channels.slack import SlackSettings

    base, buttons = found.extra_dejson.get("base_url") or "https://slack.com/api", hook_secret("slack") is not None
    if (found.password or "").startswith("xox") or not found.host:
        return SlackSettings(found.password or "", base, buttons=buttons)
    return SlackSettings(webhook=f"{url_of(found)}/{(found.password or '').lstrip('/')}", buttons=buttons)


def pagerduty(found: Connection, region: str) -> PagerDutySettings:
    """`pagerduty_events_default`: the integration key as password; the region stands in the configuration."""
    from include.channels.pagerduty import PagerDutySettings

    return PagerDutySettings(found.password or "", region)


def sms(found: Connection, segments: int) -> SmsSettings:
    """`sms_default`: account and token as login and password, `from_number` in the extras; a host for another gateway than Twilio.

    With `apprise` in the extras the password is a gateway's URL as apprise writes it.
    """
    from include.channels.sms import SmsSettings

    if flag(found.extra_dejson.get("apprise")):
        return SmsSettings(apprise=found.password or "", segments=segments)
    base = url_of(found) if found.host else "https://api.twilio.com"
    return SmsSettings(found.login or "", found.password or "", str(found.extra_dejson.get("from_number", "")), base, segments)


def webhook(found: Connection) -> WebhookSettings:
    """`monitoring_webhook`: where to as host, the secret as password; `format` in the extras: `securenet` or `alertmanager`."""
    from include.channels.webhook import WebhookSettings

    return WebhookSettings(url_of(found), found.password or "", str(found.extra_dejson.get("format", "securenet")))


# What each channel is made of.
READERS: dict[str, Callable[[Connection, Settings, Clock], tuple[Any, ...]]] = {
    "email": lambda found, settings, clock: (smtp(found), ZoneInfo(settings.monitoring.zone), clock),
    "slack": lambda found, settings, clock: (slack(found),),
    "pagerduty": lambda found, settings, clock: (pagerduty(found, settings.channels.pagerduty.region),),
    "sms": lambda found, settings, clock: (sms(found, settings.channels.sms.segments),),
    "webhook": lambda found, settings, clock: (webhook(found), clock),
}
