"""What is reached over a network: this machine, nobody, and a network of the test's own where that is allowed."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import threading
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import dns.message
import dns.rcode
import dns.rrset
import pytest

from include.failures import SourceError
from include.network import echo
from include.network.echo import Echoes
from include.network.name_server import NameCheck
from include.sources import network
from include.sources.network import METRICS, NetworkGauge
from tests.lossy import way
from tests.sources.seen import LABELS, names, note, read, value
from tests.sources.servers import names as name_server

Server = Callable[[bytes], bytes]
ROOT = Path(__file__).parents[2]
HERE = (socket.AF_INET, "127.0.0.1")


def refused(*_: object) -> Echoes:
    raise PermissionError


def test_this_machine_answers_and_its_open_port_is_told_from_a_closed_one() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening, socket.create_server(("127.0.0.1", 0)) as closing:
        is_open, closed = listening.getsockname()[1], closing.getsockname()[1]
        closing.close()
        found = read(NetworkGauge(LABELS, "127.0.0.1", ports=(is_open, closed)))
    assert (value(found, "network_up"), value(found, "network_packet_loss")) == (1, 0)
    assert 0 < value(found, "network_round_trip") < 1
    assert value(found, "network_jitter") >= 0
    assert {one.labels["port"]: one.value for one in found if one.metric == "port_up"} == {str(is_open): 1, str(closed): 0}
    assert note(found, "port_up", port=str(closed)) == "Connection refused"
    assert names(found) <= set(METRICS)


@pytest.mark.parametrize(
    ("times", "loss", "mean", "jitter"),
    [
        ((0.010, 0.030, 0.020, 0.020, 0.020), 0, 0.020, 0.0075),  # steps of 20, 10, 0, 0 ms
        ((0.010, 0.030), 60, 0.020, 0.020),
        ((0.010,), 80, 0.010, 0),
    ],
)
def test_loss_round_trip_and_jitter(times: tuple[float, ...], loss: float, mean: float, jitter: float) -> None:
    seen = Echoes(5, times, "ICMP")
    assert (seen.loss, seen.mean, seen.jitter) == (pytest.approx(loss), pytest.approx(mean), pytest.approx(jitter))


def test_who_does_not_answer_is_down_and_that_is_a_measurement(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(echo, "by_socket", lambda *_: Echoes(5, (), "ICMP"))
    found = read(NetworkGauge(LABELS, "127.0.0.1"))
    assert (value(found, "network_up"), value(found, "network_packet_loss"), note(found, "network_up")) == (0, 100, "by ICMP")
    assert names(found) == {"network_up", "network_packet_loss"}


def test_without_icmp_a_connection_is_tried_and_a_refusal_is_an_answer_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(echo, "by_socket", refused)
    monkeypatch.setattr(echo, "by_binary", refused)
    with socket.create_server(("127.0.0.1", 0)) as closing:
        port = closing.getsockname()[1]
    found = read(NetworkGauge(LABELS, "127.0.0.1", ports=(port,)))
    assert (value(found, "network_up"), note(found, "network_up")) == (1, f"by TCP port {port}")
    with pytest.raises(SourceError, match=r"no echo requests can be sent: net.ipv4.ping_group_range"):
        read(NetworkGauge(LABELS, "127.0.0.1"))


def test_echo_requests_that_get_lost_on_their_way_are_counted() -> None:
    with way() as made:
        if made is None:
            pytest.skip("no network device may be made here, or no echo request be sent")
        made.lost = {1, 3}
        found = read(NetworkGauge(LABELS, made.address))
        assert (value(found, "network_packet_loss"), note(found, "network_packet_loss")) == (40, "3 of 5 came back")
        assert value(found, "network_up") == 1
        made.lost = range(10)
        found = read(NetworkGauge(LABELS, made.address))
        assert (value(found, "network_packet_loss"), value(found, "network_up")) == (100, 0)


def test_the_ping_binary_is_understood() -> None:
    try:
        seen = echo.by_binary(HERE, 5, 3.0)
    except (FileNotFoundError, PermissionError):
        pytest.skip("there is no ping that may be used")
    assert (len(seen.times), seen.means) == (5, "ping")


def test_a_ping_that_is_not_there_or_says_nothing_is_none(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("shutil.which", lambda *_, **__: None)
    with pytest.raises(FileNotFoundError):
        echo.by_binary(HERE, 5, 1.0)
    monkeypatch.setattr("shutil.which", lambda *_, **__: "/bin/false")
    with pytest.raises(PermissionError):
        echo.by_binary(HERE, 5, 1.0)


# In a network of its own: ICMP without rights, this machine, somebody to whom packets go and never come back, and no way at all.
ALONE = """
import json, socket
from include.network.echo import echoes
seen = [echoes(where, 3, 1.0, ()) for where in (
    (socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1"), (socket.AF_INET, "192.0.2.1"), (socket.AF_INET, "198.51.100.1"))]
print(json.dumps([(one.means, len(one.times)) for one in seen]))
"""
SETUP = 'echo "0 2147483647" > /proc/sys/net/ipv4/ping_group_range && ip link set lo up && ip route add 192.0.2.0/24 dev lo && exec "$@"'


def test_icmp_needs_no_rights_where_the_kernel_allows_it() -> None:
    argv = ["unshare", "--net", "sh", "-c", SETUP, "sh", sys.executable, "-c", ALONE]
    ran = subprocess.run(argv, capture_output=True, text=True, cwd=ROOT, check=False)
    if "Operation not permitted" in ran.stderr or "not found" in ran.stderr or "Permission denied" in ran.stderr:
        pytest.skip(f"no network of one's own here: {ran.stderr.strip()[:80]}")
    assert ran.returncode == 0, ran.stderr
    assert json.loads(ran.stdout) == [["ICMP", 3], ["ICMP", 3], ["ICMP", 0], ["ICMP: Network is unreachable", 0]]


@pytest.mark.parametrize(
    ("name", "why"), [("nowhere.invalid", "nowhere.invalid: "), ("a" * 300, "this is no name"), ("-c", "-c: "), ("a\x00b", "a\ufffdb: ")]
)
def test_a_name_without_an_address_is_a_target_that_does_not_answer(name: str, why: str) -> None:
    with pytest.raises(SourceError, match=why) as said:
        read(NetworkGauge(LABELS, name))
    assert str(said.value).isprintable()


def test_a_resolver_that_hangs_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    def hang(*_: object, **__: object) -> None:
        threading.Event().wait(60)
        raise OSError("too late")

    monkeypatch.setattr("socket.getaddrinfo", hang)
    with pytest.raises(SourceError, match=r"its name was not found within 0.1 s"):
        read(NetworkGauge(LABELS, "example.com"), within=timedelta(seconds=0.5))


def test_more_ports_than_are_asked_at_once_are_asked_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(network, "AT_ONCE", 2)
    found = read(NetworkGauge(LABELS, "127.0.0.1", ping=False, ports=(1, 2, 3, 4, 5)))
    assert [one.labels["port"] for one in found] == ["1", "2", "3", "4", "5"]


def reply(*addresses: str, name: str | None = None, rcode: int = dns.rcode.NOERROR, kind: str = "A") -> Callable[[bytes], bytes]:
    """A name server that gives these."""

    def answer(question: bytes) -> bytes:
        asked = dns.message.from_wire(question)
        made = dns.message.make_response(asked)
        made.set_rcode(rcode)
        if addresses:
            made.answer.append(dns.rrset.from_text(name or str(asked.question[0].name), 60, "IN", kind, *addresses))
        return made.to_wire()

    return answer


def loop(question: bytes) -> bytes:
    """An answer whose name points at itself."""
    return question[:2] + b"\x81\x80\x00\x01\x00\x01\x00\x00\x00\x00" + question[12:] + b"\xc0" + bytes([len(question)]) + b"\x00" * 10


@pytest.mark.parametrize(
    ("server", "expect", "why"),
    [
        (reply("192.0.2.5", "192.0.2.6"), ("192.0.2.5",), None),
        (reply("192.0.2.5"), (), None),
        (reply("2001:db8::5", kind="AAAA"), (), None),
        (reply("192.0.2.6"), ("192.0.2.5",), "app.example is 192.0.2.6, not 192.0.2.5"),
        (reply(), (), "app.example has no address"),
        (reply(rcode=dns.rcode.NXDOMAIN), (), "it answers NXDOMAIN"),
        (reply(rcode=dns.rcode.SERVFAIL), (), "it answers SERVFAIL"),
        (lambda question: b"", (), ""),
        (lambda question: b"\xff" * 4000, (), ""),
        (lambda question: b"\x00\x00" + reply("192.0.2.5")(question)[2:], (), "does not respond to the question asked"),
        (loop, (), ""),
    ],
    ids=["right", "any", "of version 6", "wrong", "empty", "unknown", "failing", "nothing", "garbage", "forged", "loop"],
)
def test_a_name_server_is_up_when_it_knows_what_it_should(server: Server, expect: tuple[str, ...], why: str | None) -> None:
    with name_server(server) as port:
        check = NameCheck("app.example", "127.0.0.1", expect, port)
        found = read(NetworkGauge(LABELS, "127.0.0.1", ping=False, names=(check,)), within=timedelta(seconds=2))
    assert value(found, "dns_up", name="app.example") == (1 if why is None else 0)
    said = note(found, "dns_up", name="app.example")
    assert (said is None) if why is None else (why in (said or "")), said
    assert said is None or said.isprintable(), said
    assert ("dns_response_time" in names(found)) == (why is None)


def test_a_name_server_that_is_silent_or_none_is_down(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
        silent.bind(("127.0.0.1", 0))
        check = NameCheck("app.example", None, (), silent.getsockname()[1])
        found = read(NetworkGauge(LABELS, "127.0.0.1", ping=False, names=(check,)), within=timedelta(seconds=1))
    assert note(found, "dns_up", name="app.example") == "no answer within 0.2 s"
    for wrong in (NameCheck("app.example", "no address"), NameCheck("a" * 300, "127.0.0.1"), NameCheck("x", "127.0.0.1", ("not-an-ip",))):
        found = read(NetworkGauge(LABELS, "127.0.0.1", ping=False, names=(wrong,)), within=timedelta(seconds=1))
        assert [one.value for one in found] == [0]
        assert found[0].note
