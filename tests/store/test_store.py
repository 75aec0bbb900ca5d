"""The connection to the store."""

from __future__ import annotations

from include.store import Store


def test_the_server_notices_within_a_minute_that_a_machine_is_gone(store: Store) -> None:
    rows = store.connection.execute("select name, setting::int from pg_settings where name like 'tcp_keepalives_%'").fetchall()
    kept = {row["name"].removeprefix("tcp_keepalives_"): row["setting"] for row in rows}
    assert kept["idle"] + kept["interval"] * kept["count"] == 60
