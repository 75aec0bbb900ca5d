"""Facts of a digest for tests: an empty one, and one like that of a busy morning with twelve organisations."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from include.config.settings import AccountExpiration
from include.ladder import KINDS, ladder, step_at
from include.model import Severity
from include.reports.account_digest_facts import DigestFacts, News

NOW = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)
STEPS = ladder(AccountExpiration().warning_days, NOW)
HOSTILE = {
    "html": "<script>alert('hi')</script>",
    "formula": '=cmd|"/c calc"!A1',
    "line_break": "Eve\r\nBcc: everybody@example.com",
    "reversed": "moc.elpmaxe\u202egpj.exe",
    "emoji": "Zoë 👩🏽‍🚀 Ōta",
    "long": "x" * 10_000,
    "template": "{{ 7 * 7 }}{% raw %}",
}
COMPANIES = {
    "acme-logistics": 60, "globex-energy": 42, "northwind-health": 33, "initech-banking": 25, "umbra-insurance": 20, "kestrel-aviation": 14,
    "brightwater-utilities": 11, "orchid-biotech": 9, "vantage-retail": 6, "halden-rail": 5, "meridian-legal": 3, "tidewater-museum": 2,
}  # fmt: skip
FIRST = ("Dana", "Omar", "Lucía", "Ji-woo", "Priya", "Søren", "Amara", "Tomasz", "Yui", "Noor", "Elif", "Mateo", "Ines")
LAST = ("Cole", "Haddad", "Fernández", "Park", "Raman", "Kjær", "Okafor", "Nowak", "Tanaka", "Khan", "Demir")
# How many of a hundred stand on which step, as hours before (or, negative, after) the end.
SPREAD = ((4, -24 * 12), (11, -24 * 3), (3, 20), (6, 60), (12, 24 * 6), (24, 24 * 12), (40, 24 * 25))


def account(number: int = 0, **changes: Any) -> dict[str, Any]:
    """A row of the list: an account of Dana Cole that ends in two days and five hours, unless changed."""
    row: dict[str, Any] = {
        "source": "accounts", "account": f"id-{number}", "kind": "account", "expires_at": NOW + timedelta(hours=53), "grace_days": 7,
        "username": f"dcole{number}", "full_name": "Dana Cole", "email": f"dcole{number}@acme.example", "organization": "acme-logistics",
        "department": "Finance", "role": "SOC_ANALYST", "manager_name": "Maria Lopez", "manager_email": "mlopez@acme.example",
        "groups": "", "items": 1, "first_seen": NOW - timedelta(days=3),
    }  # fmt: skip
    row |= changes
    step = step_at(STEPS, row["expires_at"])
    return row | {"step": step.name if step else None}


def news(reason: str = "opened", severity: Severity = Severity.WARNING, **changes: Any) -> News:
    """News of an alert on Acme's accounts, an hour old."""
    fields: dict[str, Any] = {
        "severity": severity, "reason": reason, "summary": "acme-logistics: 15 user accounts expiring within 3 days",
        "organization": "acme-logistics", "kind": "account", "at": NOW - timedelta(hours=1), "opened_at": NOW - timedelta(hours=1),
        "passed": False,
    }  # fmt: skip
    return News(**(fields | changes))


def alert(severity: Severity = Severity.WARNING, rule: str = "accounts_expiring", state: str = "firing", **changes: Any) -> dict[str, Any]:
    """An open alert as the store gives it."""
    labels = {"kind": "account", "organization": "acme-logistics"}
    return {"severity": str(severity), "rule": rule, "state": state, "labels": labels, "summary": "15 user accounts expiring", **changes}


def digest(**changes: Any) -> DigestFacts:
    """The digest of a quiet morning: nothing found, nothing new, 4,812 accounts checked."""
    fields: dict[str, Any] = {
        "organization": None, "now": NOW, "zone": ZoneInfo("UTC"), "duty_zone": ZoneInfo("UTC"),
        "settings": AccountExpiration(), "steps": STEPS,
        "data_as_of": NOW - timedelta(minutes=1), "source_error": None, "accounts_checked": 4812, "counted_at": NOW - timedelta(minutes=1),
        "counts": {kind: {step.name: 0 for step in STEPS} for kind in KINDS}, "past_grace": dict.fromkeys(KINDS, 0), "by_organization": [],
        "news": [], "open_alerts": [], "newly_urgent": [], "accounts": [], "calendar": [], "reminders": {}, "undeliverable": [],
        "sending": True, "ui": "http://localhost:8080",
    }  # fmt: skip
    return DigestFacts(**(fields | changes))


def digest_of(accounts: list[dict[str, Any]], **changes: Any) -> DigestFacts:
    """The digest of these accounts: their counts are computed, the list is put in order."""
    accounts = sorted(accounts, key=lambda row: (not is_past_grace(row), row["expires_at"], row["username"]))
    on = Counter((row["kind"], row["step"]) for row in accounts)
    past = Counter(row["kind"] for row in accounts if is_past_grace(row))
    found = {
        "accounts": accounts,
        "counts": {kind: {step.name: on[kind, step.name] for step in STEPS} for kind in KINDS},
        "past_grace": {kind: past[kind] for kind in KINDS},
        "by_organization": by_organization(accounts),
        "calendar": [(row["expires_at"].date(), row["kind"], 1) for row in accounts if row["expires_at"] > NOW],
    }
    return digest(**(found | changes))


def is_past_grace(row: Mapping[str, Any]) -> bool:
    """Whether the grace period is over."""
    return bool(row["expires_at"] + timedelta(days=row["grace_days"]) < NOW)


def by_organization(accounts: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The sums of each organisation, worst first."""
    rows: dict[str, dict[str, Any]] = {}
    for row in accounts:
        slug = row["organization"]
        sums = rows.setdefault(slug, {"organization": slug, "expired": 0, "urgent": 0, "later": 0, "past_grace": 0})
        column = "expired" if row["step"] == "expired" else "urgent" if int(row["step"]) <= 7 else "later"
        sums[column] += 1
        sums["past_grace"] += is_past_grace(row)
    return sorted(rows.values(), key=lambda row: (-row["past_grace"], -row["expired"], -row["urgent"], row["organization"]))


def busy_accounts() -> list[dict[str, Any]]:
    """Two hundred and thirty entries in twelve organisations, on all steps."""
    slugs = [slug for slug, number in COMPANIES.items() for _ in range(number)]
    hours = [hours for share, hours in SPREAD for _ in range(share)]
    rows = []
    for number, slug in enumerate(slugs):
        kind = KINDS[(number * 7 % 10) // 4 if number * 7 % 10 < 8 else 2 + number % 2]
        first, last = FIRST[number % len(FIRST)], LAST[number * 5 % len(LAST)]
        ends = NOW + timedelta(hours=hours[number * 37 % 100] - number % 11, minutes=number * 7 % 60)
        who = {"full_name": f"{first} {last}", "username": f"{first[0]}{last}{number}".lower(), "organization": slug}
        groups = "Incident responders" if kind == "membership" else ""
        rows.append(account(number, kind=kind, expires_at=ends, groups=groups, **who))
    return rows


def busy_news() -> list[News]:
    """One of each: new and critical, worse, new, over, came and went."""
    six = "globex-energy: 6 user accounts expired (2 past grace), 31 more within 30 days"
    return [
        news("opened", Severity.CRITICAL, summary=six),
        news("worsened", opened_at=NOW - timedelta(days=6)),
        news("opened", Severity.INFO, summary="halden-rail: 3 group memberships expiring within 30 days", kind="membership"),
        news("recovered", Severity.SUCCESS, summary="meridian-legal: no contract expires soon", kind="contract"),
        news(
            "recovered",
            Severity.SUCCESS,
            summary="orchid-biotech: no password expires soon",
            passed=True,
            opened_at=NOW - timedelta(hours=5),
        ),
    ]


def undeliverable(receiver: str, username: str, error: str) -> dict[str, Any]:
    """A reminder that failed for good."""
    row = account(username=username, organization="globex-energy", email=receiver, account=username, expires_at=NOW + timedelta(days=6))
    return row | {"receiver": receiver, "reminder_state": "failed", "reminder_error": error}


def busy() -> DigestFacts:
    """The digest of a busy morning."""
    accounts = busy_accounts()
    refused = "monitoring.yaml: warning_days: -3 is not greater than 0; the last accepted configuration is in force"
    return digest_of(
        accounts,
        news=busy_news(),
        open_alerts=[alert(Severity.CRITICAL), alert(rule="config_valid", labels={}, summary=refused)],
        newly_urgent=[row for row in accounts if row["step"] == "7"][:4],
        calendar=[((NOW + timedelta(days=day)).date(), KINDS[day % 4], 2 + day * 13 % 9) for day in range(90)],
        reminders={"sent": 31, "failed": 2, "suppressed": 4},
        undeliverable=[
            undeliverable("omar@@globex.example", "ohaddad41", "'omar@@globex.example' is no mail address"),
            undeliverable("yui@gone.example", "ytanaka7", "550 5.1.1 mailbox does not exist"),
        ],
    )
