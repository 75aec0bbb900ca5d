"""The three queries that docs/sources.md shows, on a table of somebody else's."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path

import pytest

from include.failures import SourceError
from tests.story import Story, settings

DOCUMENT = Path(__file__).parents[2] / "docs/sources.md"
COLUMNS = {
    "account_id", "kind", "expires_at", "items", "grace_days", "username", "full_name", "email", "organization",
    "department", "role", "manager_name", "manager_email", "group_names",
}  # fmt: skip
TABLE = """
create table member (login text primary key, full_name text, mail text, team text, boss text, ends date, password_ends timestamptz,
                     active boolean not null default true)
"""
MEMBERS = """
insert into member (login, full_name, mail, team, boss, ends, password_ends, active) values
    ('ann', 'Ann Ito', 'ann@example.com', 'north', 'eve', '2026-03-08', null, true),
    ('bob', 'Bob', null, 'north', null, '2026-02-28', '2026-03-20 12:00+00', true),
    ('cyd', 'Cyd', 'cyd@example.com', null, 'nobody', 'infinity', '2026-05-01', true),
    ('eve', 'Eve', 'eve@example.com', 'south', null, null, '9999-12-31', true),
    ('off', 'Off', 'off@example.com', 'south', null, '2026-03-05', null, false),
    ('test-1', 'Test', 'test@example.com', 'south', null, '2026-03-05', null, true)
"""


def example() -> str:
    """The file as the document shows it."""
    found = re.search(r"```sql\n(.*?)```", DOCUMENT.read_text(), re.DOTALL)
    assert found
    return found[1]


def using(story: Story, file: Path, text: str) -> Story:
    """The story with this text as its queries."""
    file.write_text(text)
    story.settings = settings(f"monitoring: {{account_expiration: {{send_emails: true, reminder_hours: '00:00-24:00', query: {file}}}}}")
    return story


@pytest.fixture
def own(story: Story, tmp_path: Path) -> Story:
    """A story whose accounts are somebody else's; it has run once, on 2 March 2026 at 9:00 UTC."""
    story.watched.execute(TABLE)
    story.watched.execute(MEMBERS)
    using(story, tmp_path / "accounts.sql", example())
    assert story.run()["collect"]["source_up"] == 1
    return story


def test_it_counts_what_ends_by_kind_step_and_organisation(own: Story) -> None:
    found = {key: value for key, value in own.metric("accounts_expiring").items() if value}
    assert found == {
        ("account", "north", "7"): 1,  # ann: 8 March 0:00 is 5 days and 15 hours away
        ("account", "north", "expired"): 1,  # bob: since 28 February, within 14 days of grace
        ("password", "north", "30"): 1,  # bob: 20 March is 18 days away
    }
    assert sum(own.metric("accounts_past_grace").values()) == 0


def test_active_accounts_are_counted_by_organisation_and_one_without_is_nobodys(own: Story) -> None:
    rows = own.store.connection.execute("select organization, accounts from account_population order by 1").fetchall()
    assert [tuple(row.values()) for row in rows] == [("", 1), ("north", 2), ("south", 2)]


def test_the_calendar_reaches_90_days_ahead(own: Story) -> None:
    rows = own.store.connection.execute("select kind, organization, day::text from account_calendar order by day").fetchall()
    assert [tuple(row.values()) for row in rows] == [
        ("account", "south", "2026-03-05"),  # the example leaves test accounts out of the list only
        ("account", "north", "2026-03-08"),
        ("password", "north", "2026-03-20"),
        ("password", "", "2026-05-01"),
    ]


def test_owners_and_managers_are_reminded_as_ever_and_who_has_no_address_is_on_record(own: Story) -> None:
    own.later(days=5).run()
    (mail,) = own.inbox.to("ann@example.com")
    assert (mail["Subject"], mail["Cc"]) == ("Your account expires within 1 day", "eve@example.com")
    assert {message["receiver"]: message["state"] for message in own.messages()} == {"ann@example.com": "sent", "": "no_receiver"}


def test_a_run_for_one_organisation_needs_nothing_in_the_query(own: Story) -> None:
    own.later(hours=1).run(organization="north")
    assert {row["labels"]["organization"] for row in own.alerts(rule="accounts_expiring")} == {"north"}


@pytest.mark.parametrize("end", [";", "\n-- that was 100 %%"], ids=["semicolon", "comment"])
def test_what_people_write_at_the_end_of_a_query_does_no_harm(own: Story, tmp_path: Path, end: str) -> None:
    text = example().rstrip().replace("\n\n-- name:", f"{end}\n\n-- name:") + end
    assert using(own, tmp_path / "other.sql", text).later(hours=1).run()["collect"]["source_up"] == 1


@pytest.mark.parametrize(
    ("before", "after", "why"),
    [
        ("-- name: calendar", "-- name: kalender", "the blocks expiring, population, calendar are needed: 'calendar'"),
        (" m.team as organization,\n", "\n", 'column "organization" does not exist'),
        ("from member m\ncross", "from members m\ncross", 'relation "members" does not exist'),
        ("'account', m.ends", "'account', now() / 0, m.ends", "does not exist"),
        ("count(*) as accounts from member where active", "0 as accounts from member", "not one active account"),
    ],
)
def test_what_is_wrong_with_a_query_is_told_as_missing_data(own: Story, tmp_path: Path, before: str, after: str, why: str) -> None:
    text = example()
    assert before in text
    counts = using(own, tmp_path / "wrong.sql", text.replace(before, after)).later(hours=1).run()
    assert counts["collect"]["source_up"] == 0
    assert why in counts["collect"]["why"]


def test_a_query_that_is_not_there_is_told_as_missing_data(own: Story, tmp_path: Path) -> None:
    file = tmp_path / "own.sql"
    story = using(own, file, example())
    file.unlink()
    counts = story.later(hours=1).run()
    assert counts["collect"]["why"] == f"{file} cannot be read: No such file or directory"


def test_the_document_names_every_column_that_is_read() -> None:
    table = DOCUMENT.read_text().split("## Columns")[1].split("Of several rows")[0]
    documented = {name for line in table.splitlines() if line.startswith("| `") for name in re.findall(r"`(\w+)`", line.split("|")[1])}
    assert documented == COLUMNS
    select = example().split("from member")[0]
    assert all(re.search(rf"\b{column}\b", select) for column in COLUMNS)


def test_every_documented_column_must_be_there(own: Story, tmp_path: Path) -> None:
    for column in COLUMNS:
        others = ", ".join(sorted(COLUMNS - {column}))
        text = example().replace("select m.login", f"select {others} from (select m.login", 1)
        text = text.replace("<= %(horizon)s\n\n-- name: population", "<= %(horizon)s) l\n\n-- name: population", 1)
        source = using(own, tmp_path / f"without_{column}.sql", text).wiring.source("accounts")
        with pytest.raises(SourceError, match=f'column "{column}" does not exist'), own.store.transaction():
            source.read(own.store, own.now, None, timedelta(seconds=60))
