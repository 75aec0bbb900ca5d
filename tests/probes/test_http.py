"""HTTP targets as they are, as their probes see them: slow, wrong, gone, hostile, and well."""

from __future__ import annotations

import asyncio
import json
import socket
import ssl
import struct
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import trustme
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from include.model import utc_now
from include.probes import Observation, Pace
from include.probes.http import HttpProbe, next_turn, offset, until_turn
from include.probes.http_metrics import METRICS
from include.targets.probing import Probing
from include.web.certificates import wrong
from include.web.client import Call, Client
from include.web.expecting import Expect
from include.web.line import MOST_PIECES
from tests.probes.servers import Behaviour, Raw, answer, drips, endless, hangs, says, serving

QUICK = Pace(
    interval=timedelta(milliseconds=200),
    timeout=timedelta(seconds=5),
    between=timedelta(milliseconds=10),
    down=timedelta(milliseconds=50),
)
SHORT = Pace(interval=timedelta(milliseconds=200), timeout=timedelta(milliseconds=400), confirmations=0)


def probe(call: Call, pace: Pace = QUICK, name: str = "api", **more: object) -> HttpProbe:
    """A probe of a target."""
    return HttpProbe({"target": name}, call, utc_now, pace, **more)  # type: ignore[arg-type]


def asked(call: Call, times: int = 1, pace: Pace = QUICK, **more: object) -> list[Observation]:
    """What so many probes see, one after the other."""

    async def ask() -> list[Observation]:
        one = probe(call, pace, **more)
        seen = [await one.confirmed() for _ in range(times)]
        await one.let_go()
        return seen

    return asyncio.run(ask())


def values(seen: Observation) -> dict[str, float]:
    """What was measured beside the phases, by metric."""
    assert all(sample.labels == seen.labels and sample.at == seen.at for sample in seen.samples)
    return {sample.metric: sample.value for sample in seen.samples}


def why(call: Call, pace: Pace = QUICK) -> str | None:
    """What is said to be wrong."""
    (seen,) = asked(call, pace=pace)
    assert seen.up == (seen.why is None)
    return seen.why


@pytest.fixture
def fine() -> Iterator[Raw]:
    """A server with which all is well."""
    with serving(says(answer())) as raw:
        yield raw


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    """A certificate authority."""
    return trustme.CA()


@pytest.fixture(scope="module")
def pem(authority: trustme.CA, tmp_path_factory: pytest.TempPathFactory) -> str:
    """Its file."""
    path = tmp_path_factory.mktemp("ca") / "ca.pem"
    authority.cert_pem.write_to_path(str(path))
    return str(path)


def secured(authority: trustme.CA, *names: str, **more: datetime) -> ssl.SSLContext:
    """TLS with a certificate for these names."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(*names, **more).configure_cert(context)
    return context


def test_a_first_probe_has_the_phases_of_its_connection_and_the_next_ones_only_those_of_the_answer(fine: Raw) -> None:
    url = fine.url.replace("127.0.0.1", "localhost")
    seen = asked(Call(url), 3)
    assert [set(one.phases) for one in seen] == [
        {"dns", "connect", "first_byte", "transfer", "total"},
        *[{"first_byte", "transfer", "total"}] * 2,
    ]
    assert all(one.up and one.why is None and all(seconds > 0 for seconds in one.phases.values()) for one in seen)
    assert [values(one) for one in seen] == [{"api_response_bytes": 4, "api_throughput": 4 / one.phases["total"]} for one in seen]


def test_a_connection_is_kept_and_made_anew_when_its_time_has_come(fine: Raw) -> None:
    asked(Call(fine.url), 20)
    assert (fine.connections, len(fine.requests)) == (1, 20)
    asked(Call(fine.url), 5, fresh=timedelta(0))
    assert fine.connections == 6


def test_what_is_measured_is_in_the_catalogue(fine: Raw) -> None:
    (seen,) = asked(Call(fine.url))
    assert set(values(seen)) <= set(METRICS)


@pytest.mark.parametrize("last_word", [b"", answer(b"too slow", "408 Request Timeout")], ids=["closes", "says that it closes"])
def test_a_server_that_closes_an_idle_connection_is_no_failure(last_word: bytes, fine: Raw) -> None:
    async def ask() -> list[Observation]:
        one = probe(Call(fine.url), Pace(confirmations=0))
        first = await one.confirmed()
        for writer in list(fine.open):
            fine.loop.call_soon_threadsafe(writer.write, last_word)
        fine.drop()
        await asyncio.sleep(0.1)
        return [first, await one.confirmed()]

    assert [seen.up for seen in asyncio.run(ask())] == [True, True]
    assert fine.connections == 2


def test_a_server_that_takes_a_request_and_closes_its_kept_connection_is_asked_over_another() -> None:
    """As when it closed just when it was asked: each connection answers once and then hangs up unasked."""
    answered: Counter[asyncio.StreamWriter] = Counter()

    async def once(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        answered[writer] += 1
        if answered[writer] > 1:
            writer.transport.abort()
        else:
            writer.write(answer())

    with serving(once) as raw:
        assert all(seen.up for seen in asked(Call(raw.url), 4, Pace(confirmations=0)))
        assert raw.connections == 4


def test_one_failed_probe_is_no_failure_and_three_are(httpserver: HTTPServer) -> None:
    failures = iter([500, 500, 200, 500, 500, 500])
    httpserver.expect_request("/").respond_with_handler(lambda request: Response(status=next(failures)))
    seen = asked(Call(httpserver.url_for("/")), 2)
    assert [one.up for one in seen] == [True, False]
    assert seen[1].why == "status 500, expected 200 to 399"
    assert "total" in seen[1].phases


def test_a_server_that_stops_is_tried_without_end_and_seen_when_it_is_back(fine: Raw) -> None:
    probing = Probing([probe(Call(fine.url))])
    probing.start()
    try:
        assert until(probing, lambda seen: seen.up)
        fine.stop()
        assert until(probing, lambda seen: not seen.up).why == "connection refused"
        assert until(probing, lambda seen: not seen.up)
        fine.start()
        assert until(probing, lambda seen: seen.up)
    finally:
        probing.stop()


def until(probing: Probing, condition: Callable[[Observation], bool], seconds: float = 20) -> Observation:
    """The next observation that is like this."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        for one in probing.take(0.2):
            if condition(one):
                return one
    raise AssertionError("nothing like it")


def reset(writer: asyncio.StreamWriter) -> None:
    """Resets the connection."""
    writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


CUT_SHORT = "connection closed in the middle of the answer"
NOWHERE = "redirects to what is not an http or https address"
UNSENDABLE = "request cannot be sent: its method, address or headers are not valid"
OUTCOMES: dict[str, tuple[Behaviour, str]] = {
    "garbage": (says(b"\x00\xff\x01garbage\r\n\r\n"), "answer is not HTTP"),
    "another protocol that waits": (says(b"SSH-2.0-OpenSSH_9.2\r\n"), "answer is not HTTP"),
    "a status that is none": (says(b"HTTP/1.1 abc\r\n\r\n"), "answer is not HTTP"),
    "closes": (says(b"", lambda writer: writer.close()), "connection closed without an answer"),
    "resets": (says(b"", reset), "connection reset"),
    "closes in the header": (
        says(b"HTTP/1.1 200 OK\r\nA: ", lambda writer: writer.close()),
        CUT_SHORT,
    ),
    "closes in the body": (says(answer(b"whole")[:-2], lambda writer: writer.close()), CUT_SHORT),
    "an endless header": (says(b"HTTP/1.1 200 OK\r\n" + b"A: b\r\n" * 20_000), "header is longer than 64 KiB"),
    "preludes without end": (says(b"HTTP/1.1 102 Processing\r\n\r\n" * 50), "answer is not HTTP"),
    "redirects to nowhere": (says(answer(b"", "302 Found", "Location: ftp://x/")), NOWHERE),
    "redirects to a bad port": (
        says(answer(b"", "302 Found", "Location: //x:99999/")),
        NOWHERE,
    ),
    "redirects to itself": (says(answer(b"", "302 Found", "Location: /")), "redirects in a loop"),
    "status": (says(answer(b"", "503 \x1b[31mNo")), "status 503, expected 200 to 399"),
}


@pytest.mark.parametrize(("behaviour", "said"), OUTCOMES.values(), ids=OUTCOMES.keys())
def test_what_is_wrong_is_said_in_one_short_line(behaviour: Behaviour, said: str) -> None:
    with serving(behaviour) as raw:
        assert why(Call(raw.url)) == said


@pytest.mark.parametrize("behaviour", [hangs, drips], ids=["hangs", "drips"])
def test_an_answer_that_does_not_end_is_ended(behaviour: Behaviour) -> None:
    with serving(behaviour) as raw:
        assert why(Call(raw.url), SHORT) == "no complete answer within 0.4 s"


def test_an_endless_body_is_cut_and_only_matters_to_what_needed_more() -> None:
    with serving(endless) as raw:
        (seen,) = asked(Call(raw.url))
        assert (seen.up, values(seen)["api_response_bytes"]) == (True, 1024 * 1024)
        assert why(Call(raw.url, expect=Expect(contains="y"))) == "not found in the first 1,048,576 bytes of a longer body"


def test_redirects_are_followed_five_times(httpserver: HTTPServer) -> None:
    for number in range(10):
        httpserver.expect_request(f"/{number}").respond_with_data("", 302, {"Location": f"/{number + 1}"})
    httpserver.expect_request("/10").respond_with_data("here")
    assert why(Call(httpserver.url_for("/5"), expect=Expect(contains="here"))) is None
    assert why(Call(httpserver.url_for("/4"))) == "more than 5 redirects"
    assert why(Call(httpserver.url_for("/4"), expect=Expect(status=(302,)))) is None


def test_redirects_that_lead_elsewhere_each_time_leave_no_connections_behind(fine: Raw) -> None:
    with serving(says(answer())) as other:
        ways = iter([fine.url, other.url, fine.url])

        async def leads(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.write(answer(b"", "302 Found", f"Location: {next(ways)}"))

        async def ask() -> list[int]:
            one = probe(Call(raw.url))
            return [len(one.client.lines) for _ in range(3) if (await one.confirmed()).up]

        with serving(leads) as raw:
            assert asyncio.run(ask()) == [2, 2, 2]
        assert (fine.connections, other.connections) == (2, 1)


def test_another_server_gets_no_secret(fine: Raw) -> None:
    with serving(says(answer(b"", "307 Temporary Redirect", f"Location: {fine.url}"))) as raw:
        call = Call(raw.url, "POST", {"Authorization": "Bearer s3cret", "X-Key": "s3cret"}, b"s3cret")
        (seen,) = asked(call)
    assert seen.up
    assert b"s3cret" in raw.requests[0]
    assert b"s3cret" not in b"".join(fine.requests)
    assert "s3cret" not in repr(probe(call))


def test_a_request_that_cannot_be_sent_shows_nothing_of_itself(fine: Raw) -> None:
    assert why(Call(fine.url, headers={"Authorization": "s3cret\r\nX: y"})) == UNSENDABLE


def test_a_refused_connection_and_a_host_that_is_not_there() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    assert why(Call(f"http://127.0.0.1:{port}/")) == "connection refused"
    assert str(why(Call("http://nothing.invalid/"))).startswith("host name cannot be looked up")
    assert why(Call(f"http://{'a' * 70}.example/")) == "host name is not valid"
    assert why(Call("gopher://x/")) == "not an http or https address"


BODY = b'{"data": {"items": [{"state": "ok", "n": 1, "on": true}]}, "empty": null}'
EXPECTATIONS: dict[str, tuple[Expect, str | None]] = {
    "all of it": (
        Expect((200,), '"ok"', {"data.items.0.state": "ok", "data.items.0.n": 1, "empty": None}, ("X-Here",)),
        None,
    ),
    "text": (Expect(contains="better"), "body does not contain 'better'"),
    "value": (Expect(json={"data.items.0.state": "bad"}), 'data.items.0.state is "ok", expected "bad"'),
    "true is not 1": (Expect(json={"data.items.0.on": 1}), "data.items.0.on is true, expected 1"),
    "a list": (Expect(json={"data.items": 1}), "data.items is a list of 1, expected 1"),
    "behind the end": (Expect(json={"data.items.1.state": "ok"}), 'data.items.1.state is missing, expected "ok"'),
    "through a value": (Expect(json={"data.items.0.n.x": None}), "data.items.0.n.x is missing, expected null"),
    "header": (Expect(headers=("X-There",)), "no header X-There"),
    "one of several": (Expect(status=(204, 201)), "status 200, expected 204, 201"),
}


@pytest.mark.parametrize(("expect", "said"), EXPECTATIONS.values(), ids=EXPECTATIONS.keys())
def test_what_is_expected(expect: Expect, said: str | None, httpserver: HTTPServer) -> None:
    httpserver.expect_request("/").respond_with_data(BODY, headers={"X-Here": "1"})
    assert why(Call(httpserver.url_for("/"), expect=expect)) == said


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"<html>", "body is not JSON"),
        (b"\xff\xfe\x00", "body is not JSON, which is not UTF-8"),
        (b"[" * 200_000, "body is not JSON"),
        (b"1" * 50_000, "body is not JSON"),
        (b'{"a": "\\u001b[2J\\nx' + b"y" * 500 + b'"}', 'a is "\\u001b[2J\\nx' + "y" * 46 + '…, expected "ok"'),
    ],
    ids=["HTML", "not UTF-8", "deep", "a huge number", "hostile text"],
)
def test_a_hostile_body_is_named_and_cut(body: bytes, said: str, httpserver: HTTPServer) -> None:
    httpserver.expect_request("/").respond_with_data(body)
    assert why(Call(httpserver.url_for("/"), expect=Expect(json={"a": "ok"}))) == said


def test_a_body_that_is_compressed_unasked_is_named(fine: Raw) -> None:
    with serving(says(answer(b"\x1f\x8b..", "200 OK", "Content-Encoding: gzip"))) as raw:
        assert why(Call(raw.url, expect=Expect(contains="x"))) == "body is compressed, which nobody asked for: gzip"


def test_method_headers_and_body_are_sent(httpserver: HTTPServer) -> None:
    def handle(request: Request) -> Response:
        return Response(f"{request.method} {request.headers['X-A']} {request.get_data(as_text=True)} {request.query_string.decode()}")

    httpserver.expect_request("/p").respond_with_handler(handle)
    call = Call(httpserver.url_for("/p?q=ä b"), "POST", {"X-A": "1"}, b"asked", Expect(contains="POST 1 asked q=%C3%A4%20b"))
    assert why(call) is None
    assert why(Call(httpserver.url_for("/p"), "HEAD", {"X-A": "1"})) is None


def test_tls_has_a_phase_and_its_certificate_an_end(authority: trustme.CA, pem: str) -> None:
    ends = datetime.now(UTC).replace(microsecond=0) + timedelta(days=10)
    with serving(says(answer()), secured(authority, "127.0.0.1", not_after=ends)) as raw:
        seen = asked(Call(raw.url, authority=pem), 2)
    assert set(seen[0].phases) == {"connect", "tls", "first_byte", "transfer", "total"}
    assert timedelta(seconds=values(seen[0])["certificate_expiry"]).days == 9
    assert "certificate_expiry" not in values(seen[1])
    assert raw.connections == 1


def test_an_expired_certificate_is_named_and_still_measured(authority: trustme.CA, pem: str) -> None:
    now = datetime.now(UTC)
    context = secured(authority, "127.0.0.1", not_before=now - timedelta(days=9), not_after=now - timedelta(days=2))
    with serving(says(answer()), context) as raw:
        (seen,) = asked(Call(raw.url, authority=pem))
        assert seen.why == f"certificate expired on {now - timedelta(days=2):%Y-%m-%d}"
        assert timedelta(seconds=-values(seen)["certificate_expiry"]).days == 2
        assert why(Call(raw.url, verify=False)) is None


def test_a_certificate_for_another_name_or_of_a_stranger_is_named(authority: trustme.CA, pem: str, tmp_path: Path) -> None:
    with serving(says(answer()), secured(authority, "other.example")) as raw:
        assert why(Call(raw.url, authority=pem)) == "certificate is for other.example"
        assert why(Call(raw.url)) == "certificate is of an authority that is not trusted here"
        assert why(Call(raw.url, authority=str(tmp_path / "none.pem"))) == "the file of the certificate authority cannot be read"


def test_a_self_signed_certificate_is_named(authority: trustme.CA) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    stranger = trustme.CA()
    with stranger.private_key_pem.tempfile() as key, stranger.cert_pem.tempfile() as cert:
        context.load_cert_chain(cert, key)
    with serving(says(answer()), context) as raw:
        assert why(Call(raw.url)) == "certificate is self-signed"


def test_tls_where_there_is_none_is_named(httpserver: HTTPServer) -> None:
    assert why(Call(httpserver.url_for("/").replace("http:", "https:"))) == "TLS failed: wrong version number"


def test_hung_targets_delay_no_other() -> None:
    """200 targets, of which 50 never answer: each of the others is probed turn by turn before the first of those is given up."""
    pace = Pace(interval=timedelta(seconds=1), timeout=timedelta(seconds=60), confirmations=0)
    told: Counter[str] = Counter()
    with serving(says(answer())) as well, serving(hangs) as sick:
        names = [f"{'sick' if number < 50 else 'well'}-{number}" for number in range(200)]
        probing = Probing([probe(Call((sick if "sick" in name else well).url), pace, name) for name in names])
        probing.start()
        ends = time.monotonic() + 50
        while min(told[name] for name in names[50:]) < 3 and time.monotonic() < ends:
            told.update(one.labels["target"] for one in probing.take(1))
        probing.stop()
    assert set(told) == set(names[50:])
    assert min(told.values()) >= 3
    assert well.connections == 150


def crowd(url: str, soft: int, hard: int) -> tuple[dict[str, Any], list[str]]:
    """What a hundred probes see in a process that may open so many files, and what it logs."""
    command = [sys.executable, "-m", "tests.probes.crowd", url, str(soft), str(hard)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    return json.loads(done.stdout), done.stderr.splitlines()


def test_a_limit_of_open_files_that_can_be_raised_is(fine: Raw) -> None:
    assert crowd(fine.url, 60, 500)[0] == {"up": 100, "down": 0, "why": {}}


def test_a_target_that_could_not_be_asked_is_not_down(fine: Raw) -> None:
    seen, logged = crowd(fine.url, 60, 60)
    assert 20 < seen["up"] < 60
    assert (seen["down"], seen["why"].keys()) == (0, {"too many open files"})
    assert len([line for line in logged if "targets are not asked: raise the limit of open files" in line]) == 1


def test_what_new_connections_are_answered_counts_once_it_is_down() -> None:
    """As behind a load balancer, where an old connection leads to a server that is on its way out."""
    ill, seen = True, list[Observation]()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        status = "503 No" if ill else "200 OK"
        with suppress(asyncio.IncompleteReadError, OSError):
            while await reader.readuntil(b"\r\n\r\n"):
                writer.write(f"HTTP/1.1 {status}\r\nContent-Length: 2\r\n\r\nok".encode())
        writer.close()

    async def watch() -> None:
        nonlocal ill
        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        asked = probe(Call(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"), SHORT)
        seen.append(await asked.confirmed())
        ill = False
        seen.append(await asked.confirmed())
        await asked.let_go()
        server.close()

    asyncio.run(watch())
    assert [one.up for one in seen] == [False, True]


def test_a_body_in_pieces_of_one_byte_is_not_taken_apart_to_its_end() -> None:
    flood = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + b"1\r\nx\r\n" * 500_000
    with serving(says(flood)) as server:
        phases: dict[str, float] = {}
        answer = asyncio.run(Client(Call(server.url)).ask(phases))
    assert (answer.cut, len(answer.body)) == (True, MOST_PIECES + 1)


def test_names_of_a_certificate_that_cannot_be_read_are_said_to_be_so() -> None:
    key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "x")])
    odd = x509.UnrecognizedExtension(x509.ObjectIdentifier("2.5.29.17"), b"\x30\x04\xa3\x02\x30\x00")  # an address of X.400
    made = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key()).serial_number(1)
    made = (
        made.not_valid_before(datetime(2026, 1, 1, tzinfo=UTC)).not_valid_after(datetime(2027, 1, 1, tzinfo=UTC)).add_extension(odd, False)
    )
    signed = x509.load_der_x509_certificate(made.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.DER))
    assert wrong(62, signed) == "certificate is for names that cannot be read"


def test_look_ups_that_hang_delay_no_other(fine: Raw, monkeypatch: pytest.MonkeyPatch) -> None:
    """The resolver itself is the one thing that is not real here: nobody has a name server that hangs."""
    real = socket.getaddrinfo

    def slow(host: str, *more: object, **options: object) -> object:
        if host.endswith(".hung"):
            time.sleep(1.5)
            raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")
        return real(host, *more, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(socket, "getaddrinfo", slow)

    async def ask() -> list[Observation]:
        hung = [probe(Call(f"http://{number}.hung/"), SHORT) for number in range(100)]
        well = probe(Call(fine.url.replace("127.0.0.1", "localhost")), SHORT)
        return list(await asyncio.gather(*(one.ask() for one in [*hung, well])))

    *hung, well = asyncio.run(ask())
    assert well.up
    assert {one.why for one in hung} == {"no complete answer within 0.4 s"}


def test_turns_are_spread_evenly_and_never_drift() -> None:
    parts = Counter(int(offset(f"target-{number}") * 10) for number in range(1000))
    assert set(parts) == set(range(10))
    assert max(parts.values()) < 150
    now = datetime(2026, 3, 2, 9, 0, 7, tzinfo=UTC)
    assert until_turn("a", 30, now) == pytest.approx((until_turn("a", 30, now + timedelta(seconds=11)) + 11) % 30)
    assert [next_turn(100, 30, now) for now in (99, 100, 100.4, 131, 290)] == [100, 130, 130, 160, 310]
