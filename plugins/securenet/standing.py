"""How each channel stands: not configured, misconfigured, out of order, or ready."""

from __future__ import annotations

from typing import TYPE_CHECKING, get_args

from include.config.section import ChannelName
from include.model import utc_now
from securenet.channels import CONNECTION_OF, openers
from securenet.configuration import load_file
from securenet.wiring import store

if TYPE_CHECKING:
    from include.store import Row


def standings() -> dict[str, str]:
    """{channel: how it stands}. Where the store does not answer, as far as the connections say."""
    from include.breakers import in_words

    ready = openers(load_file().settings, utc_now)
    rows, remark = breakers()
    return {
        name: in_words(rows.get(name), utc_now()) + remark
        if name in ready
        else f"not configured, it needs the connection {CONNECTION_OF[name]}"
        for name in get_args(ChannelName)
    }


def breakers() -> tuple[dict[str, Row], str]:
    """The channels that failed of late, and a remark where nobody knows."""
    from psycopg import OperationalError

    from include.store import StoreError

    try:
        with store("securenet standing") as opened:
            return {row["channel"]: row for row in opened.many("messages.breakers")}, ""
    except (OperationalError, StoreError) as error:
        return {}, f" as far as is known without the store ({type(error).__name__})"
