"""Hosts by their node_exporter: a page of it, pages that are none, and the real one where it is installed."""

from __future__ import annotations

import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from pathlib import Path

import psutil
import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from include.failures import SourceError
from include.hosts.host_metrics import CHEAP, METRICS
from include.metrics import UNANSWERED
from include.scraping import scrape
from include.scraping.scrape import Page
from include.sources.host_local import LocalHost
from include.sources.host_node_exporter import NodeExporterHost
from include.sources.host_prometheus import PrometheusHost
from tests.sources.seen import LABELS, names, note, read, value
from tests.sources.servers import raw

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\n"
PAGE = """
# HELP node_cpu_seconds_total Seconds the CPUs spent in each mode.
# TYPE node_cpu_seconds_total counter
node_cpu_seconds_total{cpu="0",mode="idle"} 800
node_cpu_seconds_total{cpu="0",mode="iowait"} 100
node_cpu_seconds_total{cpu="0",mode="user"} 60
node_cpu_seconds_total{cpu="0",mode="system"} 30
node_cpu_seconds_total{cpu="0",mode="steal"} 10
node_cpu_seconds_total{cpu="1",mode="idle"} 1000
node_load1 3
node_load5 2
node_load15 1
node_memory_MemTotal_bytes 1000
node_memory_MemAvailable_bytes 250
node_memory_SwapTotal_bytes 100
node_memory_SwapFree_bytes 90
node_filesystem_size_bytes{device="/dev/sda1",fstype="ext4",mountpoint="/"} 1000
node_filesystem_free_bytes{device="/dev/sda1",fstype="ext4",mountpoint="/"} 400
node_filesystem_avail_bytes{device="/dev/sda1",fstype="ext4",mountpoint="/"} 200
node_filesystem_files{device="/dev/sda1",fstype="ext4",mountpoint="/"} 100
node_filesystem_files_free{device="/dev/sda1",fstype="ext4",mountpoint="/"} 75
node_filesystem_readonly{device="/dev/loop1",fstype="ext4",mountpoint="/opt/image"} 1
node_filesystem_size_bytes{device="/dev/loop1",fstype="ext4",mountpoint="/opt/image"} 10
node_filesystem_avail_bytes{device="/dev/loop1",fstype="ext4",mountpoint="/opt/image"} 0
node_disk_read_bytes_total{device="sda"} 4096
node_disk_read_bytes_total{device="sda1"} 4096
node_disk_io_time_seconds_total{device="sda"} 12.5
node_network_receive_bytes_total{device="eth0"} 7
node_network_receive_errs_total{device="eth0"} -1
node_network_receive_drop_total{device="eth0"} NaN
node_network_transmit_bytes_total{device="veth12ab"} 7
node_filefd_allocated 50
node_filefd_maximum 200
node_processes_state{state="S"} 7
node_processes_state{state="Z"} 2
node_hwmon_temp_celsius{chip="cpu",sensor="temp1"} -3
node_timex_offset_seconds -0.002
node_timex_sync_status 1
node_time_seconds 5000
node_boot_time_seconds 2000
this is junk
"""


@pytest.fixture
def exporter(httpserver: HTTPServer) -> NodeExporterHost:
    httpserver.expect_request("/metrics").respond_with_data(PAGE)
    return NodeExporterHost(LABELS, Page(httpserver.url_for("/metrics")))


def test_its_families_are_our_metrics(exporter: NodeExporterHost) -> None:
    found = {(one.metric, *one.labels.values()): one.value for one in read(exporter) if one.metric != UNANSWERED}
    assert found == {
        ("processors",): 2,
        ("cpu_busy_seconds",): 50,  # 60 + 30 + 10 of the first, 0 of the second, by 2
        ("cpu_iowait_seconds",): 50,
        ("cpu_steal_seconds",): 5,
        ("cpu_core_busy_seconds", "0"): 100,
        ("cpu_core_busy_seconds", "1"): 0,
        ("load_average", "1"): 3,
        ("load_average", "5"): 2,
        ("load_average", "15"): 1,
        ("load_per_processor", "1"): 1.5,
        ("load_per_processor", "5"): 1,
        ("load_per_processor", "15"): 0.5,
        ("memory_total",): 1000,
        ("memory_available",): 250,
        ("memory_usage",): 75,
        ("swap_total",): 100,
        ("swap_used",): 10,
        ("swap_usage",): 10,
        ("disk_total", "/"): 1000,
        ("disk_free", "/"): 200,
        ("disk_usage", "/"): 75,  # 600 used, 200 more can be
        ("inodes_usage", "/"): 25,
        ("disk_bytes", "sda", "read"): 4096,
        ("disk_busy_seconds", "sda"): 12.5,
        ("interface_bytes", "eth0", "received"): 7,  # its errors are negative, its drops no number: neither is kept
        ("open_files",): 50,
        ("open_files_usage",): 25,
        ("processes",): 9,
        ("zombie_processes",): 2,
        ("temperature", "cpu temp1"): -3,
        ("clock_offset",): -0.002,
        ("clock_synchronized",): 1,
        ("uptime",): 3000,
        ("lines_refused",): 0,  # junk that begins with no name of ours is passed over
    }
    assert names(read(exporter, cheap=True)) <= CHEAP


def unanswered(page: str, httpserver: HTTPServer) -> set[str]:
    """The metrics that such a page does not say although every host has them."""
    httpserver.clear()
    httpserver.expect_request("/metrics").respond_with_data(page)
    found = read(NodeExporterHost(LABELS, Page(httpserver.url_for("/metrics"))))
    return {one.labels["metric"] for one in found if one.metric == UNANSWERED}


def without(family: str) -> str:
    """The page of a node_exporter one of whose collectors fails."""
    return "\n".join(line for line in PAGE.splitlines() if not line.startswith(family))


def test_what_a_collector_that_fails_does_not_say_is_not_over(httpserver: HTTPServer) -> None:
    rare = unanswered(PAGE, httpserver)
    assert not rare & {"cpu_usage", "memory_usage", "disk_usage", "disk_throughput"}
    lost = unanswered(without("node_filesystem"), httpserver) - rare
    assert lost == {"disk_total", "disk_free", "disk_usage", "inodes_usage"}
    assert unanswered(without("node_cpu"), httpserver) - rare >= {"cpu_usage", "cpu_core_usage", "cpu_steal", "processors"}
    assert "memory_usage" in unanswered(without("node_memory"), httpserver)


def test_a_file_system_that_cannot_be_read_is_not_gone(httpserver: HTTPServer) -> None:
    error = 'node_filesystem_device_error{device="%s",fstype="%s",mountpoint="%s"} 1\n'
    assert "disk_usage" in unanswered(PAGE + error % ("/dev/sdb1", "ext4", "/data"), httpserver)
    assert "disk_usage" not in unanswered(PAGE + error % ("tmpfs", "tmpfs", "/run/user/1000"), httpserver), "nobody would be told of it"


def test_names_of_devices_are_not_to_be_trusted(httpserver: HTTPServer) -> None:
    long = "x" * 5000
    body = f'node_disk_read_bytes_total{{device="{long}"}} 1\nnode_disk_read_bytes_total{{device="a\x1b[31m\u202eb"}} 1\n'
    httpserver.expect_request("/metrics").respond_with_data(body.encode() + b'node_network_receive_bytes_total{device="\xff\xfe"} 1\n')
    found = read(NodeExporterHost(LABELS, Page(httpserver.url_for("/metrics"))))
    devices = [one.labels.get("device", one.labels.get("interface", "")) for one in found if one.metric != UNANSWERED]
    assert [len(device) for device in devices] == [200, 8, 2, 0]
    assert not [device for device in devices if set(device) & set("\x1b\u202e")]


@pytest.mark.parametrize(
    ("status", "headers", "body", "why"),
    [
        (200, {}, "", "this is no node_exporter"),
        (200, {}, "<html>login</html>", "this is no node_exporter: <html>login</html>"),
        (401, {}, PAGE, "it answers 401: what its connection holds is not accepted"),
        (500, {}, PAGE, "it answers 500"),
        (304, {}, "", "it answers 304"),
        (302, {"Location": "/metrics"}, "", "more than 3 redirects"),
        (302, {"Location": "gopher://x"}, "", "cannot be read"),
        (200, {"Content-Encoding": "gzip"}, PAGE, "it answers compressed, which was not asked for"),
    ],
)
def test_a_page_that_is_none_is_an_outcome_in_one_line(
    httpserver: HTTPServer, status: int, headers: dict[str, str], body: str, why: str
) -> None:
    httpserver.expect_request("/metrics").respond_with_data(body, status, headers)
    with pytest.raises(SourceError) as refused:
        read(NodeExporterHost(LABELS, Page(httpserver.url_for("/metrics"))))
    assert str(refused.value).startswith(why)
    assert "\n" not in str(refused.value)


def endless(line: socket.socket) -> None:
    line.sendall(HEAD)
    while True:
        line.sendall(b"node_load1 1\n" * 5000)


def one_long_line(line: socket.socket) -> None:
    line.sendall(HEAD + b"node_load1 1\nnode_load5 5\nnode_load15 15\nnode_load1" + b" " * 3_000_000 + b"\nnode_boot")


def endless_otherwise(line: socket.socket) -> None:
    line.sendall(HEAD)
    while True:
        line.sendall(b"app_requests_total 1\n" * 1000)


def dripping(line: socket.socket) -> None:
    line.sendall(HEAD)
    while True:
        line.sendall(b"#")
        time.sleep(0.05)


def dripping_head(line: socket.socket) -> None:
    line.sendall(b"HTTP/1.1 200 OK\r\nX: ")
    while True:
        line.sendall(b"#")
        time.sleep(0.05)


def silent(line: socket.socket) -> None:
    line.recv(1)


def no_http(line: socket.socket) -> None:
    line.sendall(b"SSH-2.0-OpenSSH_9.2p1\r\n")


def cut(line: socket.socket) -> None:
    line.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nnode_load1 1\n")


@pytest.mark.parametrize(
    ("behaviour", "why"),
    [
        (endless, "more than 30,000 series of a host came: not read"),
        (endless_otherwise, "more than 1 MiB came: not read"),
        (dripping, "there was no whole answer within 0.5 s"),
        (dripping_head, "there was no whole answer within 0.5 s"),
        (silent, "there was no whole answer within 0.5 s"),
        (no_http, "does not speak HTTP"),
        (cut, "does not speak HTTP"),
    ],
)
def test_a_server_that_behaves_badly_costs_no_more_than_it_may(monkeypatch: pytest.MonkeyPatch, behaviour: object, why: str) -> None:
    """The servers go on for as long as somebody listens: that the test ends at all is the point."""
    monkeypatch.setattr(scrape, "MOST_BYTES", 1024 * 1024)
    with raw(behaviour) as url, pytest.raises(SourceError, match=why):  # type: ignore[arg-type]
        read(NodeExporterHost(LABELS, Page(url)), within=timedelta(seconds=0.5 if "within" in why else 20))


def test_a_line_that_is_too_long_is_refused_and_the_others_go_on() -> None:
    with raw(one_long_line) as url:
        found = read(NodeExporterHost(LABELS, Page(url)))
    assert value(found, "load_average", minutes="1") == 1
    assert note(found, "lines_refused") == "the first: <a line of more than 64 KiB>"


def test_nobody_there_is_said_in_a_line() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with pytest.raises(SourceError, match=r"^cannot be reached: "):
        read(NodeExporterHost(LABELS, Page(f"http://127.0.0.1:{port}/metrics")))


def test_a_page_behind_a_password_or_a_token_opens_to_them_and_no_other_host_gets_them(httpserver: HTTPServer) -> None:
    seen: list[str] = []

    def answer(request: Request) -> Response:
        seen.append(request.headers.get("Authorization", ""))
        return Response(PAGE)

    httpserver.expect_request("/metrics").respond_with_handler(answer)
    elsewhere = httpserver.url_for("/metrics").replace("localhost", "127.0.0.1")
    httpserver.expect_request("/moved").respond_with_data("", 302, {"Location": elsewhere})
    url = httpserver.url_for("/metrics")
    token = {"Authorization": "Bearer secret"}
    for page in (Page(url, {"Authorization": "Basic YW5uOnNlY3JldA=="}), Page(url, token), Page(httpserver.url_for("/moved"), token)):
        read(NodeExporterHost(LABELS, page))
        assert "secret" not in repr(page)
    assert seen == ["Basic YW5uOnNlY3JldA==", "Bearer secret", ""]


def result(*series: tuple[dict[str, str], str]) -> dict[str, object]:
    """An answer of Prometheus."""
    rows = [{"metric": labels, "value": [1.0, number]} for labels, number in series]
    return {"status": "success", "data": {"resultType": "vector", "result": rows}}


def test_prometheus_is_asked_for_growth_and_gives_the_rates_themselves(httpserver: HTTPServer) -> None:
    asked: list[str] = []

    def answer(request: Request) -> Response:
        asked.append(query := request.form["query"])
        if "__name__" in query:
            found = result(({"__name__": "node_load1"}, "1"), ({"__name__": "node_load5"}, "1"), ({"__name__": "node_load15"}, "NaN"))
        elif "node_cpu_seconds_total" in query:
            found = result(({"cpu": "0", "mode": "user"}, "0.25"), ({"cpu": "0", "mode": "idle"}, "0.75"))
        elif "reads_completed" in query or "read_time" in query:
            found = result(({"device": "sda"}, "50" if "completed" in query else "0.1"))
        else:
            found = result()
        import json

        return Response(json.dumps(found), content_type="application/json")

    httpserver.expect_request("/api/v1/query", method="POST").respond_with_handler(answer)
    host = PrometheusHost(LABELS, Page(httpserver.url_for("/")), 'web"1:9100', timedelta(minutes=2))
    found = read(host)
    assert value(found, "cpu_usage") == 25
    assert value(found, "cpu_core_usage", cpu="0") == 25
    assert value(found, "disk_latency", device="sda", direction="read") == pytest.approx(0.002)  # 0.1 s by 50 operations
    assert value(found, "load_average", minutes="1") == 1
    assert "memory_usage" in {one.labels["metric"] for one in found if one.metric == UNANSWERED}, "which Prometheus does not know just now"
    assert not [one for one in found if one.metric in {metric.rate_of for metric in METRICS.values()}]
    assert asked[1] == 'rate(node_cpu_seconds_total{instance="web\\"1:9100"}[120s])'


@pytest.mark.parametrize(
    ("body", "status", "why"),
    [
        (
            '{"status": "success", "data": {"resultType": "vector", "result": []}}',
            200,
            "Prometheus has no current value of the instance web1",
        ),
        ("<html>", 200, "this is no answer of a Prometheus: <html>"),
        ("[" * 100_000, 200, "this is no answer of a Prometheus"),
        ('{"data": {"result": [{"metric": [], "value": [1, "x"]}]}}', 200, "this is no answer of a Prometheus"),
        ('{"status": "error"}', 422, "it answers 422"),
    ],
    ids=["empty", "html", "nested", "wrong", "refused"],
)
def test_a_prometheus_that_is_none_is_an_outcome(httpserver: HTTPServer, body: str, status: int, why: str) -> None:
    httpserver.expect_request("/api/v1/query").respond_with_data(body, status)
    with pytest.raises(SourceError, match=why):
        read(PrometheusHost(LABELS, Page(httpserver.url_for("/")), "web1"))


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as line:
        return int(line.getsockname()[1])


@contextmanager
def started(*argv: str) -> Iterator[None]:
    """A program of Debian's, while it is needed."""
    if not shutil.which(argv[0]):
        pytest.skip(f"{argv[0]} is not installed")
    with subprocess.Popen(argv, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            yield
        finally:
            process.kill()


def patiently(gauge: NodeExporterHost | PrometheusHost, metric: str) -> list[object]:
    """What it says once it says this."""
    for _ in range(100):
        with suppress(SourceError):
            if metric in names(found := read(gauge)):
                return found  # type: ignore[return-value]
        time.sleep(0.3)
    raise AssertionError(f"{metric} never came")


def test_the_real_node_exporter_and_prometheus_say_what_psutil_says(tmp_path: Path) -> None:
    exporting, serving = free_port(), free_port()
    with started("prometheus-node-exporter", f"--web.listen-address=127.0.0.1:{exporting}", "--collector.processes"):
        scraped = patiently(NodeExporterHost(LABELS, Page(f"http://127.0.0.1:{exporting}/metrics")), "cpu_busy_seconds")
        here = read(LocalHost(LABELS))
        for metric in ("processors", "memory_total", "clock_synchronized"):
            assert value(scraped, metric) == value(here, metric)  # type: ignore[arg-type]
        assert value(scraped, "cpu_busy_seconds") == pytest.approx(value(here, "cpu_busy_seconds"), abs=30)  # type: ignore[arg-type]
        assert names(here) - names(scraped) <= {"mounts_stuck", "process_cpu_usage", "process_memory", "temperature"}  # type: ignore[arg-type]
        config = tmp_path / "prometheus.yml"
        targets = f"[{{job_name: node, scrape_interval: 1s, static_configs: [{{targets: ['127.0.0.1:{exporting}']}}]}}]"
        config.write_text(f"scrape_configs: {targets}")
        paths = (f"--config.file={config}", f"--storage.tsdb.path={tmp_path / 'data'}")
        with started("prometheus", *paths, f"--web.listen-address=127.0.0.1:{serving}"):
            host = PrometheusHost(LABELS, Page(f"http://127.0.0.1:{serving}"), f"127.0.0.1:{exporting}", timedelta(seconds=10))
            asked = patiently(host, "cpu_usage")
    assert value(asked, "memory_total") == psutil.virtual_memory().total  # type: ignore[arg-type]
    assert 0 < value(asked, "cpu_usage") <= 100  # type: ignore[arg-type]
    assert {"disk_throughput", "disk_utilization", "interface_throughput"} <= names(asked)  # type: ignore[arg-type]
