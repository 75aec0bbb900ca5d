"""The value types of the configuration; each says in its error what is allowed."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable
from datetime import time, timedelta
from typing import Annotated, Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, AllowInfNan, BeforeValidator, Field, PlainSerializer, Strict

from include.config.spelling import spelled
from include.config.times import divides_a_day, duration, hour_minute, write_duration


class Hours:
    """A span of the day, `08:00-18:00`; it may run over midnight, and `00:00-24:00` is all day."""

    def __init__(self, text: str) -> None:
        start, dash, end = text.partition("-") if isinstance(text, str) else ("", "", "")
        if not dash:
            raise ValueError(f"{spelled(text)} is no span of hours; allowed: as in 08:00-18:00")
        self.text = text
        self.start = hour_minute(start.strip())
        self.end = time.max if end.strip() == "24:00" else hour_minute(end.strip())
        if self.start == self.end:
            raise ValueError(f"{text!r} is no time at all; allowed: as in 08:00-18:00, and 00:00-24:00 for all day")

    def hold(self, moment: time) -> bool:
        """Whether the time of day lies within; the end does not."""
        before_end = moment < self.end or self.end == time.max
        if self.start < self.end:
            return self.start <= moment and before_end
        return self.start <= moment or before_end

    @property
    def is_overnight(self) -> bool:
        """Whether it runs over midnight."""
        return self.end < self.start

    @property
    def is_all_day(self) -> bool:
        """Whether nothing lies outside."""
        return self.start == time.min and self.end == time.max

    def __repr__(self) -> str:
        return f"Hours({self.text!r})"


def known_zone(name: str) -> str:
    """The zone's name. Raises ValueError when this machine's time zone database has none of that name."""
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(f"{name!r} is not a time zone; allowed: names such as UTC or Europe/Berlin") from None
    return name


def hours(value: Any) -> Hours:
    """The span of hours that the text names."""
    return value if isinstance(value, Hours) else Hours(value)


def within(least: str, most: str) -> AfterValidator:
    """A limit for durations, both ends included; spelled as in the file."""

    def checked(length: timedelta) -> timedelta:
        if not duration(least) <= length <= duration(most):
            how = "short" if length < duration(least) else "long"
            raise ValueError(f"{write_duration(length)} is too {how}; allowed: {least} to {most}")
        return length

    return AfterValidator(checked)


def connection_id(name: str) -> str:
    """The id. Raises ValueError for what Airflow does not take as one."""
    if not re.fullmatch(r"[\w#!().:/\\-]{1,200}", name):
        raise ValueError(f"{name!r} is no id of a connection; allowed: that of an Airflow connection, as in securenet_db")
    return name


def absolute(path: str) -> str:
    """The path. Raises ValueError for one that would depend on where a process was started."""
    if not path.startswith("/"):
        raise ValueError(f"{path!r} is no absolute path; allowed: one from the root, as in /etc/securenet/accounts.sql")
    return path


def ip_address(text: str) -> str:
    """An address of version 4 or 6. Raises ValueError."""
    try:
        ipaddress.ip_address(text)
    except ValueError:
        raise ValueError(f"{text!r} is no address; allowed: as in 10.0.0.53 and fd00::53") from None
    return text


def like(pattern: str, what: str, allowed: str) -> Callable[[str], str]:
    """A check that a text is like a pattern as a whole; it raises ValueError with what is allowed."""

    def check(text: str) -> str:
        if not re.fullmatch(pattern, text):
            raise ValueError(f"{text!r} is no {what}; allowed: {allowed}")
        return text

    return check


email_address = like(r"[^@\s<>,;:\"]+@[^@\s<>,;:\"]+", "e-mail address", "as in ann@example.com")
# An example that stands for a number, as documents shorten it to +4930..., is not refused: whoever is reached by it says that it is none.
phone_number = like(r"\+[1-9][0-9]{1,14}(\.\.\.)?", "phone number", "+, country and number, digits alone, as in +493012345678")
slack_member = like(r"[UW][A-Z0-9]+(\.\.\.)?", "Slack member ID", "as in U02ABCDEF")
slack_place = like(r"#(?![^ ]*[A-Z])[\w-]{1,80}|[CDGUW][A-Z0-9]+", "Slack channel", "as in #ops, or an ID as in C02ABCDEF")

Whole = Annotated[int, Strict()]
Number = Annotated[float, Strict(), AllowInfNan(False)]
Switch = Annotated[bool, Strict()]
Text = Annotated[str, Field(min_length=1)]
ConnectionId = Annotated[str, AfterValidator(connection_id)]
IpAddress = Annotated[str, AfterValidator(ip_address)]
AbsolutePath = Annotated[str, AfterValidator(absolute)]
Duration = Annotated[timedelta, BeforeValidator(duration), PlainSerializer(write_duration)]
Beat = Annotated[Duration, within("1s", "1h")]
Timeout = Annotated[Duration, within("1s", "1m")]
Interval = Annotated[Duration, AfterValidator(divides_a_day)]
TimeOfDay = Annotated[time, BeforeValidator(hour_minute), PlainSerializer(lambda value: f"{value:%H:%M}")]
DayHours = Annotated[Hours, BeforeValidator(hours), PlainSerializer(lambda value: value.text)]
Zone = Annotated[str, AfterValidator(known_zone)]
EmailAddress = Annotated[Text, AfterValidator(email_address)]
PhoneNumber = Annotated[Text, AfterValidator(phone_number)]
SlackMember = Annotated[Text, AfterValidator(slack_member)]
SlackPlace = Annotated[Text, AfterValidator(slack_place)]
