"""Lists are read again and again: what they say is kept, told and watched, also while they cannot be read."""

from __future__ import annotations

import logging
import time
from datetime import timedelta
from pathlib import Path

import psycopg
import pytest

from include.config.targets import Targets
from include.discovery import MOST
from include.model import Level, Run
from include.rules.vital_signs import DiscoveryUp
from include.store import Store, connect, samples
from include.targets.discovering import List, Looked, look, unread
from tests.configured import configured
from tests.conftest import NOW
from tests.discovery.lists import SECOND, group, of_file, of_query, written

GOES_ON = "what it said last goes on to be watched"


def looked(store: Store, *lists: List, within: timedelta = 5 * SECOND, **more: object) -> Looked:
    """A look at these lists."""
    targets = Targets.model_validate({"apis": [], "discover": [one.entry for one in lists]})
    return look(store, "api_performance", targets, lists, NOW, within, **more)  # type: ignore[arg-type]


def names(found: Looked) -> list[str]:
    """The HTTP addresses that are watched."""
    return [one.name for one in found.targets.apis]


def up(found: Looked) -> list[tuple[float, str | None]]:
    """Whether each list could be read, and why not."""
    assert {one.metric for one in found.told} <= {"discovery_up"}
    return [(one.value, one.note) for one in found.told]


def test_a_file_that_is_written_anew_is_what_it_says_now(store: Store, tmp_path: Path) -> None:
    path = written(tmp_path / "a.json", group("one", "two", environment="dev"))
    found = looked(store, of_file(path))
    assert [(one.name, one.environment) for one in found.targets.apis] == [("one", "dev"), ("two", "dev")]
    written(path, group("two", "three"))
    assert names(looked(store, of_file(path))) == ["two", "three"]
    written(path)
    found = looked(store, of_file(path))
    assert (names(found), up(found)) == ([], [(1, None)]), "an empty list is a list"


def test_while_a_list_cannot_be_read_what_it_said_last_is_true_also_after_a_restart(store: Store, store_dsn: str, tmp_path: Path) -> None:
    path = written(tmp_path / "a.json", group("one", "two"))
    looked(store, of_file(path))
    path.write_text('[{"targets": ["one"')
    found = looked(store, of_file(path))
    assert (names(found), up(found)[0][0]) == (["one", "two"], 0)
    assert str(up(found)[0][1]).startswith(f"{path}: Expecting ',' delimiter")
    path.unlink()
    again = connect(store_dsn, "after a restart")
    found = looked(again, of_file(path))
    again.connection.close()
    assert (names(found), up(found)) == (["one", "two"], [(0, f"{path}: there is no such file; {GOES_ON}")])


def test_of_a_pattern_one_broken_file_keeps_its_own_targets_and_holds_up_no_other(store: Store, tmp_path: Path) -> None:
    pattern = of_file(f"{tmp_path}/*.json")
    broken, gone = written(tmp_path / "a.json", group("one", "two")), written(tmp_path / "b.json", group("gone"))
    written(tmp_path / "c.json", group("three"))
    assert names(looked(store, pattern)) == ["one", "two", "gone", "three"]
    broken.write_text("[{")
    gone.unlink()
    written(tmp_path / "c.json", group("three", "four"))
    for _ in range(2):
        found = looked(store, pattern)
        assert sorted(names(found)) == ["four", "one", "three", "two"]
        assert (up(found)[0][0], str(broken) in str(up(found)[0][1]), GOES_ON in str(up(found)[0][1])) == (0, True, True)
    written(broken, group("one"))
    found = looked(store, pattern)
    assert (sorted(names(found)), up(found)) == (["four", "one", "three"], [(1, None)])


def test_a_query_that_fails_and_a_database_that_is_gone_leave_what_was_known(store: Store, watched_dsn: str) -> None:
    with psycopg.connect(watched_dsn, autocommit=True) as watched:
        watched.execute("create table service (name text, url text, environment text, live boolean default true)")
        watched.execute("insert into service values ('shop', 'http://shop', 'prod'), ('cart', 'http://cart', 'dev')")
        watched.execute("insert into service values ('old', 'http://old', 'prod', false)")
        query = "select name, url, environment from service where live order by 1"
        assert names(looked(store, of_query(watched_dsn, query))) == ["cart", "shop"]
        watched.execute("insert into service values ('pay', 'http://pay', 'prod')")
        assert names(looked(store, of_query(watched_dsn, query))) == ["cart", "pay", "shop"]
        watched.execute("drop table service")
    found = looked(store, of_query(watched_dsn, query))
    assert (names(found), up(found)) == (["cart", "pay", "shop"], [(0, f'relation "service" does not exist; {GOES_ON}')])
    found = looked(store, of_query("host=127.0.0.1 port=9 dbname=x user=x", query))
    assert (names(found), up(found)[0][0]) == (["cart", "pay", "shop"], 0)


def test_a_thousand_targets_of_a_file_and_a_thousand_of_a_database(store: Store, tmp_path: Path, watched_dsn: str) -> None:
    path = written(tmp_path / "a.json", *(group(f"web{n}:80", environment="dev", rack=n) for n in range(1000)))
    query = "select 'api' || n as name, 'http://api' || n as url, 'prod' as environment, n as rack from generate_series(1, 1000) n"
    started = time.process_time()
    found = looked(store, of_file(path), of_query(watched_dsn, query)).targets.apis
    assert time.process_time() - started < 5
    assert {name: len([one for one in found if one.environment == name]) for name in ("dev", "prod")} == {"dev": 1000, "prod": 1000}
    assert {one.all_labels["rack"] for one in found} == {str(n) for n in range(1001)}


def test_one_list_that_cannot_be_read_keeps_no_other(store: Store, tmp_path: Path, watched_dsn: str) -> None:
    good = of_file(written(tmp_path / "a.json", group("one")))
    gone = List(of_query("", "select 1").entry, lambda within: unread("the connection cmdb is missing", within))
    slow = of_query(watched_dsn, "select pg_sleep(60)::text as name")
    found = looked(store, gone, slow, good, within=SECOND)
    assert names(found) == ["one"]
    assert [value for value, _ in up(found)] == [0, 0, 1]
    assert up(found)[0][1] == f"the connection cmdb is missing; {GOES_ON}"


def test_a_list_without_an_end_is_cut_and_that_is_told(store: Store, watched_dsn: str) -> None:
    query = f"select 'n' || n as name, 'http://n' as url from generate_series(1, {MOST + 7}) n"
    found = looked(store, of_query(watched_dsn, query), within=20 * SECOND)
    assert (len(names(found)), up(found)) == (MOST, [(0, "it names more targets than the first 10,000, which are watched")])


def test_what_is_wrong_is_said_once_and_not_without_end(store: Store, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    path = written(tmp_path / "a.json", group("good", *(f"ftp://{n}" for n in range(30))))
    found = looked(store, of_file(path))
    lines = [record.getMessage() for record in caplog.records if "not watched" in record.getMessage()]
    assert len(lines) == 21
    assert lines[0].startswith(
        f'not watched target=ftp://0 list="apis of {path}" why="{path}, group 1, target 2: targets.apis.ftp://0.url:'
    )
    assert lines[-1] == "not watched further=10"
    caplog.clear()
    looked(store, of_file(path), before=found.complaints)
    assert not caplog.records


def test_what_is_said_again_is_not_written_again(store: Store, tmp_path: Path) -> None:
    path = written(tmp_path / "a.json", group("one"))
    looked(store, of_file(path))
    before = store.connection.execute("select xmin::text, seen_at from discovered").fetchall()
    looked(store, of_file(path))
    assert store.connection.execute("select xmin::text, seen_at from discovered").fetchall() == before


def test_hostile_text_is_kept_and_comes_back(store: Store, tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text(
        '[{"targets": ["web\\u0000\\ud8001"], "labels": {"na\\u0000me": "\\ud800\\u202e", "q": "\'; drop table discovered; --"}}]'
    )
    (found,) = looked(store, of_file(path)).targets.apis
    assert found.labels["q"] == "'; drop table discovered; --"
    assert all(text.isprintable() for text in (found.name, *found.labels, *found.labels.values()))


def test_a_list_that_cannot_be_read_is_an_alert_until_it_can_or_is_nobodys_any_more(store: Store, tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    settings = configured(f"targets: {{discover: [{{kind: apis, file: {path}}}]}}")
    run = Run("api_performance", "run", NOW)

    def judged(text: object = settings) -> list[tuple[Level, str]]:
        found = DiscoveryUp().verdicts(store, run, text, NOW)  # type: ignore[arg-type]
        return [(one.level, one.summary) for one in found]

    assert judged() == []
    samples.record(store, looked(store, of_file(path)).told)
    why = f"list of apis of {path}: {path}: there is no such file; {GOES_ON}"
    assert judged() == [(Level.NO_DATA, why)]
    assert judged(configured("")) == [(Level.OK, f"list of apis of {path} is no longer in the configuration")]
    written(path, group("one"))
    samples.record(store, looked(store, of_file(path)).told)
    assert judged() == [(Level.OK, f"list of apis of {path} can be read again")]
