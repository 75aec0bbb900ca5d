"""An independent reading of SecureNet's tables: plain Python over plain rows, sharing no SQL with what it checks."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime
from typing import NamedTuple

import psycopg

STEPS = (1, 3, 7, 14, 30)
HOUR = 3600
DAY = 24 * HOUR


class End(NamedTuple):
    """One date of one active account; `left` in seconds, infinite where it never comes."""

    organization: str
    username: str
    kind: str
    left: float
    grace: float

    @property
    def step(self) -> int | None:
        """Days of the smallest step that still holds it, 0 when it is over, None beyond all steps."""
        return 0 if self.left <= 0 else next((step for step in STEPS if self.left <= step * DAY), None)

    @property
    def past_grace(self) -> bool:
        return self.left < -self.grace

    @property
    def margin(self) -> float:
        """Seconds to the nearest step, or to the end of grace."""
        return min(abs(self.left - edge) for edge in (-self.grace, *(step * DAY for step in (0, *STEPS))))


def ends(connection: psycopg.Connection, now: datetime) -> list[End]:
    """Every date of every active account; epochs, because Python has no infinite datetime."""
    people = connection.execute("""
        select u.id, o.slug, u.username, u.grace_period_days, extract(epoch from u.account_expires_at)::float,
               extract(epoch from u.password_expires_at)::float, extract(epoch from u.contract_end_date)::float
        from users u join organizations o on o.id = u.organization_id where u.is_active""").fetchall()
    memberships = connection.execute("""
        select user_id, extract(epoch from expires_at)::float from user_group_memberships where is_active""").fetchall()
    teams = defaultdict(list)
    for user, moment in memberships:
        teams[user].append(moment)
    return [end for person in people for end in of_person(person, teams[person[0]], now.timestamp())]


def of_person(person: tuple, teams: list[float | None], now: float) -> Iterator[End]:
    """The dates of one account; those that are NULL do not exist."""
    _, organization, username, grace, account, password, contract = person
    dates = [("account", account), ("password", password), ("contract", contract), *(("membership", team) for team in teams)]
    for kind, moment in dates:
        if moment is not None:
            yield End(organization, username, kind, moment - now, (7 if grace is None else grace) * DAY)


def least_steps(dates: list[End]) -> dict[tuple[str, str], int]:
    """The nearest step per organisation and kind, where there is one."""
    least: dict[tuple[str, str], int] = {}
    for end in dates:
        if end.step is not None:
            key = (end.organization, end.kind)
            least[key] = min(end.step, least.get(key, end.step))
    return least
