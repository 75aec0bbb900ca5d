"""The digest as it stands in an inbox."""

from __future__ import annotations

import csv
import io
import re
from dataclasses import replace
from datetime import timedelta
from html.parser import HTMLParser
from pathlib import Path

import pytest

from include.model import Severity
from include.report import Rendered
from include.reports.account_digest_facts import DigestFacts
from include.reports.account_digest_view import COLUMNS, render
from tests.reports.facts import HOSTILE, NOW, account, alert, busy, digest, digest_of, news, undeliverable


class Page(HTMLParser):
    """The tags of a page, and what a reader sees of it."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.seen = ""
        self.feed(html)
        self.text = " ".join(self.seen.split())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Keep the tag; boxes stand apart."""
        self.tags.append((tag, dict(attrs)))
        self.seen += " " if tag in ("div", "p", "td", "th") else ""

    def handle_data(self, data: str) -> None:
        """Keep the text."""
        self.seen += data


@pytest.fixture(scope="module")
def morning() -> Rendered:
    """The digest of a busy morning."""
    return render(busy())


def rows(rendered: Rendered) -> list[dict[str, str]]:
    """The attached file as a spreadsheet sees it."""
    return list(csv.DictReader(io.StringIO(rendered.csv.removeprefix("\ufeff"), newline="")))


@pytest.mark.parametrize("hostile", HOSTILE.values(), ids=HOSTILE.keys())
def test_hostile_names_are_shown_and_do_nothing(hostile: str) -> None:
    row = account(kind="membership", full_name=hostile, username=hostile, organization=hostile, groups=hostile, manager_name=hostile)
    failed = undeliverable(hostile, hostile, hostile)
    told = news(summary=f"{hostile}: 15 user accounts expiring", kind=hostile, organization=hostile)
    also = alert(rule="config_valid", summary=hostile)
    facts = digest_of([row], news=[told], open_alerts=[also], newly_urgent=[row], undeliverable=[failed], organization=hostile)
    rendered = render(facts)
    harmless = {"bdi", "b", "td", "tr", "table", "tbody", "div", "span", "p", "h1", "h2", "a", "img", "br", "th", "thead"}
    assert {tag for tag, _ in Page(rendered.html.partition("<body")[2]).tags} <= harmless
    assert not re.search("[\u202a-\u202e\u2066-\u2069\r\x00]", rendered.html + rendered.plain + rendered.subject)
    assert "Bcc:" not in [line[:4] for line in (rendered.html + "\n" + rendered.plain).splitlines()]
    assert "x" * 301 not in rendered.html + rendered.plain + rendered.subject
    assert rows(rendered)[0]["full_name"].removeprefix("'") == hostile.replace("\u202e", "\ufffd")
    assert "\u202e" not in rendered.csv
    assert not any(cell.startswith("=") for cell in rows(rendered)[0].values())


def test_a_script_in_a_name_is_text() -> None:
    html = render(digest_of([account(full_name=HOSTILE["html"])])).html
    assert "&lt;script&gt;alert(&#39;hi&#39;)&lt;/script&gt;" in html
    assert "<script" not in html


def test_the_empty_digest_says_what_was_checked() -> None:
    rendered = render(digest())
    for text in (Page(rendered.html).text, rendered.plain):
        assert "0 findings" in text
        assert "4,812 accounts checked" in text
        assert "data as of 2026-11-24 07:59 UTC" in text
        assert "✅ SUCCESS: Account expiration notifications sent" in text
    assert rows(rendered) == []
    assert "<img" not in rendered.html


@pytest.mark.parametrize("facts", [digest(), busy()], ids=["nothing known", "much known"])
def test_without_data_nothing_is_called_well(facts: DigestFacts) -> None:
    down = replace(facts, source_error="connection <refused>", data_as_of=NOW - timedelta(hours=5), news=[], open_alerts=[])
    rendered = render(down)
    for text in (rendered.subject, Page(rendered.html).text, rendered.plain):
        assert "✅" not in text
        assert "No alert is open" not in text
        assert "no data" in text
    assert "connection <refused>" in Page(rendered.html).text
    assert "What follows was true at 2026-11-24 03:00 UTC" in Page(rendered.html).text


def test_a_system_that_never_answered_shows_no_figures() -> None:
    text = Page(render(digest(data_as_of=None, counted_at=None, accounts_checked=0, source_error="no route")).html).text
    assert "no account has been checked yet" in text
    assert "0 past grace" not in text


def test_the_mail_shows_the_worst_ten_and_how_many_more_there_are(morning: Rendered) -> None:
    text = Page(morning.html).text
    worst = [row["username"] for row in rows(morning)]
    assert [username for username in worst if f"{username} account · " in text][:10] == worst[:10]
    assert "and 220 more in the attached CSV" in text
    assert "and 220 more in the attached CSV" in morning.plain
    assert "and 2 more organisations" in text


def test_a_list_that_is_not_whole_in_the_file_says_so() -> None:
    facts = busy()
    assert "and 220 more in the attached CSV, which holds the worst 50" in render(replace(facts, accounts=facts.accounts[:50])).plain


def test_what_is_new_or_worse_stands_before_what_is_over(morning: Rendered) -> None:
    changes = re.findall(r"· (new|worse|resolved|came and went) ", Page(morning.html).text)
    assert changes == ["new", "worse", "new", "resolved", "came and went"]
    assert "(opened 2026-11-24 03:00 UTC and ended meanwhile)" in Page(morning.html).text


def test_what_came_and_went_is_told_as_over_even_if_it_was_critical() -> None:
    facts = digest(news=[news(severity=Severity.CRITICAL, passed=True, summary="gone"), news("worsened", summary="here")])
    plain = render(facts).plain
    assert plain.index("here") < plain.index("gone")


def test_the_counts_stand_by_kind_and_step(morning: Rendered) -> None:
    """Accounts: 19 + 0 + 9 + 9 + 18 + 37 = 92 of the 230."""
    assert "Accounts 19 10 0 9 9 18 37" in Page(morning.html).text
    assert re.search(r"^Accounts +19 +10 +0 +9 +9 +18 +37$", morning.plain, re.MULTILINE)


def test_whoever_could_not_be_reached_is_listed_with_the_reason(morning: Rendered) -> None:
    assert "ytanaka7 yui@gone.example globex-energy · 550 5.1.1 mailbox does not exist" in Page(morning.html).text
    assert "- ytanaka7 <yui@gone.example>, globex-energy: 550 5.1.1 mailbox does not exist" in morning.plain


def test_an_open_alert_that_no_count_shows_is_in_it_once(morning: Rendered) -> None:
    assert Page(morning.html).text.count("the last accepted configuration is in force") == 1


def test_the_page_is_complete_in_itself(morning: Rendered) -> None:
    sources = [attributes.get("src") or "" for tag, attributes in Page(morning.html).tags if tag in ("img", "link", "script")]
    links = {attributes["href"] for tag, attributes in Page(morning.html).tags if tag == "a"}
    assert len(sources) == 1
    assert sources[0].startswith("data:image/png;base64,iVBOR")
    assert links == {"http://localhost:8080/dags/account_expiration"}
    assert len(morning.html) < 100_000  # Gmail cuts longer mails


def test_a_picture_has_words_and_a_size(morning: Rendered) -> None:
    picture = next(attributes for tag, attributes in Page(morning.html).tags if tag == "img")
    assert picture["alt"] == "540 ends in the next 90 days, most of them (46) in the week from 2027-01-19"
    assert (picture["width"], picture["height"]) == ("592", "300")


def test_it_can_be_read_in_the_dark_and_on_a_phone(morning: Rendered) -> None:
    assert '<meta name="color-scheme" content="light dark">' in morning.html
    assert "@media (prefers-color-scheme: dark)" in morning.html
    assert "@media (max-width: 480px)" in morning.html


def test_the_plain_text_has_no_html(morning: Rendered) -> None:
    assert not re.search(r"&\w+;|&#\d+;|</?(p|div|td|tr|b|span|bdi|br)\b", morning.plain)
    assert not re.search(r"\n{3,}", morning.plain)


def test_without_an_address_of_airflow_there_is_no_link() -> None:
    assert "<a " not in render(digest(ui=None)).html


def test_held_reminders_come_with_what_to_do() -> None:
    rendered = render(digest_of([account()], reminders={"held": 300}))
    for text in (Page(rendered.html).text, rendered.plain):
        assert "🚨 CRITICAL: 300 reminders held back" in text
        assert "release_held = yes" in text


def test_every_entry_is_a_row_of_the_file(morning: Rendered) -> None:
    found = rows(morning)
    assert len(found) == 230 + 2, "and the undeliverable that are no longer in the list"
    assert tuple(found[0]) == COLUMNS
    assert {row["past_grace"] for row in found[:10]} == {"yes"}
    assert {row["past_grace"] for row in found[10:]} == {"no"}
    assert sum(row["newly_urgent"] == "yes" for row in found) == 4
    assert [(row["email"], row["reminder_state"], row["reminder_error"]) for row in found[230:]] == [
        ("omar@@globex.example", "failed", "'omar@@globex.example' is no mail address"),
        ("yui@gone.example", "failed", "550 5.1.1 mailbox does not exist"),
    ]


def test_every_column_of_the_file_is_documented() -> None:
    section = (Path(__file__).parents[2] / "docs/interfaces.md").read_text().split("## The digest's CSV file")[1].split("\n## ")[0]
    rows_of_table = [line.split("|")[1] for line in section.splitlines() if line.startswith("| `")]
    assert [name for cell in rows_of_table for name in re.findall(r"`(\w+)`", cell)] == list(COLUMNS)


def test_whatever_a_list_of_the_mail_leaves_out_has_a_place() -> None:
    accounts = [account(number, organization=f"org{number:02}") for number in range(11)]
    failed = [undeliverable(f"u{number}@gone.example", f"u{number}", "550") for number in range(12)]
    rendered = render(digest_of(accounts, newly_urgent=accounts, undeliverable=failed, news=[news()] * 21))
    for text in (Page(rendered.html).text, rendered.plain):
        assert "and 1 more change, each a line in the log of its task evaluate" in text
        assert "and 1 more organisation, in the attached CSV" in text
        assert text.count("and 1 more in the attached CSV") == 2
        assert "and 2 more in the attached CSV" in text
    found = rows(rendered)
    assert [row["newly_urgent"] for row in found] == ["yes"] * 11 + ["no"] * 12
    assert [row["email"] for row in found[11:]] == [row["receiver"] for row in failed]


def test_an_undeliverable_reminder_is_told_in_the_row_of_its_account() -> None:
    row = account(reminder_state="pending", reminder_error=None)
    found = rows(render(digest_of([row], undeliverable=[row | {"receiver": "x", "reminder_state": "failed", "reminder_error": "550"}])))
    assert [(one["reminder_state"], one["reminder_error"]) for one in found] == [("failed", "550")]


def test_a_row_of_the_file_says_when_and_how_long_still() -> None:
    row = rows(render(digest_of([account()])))[0]
    assert (row["expires_at"], row["step"], row["time_left_hours"]) == ("2026-11-26T13:00:00+00:00", "3", "53.0")
    assert (row["first_seen"], row["grace_days"]) == ("2026-11-21T08:00:00+00:00", "7")
