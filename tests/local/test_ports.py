"""The ports of the local stack."""

from __future__ import annotations

import pytest

from local import ports


@pytest.mark.parametrize("value", ["abc", "0", "99999", "-1"])
def test_a_port_that_is_none_is_refused_by_name(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("SECURENET_PORT_API_SERVER", value)
    with pytest.raises(SystemExit, match=f"SECURENET_PORT_API_SERVER is '{value}'; allowed: a port, from 1 to 65535"):
        ports.port("api-server")
