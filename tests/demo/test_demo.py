"""What the demo promises: the same company each time, every state in it, and twelve people who move when told to."""

import hashlib
from datetime import timedelta
from pathlib import Path

import psycopg
import pytest

import demo
from include.queries import named_queries
from local.postgres import Server
from tests.demo.conftest import NOW, create
from tests.demo.reading import HOUR, ends, least_steps

QUERIES = Path(demo.__file__).parents[1] / "include" / "sources" / "accounts_securenet.sql"
SECRETS = ("password_hash", "mfa_secret", "current_session_id")
TABLES = (
    "organizations", "users", "user_groups", "user_group_memberships", "audit_logs", "compliance_controls", "security_findings",
)  # fmt: skip
STATES = {
    "no end": "select from users where is_active and account_expires_at is null",
    "infinite end": "select from users where is_active and account_expires_at = 'infinity'",
    "end in the year 9999": "select from users where is_active and account_expires_at = '9999-12-31'",
    "left, account over": "select from users where not is_active and account_expires_at < %(now)s",
    "left, account ends soon": "select from users where not is_active and account_expires_at > %(now)s",
    "left, membership over": """select from users u join user_group_memberships m on m.user_id = u.id
        where not u.is_active and m.is_active and m.expires_at < %(now)s""",
    "ended membership over": """select from users u join user_group_memberships m on m.user_id = u.id
        where u.is_active and not m.is_active and m.expires_at < %(now)s""",
    "active in a suspended organisation, due": """select from users u join organizations o on o.id = u.organization_id
        where o.status = 'SUSPENDED' and u.is_active and account_expires_at < %(now)s::timestamptz + interval '30 days'""",
    "active in a deactivated organisation, due": """select from users u join organizations o on o.id = u.organization_id
        where o.status = 'DEACTIVATED' and u.is_active and account_expires_at < %(now)s::timestamptz + interval '30 days'""",
    "contractor with a manager": "select from users where account_type like 'contractor%%' and manager_user_id is not null",
    "three memberships end at one moment": """select from user_group_memberships where expires_at > %(now)s
        group by user_id, expires_at having count(*) = 3""",
    "no grace": "select from users where grace_period_days = 0",
    "unset grace": "select from users where grace_period_days is null",
    "a founder's password ends": """select from users where role = 'PLATFORM_FOUNDER' and password_expires_at > %(now)s""",
    "an owner is over": "select from users where role = 'PLATFORM_OWNER' and is_active and account_expires_at < %(now)s",
    "HTML as a name": "select from users where username like '<script>%%' and last_name like '<img%%'",
    "a formula as a name": "select from users where username = '=cmd()'",
    "a line break in a name": "select from users where first_name like E'%%\\r\\nBcc:%%'",
    "a right-to-left override": "select from users where first_name like U&'%%\\202E%%'",
    "an emoji": "select from users where username like '%%🦊'",
    "a name of 10,000 characters": "select from users where length(username) = 10000",
    "an address without @": "select from users where email <> '' and email not like '%%@%%'",
    "no address": "select from users where email = ''",
    "a header in an address": "select from users where email like E'%%\\r\\nBcc:%%'",
    "240 guesses at one password": """select from audit_logs where event_type = 'login' and not success
        group by user_id having count(*) >= 240""",
    "an attempted privilege escalation": "select from audit_logs where event_type = 'privilege_escalation_attempt'",
    "a change of a group": "select from audit_logs where resource_type = 'user_group_membership' and changes ? 'before'",
}


@pytest.mark.parametrize("state", STATES)
def test_every_state_that_matters_is_there(system: psycopg.Connection, state: str) -> None:
    assert system.execute(STATES[state], {"now": NOW}).rowcount > 0


def test_each_kind_stands_on_each_step(system: psycopg.Connection) -> None:
    assert {(end.kind, end.step) for end in ends(system, NOW) if end.step is not None} == {
        (kind, step) for kind in ("account", "password", "contract", "membership") for step in (0, 1, 3, 7, 14, 30)
    }


def test_it_looks_like_a_healthy_company(system: psycopg.Connection) -> None:
    dates = [end for end in ends(system, NOW) if end.step is not None]
    assert 150 <= sum(end.step > 0 for end in dates) <= 260
    assert 25 <= sum(end.step == 0 for end in dates) <= 40
    assert 5 <= sum(end.past_grace for end in dates) <= 10
    assert len({end.organization for end in ends(system, NOW)} - {end.organization for end in dates}) == 1


def test_two_builds_at_one_moment_are_equal(server: Server, system: psycopg.Connection) -> None:
    with psycopg.connect(server.dsn(create(server, "again"))) as again:
        demo.build(again, NOW)
        assert [digest(again, table) for table in TABLES] == [digest(system, table) for table in TABLES]


def test_a_build_can_be_seen_removed_and_repeated(system: psycopg.Connection) -> None:
    assert demo.is_built(system)
    demo.remove(system)
    assert not demo.is_built(system)
    demo.build(system, NOW)
    assert demo.is_built(system)


def test_move_takes_twelve_owners_over_a_step_and_nobody_else(system: psycopg.Connection) -> None:
    later = NOW + timedelta(minutes=10)
    before = {(end.username, end.kind, end.step) for end in ends(system, NOW)}
    assert demo.move(system, later) == demo.MOVED
    after = {(end.username, end.kind, end.step) for end in ends(system, later)}
    assert len(after - before) == len({username for username, _, _ in after - before}) == demo.MOVED


def test_a_second_move_changes_nothing(system: psycopg.Connection) -> None:
    demo.move(system, NOW)
    before = digest(system, "users")
    assert demo.move(system, NOW + timedelta(minutes=10)) == 0
    assert digest(system, "users") == before


def test_the_move_worsens_four_alerts(system: psycopg.Connection) -> None:
    before = least_steps(ends(system, NOW))
    demo.move(system, NOW)
    after = least_steps(ends(system, NOW))
    assert {key: (before[key], after[key]) for key in after if after[key] != before[key]} == {
        ("halden-rail", "account"): (14, 7),
        ("brightwater-utilities", "password"): (14, 3),
        ("orchid-biotech", "contract"): (14, 7),
        ("kestrel-aviation", "membership"): (14, 3),
    }


@pytest.mark.parametrize("moved", [False, True], ids=["built", "moved"])
def test_nobody_comes_near_a_step_within_two_hours(system: psycopg.Connection, moved: bool) -> None:
    if moved:
        demo.move(system, NOW)
    assert min(end.margin for end in ends(system, NOW)) >= 2 * HOUR


@pytest.mark.parametrize("column", SECRETS)
def test_the_monitor_cannot_read_secrets(monitor: psycopg.Connection, column: str) -> None:
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        monitor.execute(f"select {column} from users")


def test_every_secret_says_that_it_must_not_be_read(system: psycopg.Connection) -> None:
    for column in SECRETS:
        assert system.execute(f"select from users where {column} is null or {column} not like 'never-read%'").rowcount == 0


def test_the_monitor_reads_all_other_columns(system: psycopg.Connection, monitor: psycopg.Connection) -> None:
    for table in TABLES:
        columns = system.execute(f"select * from {table} limit 0").description or []
        readable = ", ".join(f'"{column.name}"' for column in columns if column.name not in SECRETS)
        assert monitor.execute(f"select {readable} from {table}").rowcount > 0


@pytest.mark.parametrize("table", TABLES)
def test_the_monitor_cannot_write(monitor: psycopg.Connection, table: str) -> None:
    with pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
        monitor.execute(f"delete from {table}")
    monitor.execute("set default_transaction_read_only = off")
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        monitor.execute(f"delete from {table}")


def test_only_the_documented_columns_are_indexed(system: psycopg.Connection) -> None:
    indexed = system.execute("""
        select tablename || ': ' || substring(indexdef from '\\((.*)\\)') from pg_indexes
        where schemaname = 'public' and indexname not like '%_pkey' order by 1""").fetchall()
    assert [index for (index,) in indexed] == [
        'audit_logs: "timestamp"',
        "user_group_memberships: expires_at",
        "user_group_memberships: user_id, group_id",
        "user_groups: organization_id, name",
        "users: account_expires_at",
        "users: account_status",
        "users: contract_end_date",
        "users: email",
        "users: password_expires_at",
        "users: username",
    ]


def test_the_shipped_queries_say_what_a_plain_reading_says(system: psycopg.Connection, monitor: psycopg.Connection) -> None:
    queries = named_queries(QUERIES)
    horizon = {"now": NOW, "horizon": NOW + timedelta(days=30)}
    listed = monitor.execute(f"select username, kind, expires_at, items from ({queries['expiring']}) as listed", horizon).fetchall()
    assert sorted((user, kind, (at - NOW).total_seconds()) for user, kind, at, items in listed for _ in range(items)) == sorted(
        (end.username, end.kind, end.left) for end in ends(system, NOW) if end.step is not None
    )
    assert sum(row[1] for row in monitor.execute(queries["population"])) == len(actives(system))
    soon = [end for end in ends(system, NOW) if 0 < end.left <= 30 * 24 * HOUR]
    assert sum(row[3] for row in monitor.execute(queries["calendar"], horizon)) == len(soon)


def actives(system: psycopg.Connection) -> list[tuple[object, ...]]:
    return system.execute("select id from users where is_active").fetchall()


def digest(connection: psycopg.Connection, table: str) -> str:
    """All of a table's rows as one hash."""
    with connection.cursor().copy(f"copy (select * from {table} order by id) to stdout") as rows:
        return hashlib.sha256(b"".join(bytes(row) for row in rows)).hexdigest()
