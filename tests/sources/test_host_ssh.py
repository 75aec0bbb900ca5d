"""Hosts by SSH: what one printed, what this machine prints to a shell of its own, and what a host may print that is none."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path

import pytest

from include.failures import SourceError
from include.hosts import proc
from include.hosts.host_metrics import METRICS
from include.hosts.host_sums import OF_MOUNTS
from include.sources.host_local import LocalHost
from include.sources.host_ssh import SshHost
from include.store import Store, samples
from include.store.samples import newest
from include.targets.fleet import Fleet
from tests.conftest import NOW, stopped
from tests.sources.seen import LABELS, names, note, read, value
from tests.sources.test_host_local import MAYBE, RATES

PRINTED = Path(__file__).with_name("proc.txt").read_text()
KIB = 1024


def saying(printed: bytes | str) -> SshHost:
    """A host that prints this."""
    said = printed if isinstance(printed, bytes) else printed.encode()
    return SshHost(LABELS, lambda command, seconds: said, ["post (gres)", "nginx"])


def this_machine(command: str, seconds: float, environment: Mapping[str, str] = os.environ) -> bytes:
    """The command, run by a shell here."""
    return subprocess.run(["/bin/sh", "-c", command], capture_output=True, timeout=seconds, env=environment, check=True).stdout


def test_what_a_host_printed_is_our_metrics() -> None:
    found = {(one.metric, *one.labels.values()): one.value for one in read(saying(PRINTED))}
    first, second = 33231 + 461 + 11616 + 521 + 98, 41904 + 216 + 12941 + 794 + 96  # without idle and iowait, in 1/100 s
    assert found == {
        ("processors",): 2,
        ("cpu_busy_seconds",): pytest.approx((first + second) / 200),
        ("cpu_iowait_seconds",): pytest.approx((512 + 1130) / 200),
        ("cpu_steal_seconds",): pytest.approx((98 + 96) / 200),
        ("cpu_core_busy_seconds", "0"): pytest.approx(first / 100),
        ("cpu_core_busy_seconds", "1"): pytest.approx(second / 100),
        ("load_average", "1"): 1.63,
        ("load_average", "5"): 1.99,
        ("load_average", "15"): 1.23,
        ("load_per_processor", "1"): 0.815,
        ("load_per_processor", "5"): 0.995,
        ("load_per_processor", "15"): 0.615,
        ("memory_total",): 24684092 * KIB,
        ("memory_available",): 6171023 * KIB,
        ("memory_usage",): 75,
        ("swap_total",): 1000000 * KIB,
        ("swap_used",): 100000 * KIB,
        ("swap_usage",): 10,
        ("disk_bytes", "vda", "read"): 6479138 * 512,
        ("disk_operations", "vda", "read"): 80840,
        ("disk_operation_seconds", "vda", "read"): 31.212,
        ("disk_bytes", "vda", "written"): 68705952 * 512,
        ("disk_operations", "vda", "written"): 135270,
        ("disk_operation_seconds", "vda", "written"): 498.04,
        ("disk_busy_seconds", "vda"): 33.064,
        ("interface_bytes", "eth0", "received"): 412776385,
        ("interface_packets", "eth0", "received"): 14039,
        ("interface_errors", "eth0", "received"): 1,
        ("interface_drops", "eth0", "received"): 2,
        ("interface_bytes", "eth0", "sent"): 439292,
        ("interface_packets", "eth0", "sent"): 4571,
        ("interface_errors", "eth0", "sent"): 3,
        ("interface_drops", "eth0", "sent"): 4,
        ("disk_total", "/"): 264212084 * KIB,
        ("disk_free", "/"): 81116400 * KIB,
        ("disk_usage", "/"): pytest.approx(100 * 25274512 / (25274512 + 81116400)),
        ("inodes_usage", "/"): pytest.approx(100 * 466225 / 16777216),
        ("disk_total", "/srv/my data"): 1000 * KIB,
        ("disk_free", "/srv/my data"): 200 * KIB,
        ("disk_usage", "/srv/my data"): 75,  # it has no inodes to count, and is mounted twice
        ("mounts_stuck",): 1,  # df was ended: it hung at the file server
        **{("metric_unanswered", metric): 1 for metric in OF_MOUNTS},  # which may be as full as before
        ("uptime",): 789.36,
        ("open_files",): 1020,
        ("open_files_usage",): pytest.approx(100 * 1020 / 2466186),
        ("processes",): 5,
        ("zombie_processes",): 1,
        ("process_up", "post (gres)"): 1,
        ("process_up", "nginx"): 0,
        ("process_cpu_usage", "post (gres)"): pytest.approx(70),  # 1 s of the old and 0.4 s of the new one in 1 s, of two processors
        ("process_memory", "post (gres)"): 1000 * 4096,
        ("process_memory", "systemd"): 3139 * 4096,
        ("process_memory", "ksoftirqd/0"): 0,
    }


def test_this_machine_says_the_same_to_a_shell_as_to_psutil() -> None:
    told, here = read(SshHost(LABELS, this_machine)), read(LocalHost(LABELS))
    assert set(METRICS) - MAYBE - RATES <= names(told)
    assert all(set(one.labels) == set(METRICS[one.metric].labels) for one in told)
    for metric in ("memory_total", "swap_total"):
        assert value(told, metric) == value(here, metric)
    of_both = [("disk_total", {"mount": "/"}), ("uptime", {}), ("memory_available", {}), ("processes", {})]
    for metric, labels in of_both:
        assert value(told, metric, **labels) == pytest.approx(value(here, metric, **labels), rel=0.2, abs=30)
    assert {one.labels["device"] for one in told if one.metric == "disk_bytes"} == {
        one.labels["device"] for one in here if one.metric == "disk_bytes"
    }


def test_its_counters_become_rates_in_the_store_as_those_of_any_host(store: Store) -> None:
    later = PRINTED.replace("cpu0 33231", "cpu0 36231").replace("eth0:412776385", "eth0:412836385").replace(" 68705952 ", " 68765952 ")
    for minute, printed in enumerate((PRINTED, later)):
        with store.transaction():
            at = NOW + timedelta(minutes=minute)
            fleet = Fleet("systems", "system_health", [saying(printed)], METRICS, clock=stopped(at))
            fleet.read(store, at, None, timedelta(seconds=10))
            samples.record(store, [])

    def newly(metric: str) -> set[float]:
        return {row["value"] for row in newest(store, metric, {})}

    assert newly("cpu_usage") == {25}  # 30 s of one of two processors in a minute
    assert 1000 in newly("interface_throughput")
    assert 60000 * 512 / 60 in newly("disk_throughput")


def test_it_is_not_asked_every_minute() -> None:
    def shell(command: str, seconds: float) -> bytes:
        raise AssertionError("nobody logs in")

    assert read(SshHost(LABELS, shell), cheap=True) == []


def test_the_command_writes_nothing_and_goes_through_any_shell() -> None:
    assert proc.COMMAND.count("'") == 2
    assert not set(proc.COMMAND) & set("\\`\n!")
    assert ">" not in proc.COMMAND.replace("2>/dev/null", "")


def test_a_host_without_the_tools_says_what_it_can(tmp_path: Path) -> None:
    """Only a shell, cat and sleep: no df, timeout, getconf."""
    for tool in ("sh", "cat", "sleep", "env"):
        (tmp_path / tool).symlink_to(f"/bin/{tool}")
    found = read(SshHost(LABELS, lambda command, seconds: this_machine(command, seconds, {"PATH": str(tmp_path)})))
    assert {"cpu_busy_seconds", "memory_usage", "interface_bytes", "process_memory", "uptime"} <= names(found)
    assert not names(found) & {"disk_usage", "inodes_usage"}
    assert value(found, "mounts_stuck") == 0
    assert {one.labels["metric"] for one in found if one.metric == "metric_unanswered"} == set(OF_MOUNTS)


@pytest.mark.parametrize(
    ("printed", "why"),
    [
        (b"", "this is no Linux host"),
        (b"This account is currently not available.\n", "this is no Linux host: it says This account is currently not available."),
        (b"'env' is not recognized as an internal or external command\r\n", "this is no Linux host: it says 'env' is not recognized"),
        (b"\xff\xfe\x00\x1b[31m" * 100, "this is no Linux host: it says "),
        (f"{proc.MARK} uptime\n{proc.MARK} stat\n{proc.MARK} end\n".encode(), "this is no Linux host"),  # a BSD has no /proc
        (PRINTED.split(f"{proc.MARK} second")[0].encode(), "it did not say all of it: the command was ended"),
    ],
    ids=["nothing", "no login", "Windows", "bytes", "BSD", "cut"],
)
def test_what_is_no_linux_host_is_an_outcome_in_one_line(printed: bytes, why: str) -> None:
    with pytest.raises(SourceError) as refused:
        read(saying(printed))
    assert str(refused.value).startswith(why)
    assert str(refused.value).isprintable() or "\ufffd" in str(refused.value)


def test_lines_that_are_odd_are_left_out_and_the_others_stay() -> None:
    odd = PRINTED.encode()
    for before, after in {
        b"MemTotal:       24684092": b"MemTotal:       \xff\xfe",
        b" 254       0 vda 80840": b" 254       0 vda many",
        b"eth0:412776385": b"eth0:-1",
        b"1020\t0\t2466186": b"1e999 0 nan",
        b"/srv/my data": b"/srv/my \xff\x1b data",
        b"789.38 530.98": b"",
        b"1159 (post": b"9999999999999999 (post",
    }.items():
        assert before in odd
        odd = odd.replace(before, after)
    found = read(saying(odd))
    assert value(found, "interface_packets", interface="eth0", direction="received") == 14039
    assert not names(found) & {"memory_usage", "open_files_usage", "process_cpu_usage", "processes"}
    assert {one.labels["mount"] for one in found if one.metric == "disk_usage"} == {"/"}


@pytest.mark.parametrize("odd", ["a" + " " * 200_000, " 1" * 100_000, "1 (" + ")" * 200_000, "cpu" + " 1" * 100_000, "\\04" * 50_000])
def test_a_line_without_end_takes_no_time_from_others(odd: str) -> None:
    printed = PRINTED.replace("\n", f"\n{odd}\n")
    started = time.process_time()
    assert value(read(saying(printed)), "memory_total") == 24684092 * KIB
    assert time.process_time() - started < 10, "it would be hours, in which nobody else gets a turn"


def test_a_name_cannot_pretend_to_be_another_part_of_the_answer() -> None:
    """A process may call itself what it likes: in 15 bytes, line feeds among them."""
    name = b"x\n1 (nginx) S 1"
    fake = PRINTED.encode().replace(b"(post (gres)) R", b"(" + name + b") R")
    found = read(saying(fake))
    assert value(found, "process_up", process="nginx") == 0
    assert note(found, "mounts_stuck") is not None
    assert len(name) == 15 < len(proc.MARK)
