"""This machine, for real; and containers, as files."""

from __future__ import annotations

import multiprocessing
import os
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import psutil
import pytest

from include.hosts import cgroup, mounts
from include.hosts.host_metrics import CHEAP, METRICS
from include.hosts.host_sums import OF_MOUNTS, Mount, Space, once
from include.metrics import Reading
from include.model import utc_now
from include.sources.host_local import LocalHost
from include.store import Store, samples
from include.store.samples import newest
from include.targets.fleet import Fleet
from tests.conftest import NOW, stopped
from tests.sources.seen import LABELS, names, note, read, value, waiting

# What a machine may lack.
MAYBE = {"temperature", "swap_usage", "process_up", "process_cpu_usage", "clock_offset", "clock_synchronized", "lines_refused"}
RATES = {name for name, metric in METRICS.items() if metric.rate_of}


def test_it_measures_all_that_is_known_of_a_host_and_each_series_once() -> None:
    found = read(LocalHost(LABELS))
    assert set(METRICS) - MAYBE - RATES <= names(found) <= set(METRICS) - RATES
    assert len({(one.metric, frozenset(one.labels.items())) for one in found}) == len(found)
    assert all(set(one.labels) == set(METRICS[one.metric].labels) for one in found)
    assert all(0 <= one.value <= 100 for one in found if METRICS[one.metric].unit == "percent")


def test_it_agrees_with_the_system() -> None:
    found, root = read(LocalHost(LABELS)), os.statvfs("/")
    assert value(found, "processors") == psutil.cpu_count()
    assert value(found, "memory_total") == psutil.virtual_memory().total
    assert value(found, "disk_total", mount="/") == root.f_blocks * root.f_frsize
    assert value(found, "uptime") == pytest.approx(time.time() - psutil.boot_time(), abs=30)
    assert note(found, "cpu_busy_seconds") == f"of the host's {psutil.cpu_count()} processors"


def test_what_is_asked_every_minute_leaves_processes_and_sensors_out() -> None:
    assert names(read(LocalHost(LABELS), cheap=True)) <= CHEAP


def test_a_process_that_must_run_is_there_or_not() -> None:
    with subprocess.Popen(["sleep", "60"]) as sleeping:
        found = read(LocalHost(LABELS, ["sleep", "no-such-thing"]))
        sleeping.kill()
    assert value(found, "process_up", process="sleep") == 1
    assert value(found, "process_up", process="no-such-thing") == 0


def test_a_zombie_is_counted() -> None:
    with subprocess.Popen(["true"]) as ended, subprocess.Popen(["true"]) as another:
        for one in (ended, another):
            os.waitid(os.P_PID, one.pid, os.WEXITED | os.WNOWAIT)
        assert value(read(LocalHost(LABELS)), "zombie_processes") >= 2  # others come and go meanwhile


def burn() -> None:
    while True:
        pass


@contextmanager
def burning(work: Callable[[], None]) -> Iterator[None]:
    process = multiprocessing.get_context("fork").Process(target=work, daemon=True)
    process.start()
    yield
    process.kill()
    process.join()


def test_a_processor_that_burns_is_seen_in_the_rate_and_by_its_name(store: Store) -> None:
    """Two rounds through the store, which computes the usage; what burns uses one of the processors, as far as others leave it to it."""
    fleet = Fleet("systems", "system_health", [LocalHost(LABELS)], METRICS)
    with burning(burn):
        for seconds in (0.0, 2.0):
            time.sleep(seconds)
            with store.transaction():
                fleet.read(store, utc_now(), None, timedelta(seconds=10))
                samples.record(store, [])
    (row,) = newest(store, "cpu_usage", {"target": "web1"})
    assert row["value"] >= 0.5 * 100 / (psutil.cpu_count() or 1)
    assert row["note"] == f"of the host's {psutil.cpu_count()} processors"
    assert max(row["value"] for row in newest(store, "process_cpu_usage", {})) >= 0.1 * 100 / (psutil.cpu_count() or 1)
    assert {row["labels"]["cpu"] for row in newest(store, "cpu_core_usage", {})} == {str(n) for n in range(psutil.cpu_count() or 1)}


def test_the_latency_of_a_disk_is_the_time_of_its_operations_by_their_number(store: Store) -> None:
    class Disk:
        kind = "hosts"
        labels = LABELS

        def read(self, within: timedelta, cheap: bool) -> list[Reading]:
            device = {"device": "vda", "direction": "read"}
            return [Reading("disk_operations", numbers.pop(0), device), Reading("disk_operation_seconds", numbers.pop(0), device)]

    # 5 more operations take 2 s more: 0.4 s each. Then none does, and there is nothing to say. Then the host starts anew.
    numbers = [10.0, 1.0, 15.0, 3.0, 15.0, 3.0, 4.0, 0.5]
    found = []
    for minute in range(4):
        at = NOW.replace(hour=9, minute=minute)
        fleet = Fleet("systems", "system_health", [Disk()], METRICS, clock=stopped(at))
        with store.transaction():
            fleet.read(store, at, None, timedelta(seconds=10))
            samples.record(store, [])
        found.append([(row["at"].minute, row["value"]) for row in newest(store, "disk_latency", {})])
    assert found == [[], [(1, pytest.approx(0.4))], [(1, pytest.approx(0.4))], [(1, pytest.approx(0.4))]]


def test_memory_that_is_taken_is_not_available() -> None:
    before = value(read(LocalHost(LABELS), cheap=True), "memory_available")
    taken = bytearray(os.urandom(1024)) * (300 * 1024)
    after = value(read(LocalHost(LABELS), cheap=True), "memory_available")
    assert len(taken) == 300 * 1024 * 1024
    assert before - after > 100 * 1024 * 1024


def test_a_file_system_that_fills_is_seen_to(tmp_path: Path) -> None:
    # Not below /tmp alone: whatever the folder of the tests is, it is no pseudo file system.
    where = tmp_path / "full"
    where.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", where], capture_output=True, check=False).returncode:
        pytest.skip("mounting is not allowed here")
    try:
        found = read(LocalHost(LABELS), cheap=True)
        (where / "large").write_bytes(b"x" * 6 * 1024 * 1024)
        full = read(LocalHost(LABELS), cheap=True)
    finally:
        subprocess.run(["umount", where], check=True)
    mount = {"mount": str(where)}
    assert value(found, "disk_usage", **mount) == 0
    assert (value(full, "disk_usage", **mount), value(full, "disk_free", **mount)) == (75, 2 * 1024 * 1024)
    assert value(full, "inodes_usage", **mount) > 0


def test_only_what_can_fill_is_looked_at_and_each_device_once() -> None:
    listed = [
        Mount("/dev/sda1", "/", "ext4"),
        Mount("/dev/sda1", "/var/lib/kubelet/pods/1/volumes", "ext4"),
        Mount("/dev/sda1", "/etc/hosts", "ext4"),
        Mount("/dev/loop3", "/opt/tool", "ext4", read_only=True),
        Mount("/dev/loop1", "/snap/core/1", "squashfs", read_only=True),
        Mount("/dev/sr0", "/media/cdrom", "iso9660", read_only=True),
        Mount("overlay", "/var/lib/docker/overlay2/1/merged", "overlay"),
        Mount("overlay", "/srv/merged", "overlay"),
        Mount("tmpfs", "/run/user/0", "tmpfs"),
        Mount("tmpfs", "/tmp", "tmpfs"),  # noqa: S108
        Mount("tmpfs", "/srv/scratch", "tmpfs"),
        Mount("proc", "/proc", "proc"),
        Mount("/dev/sdb1", "/data", "xfs", read_only=True),
        Mount("files:/home", "/home", "nfs4"),
    ]
    assert [mount.mount for mount in once(listed)] == ["/", "/tmp", "/data", "/home", "/srv/scratch"]  # noqa: S108
    assert [mount.mount for mount in once([Mount("overlay", "/", "overlay")])] == ["/"]


def test_a_file_server_that_is_gone_keeps_the_others_from_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mounts, "space", lambda mount: time.sleep(60) if mount.kind == "nfs" else Space(4, 1, 1))
    monkeypatch.setattr(
        "psutil.disk_partitions",
        lambda all: [
            psutil._ntuples.sdiskpart("files:/", "/a", "nfs", "rw"),
            psutil._ntuples.sdiskpart("/dev/vda", "/long/path", "ext4", "rw"),
        ],
    )
    found = list(mounts.mounts(0.3))
    threads = waiting()
    for _ in range(5):
        found = list(mounts.mounts(0.3))
        assert value(found, "disk_usage", mount="/long/path") == 75
    assert not waiting() - threads, "one waits, and no more with each reading"
    assert (value(found, "mounts_stuck"), note(found, "mounts_stuck")) == (1, "as /a")
    assert {one.labels["metric"] for one in found if one.metric == "metric_unanswered"} == set(OF_MOUNTS)


def test_behind_a_disk_that_hangs_others_are_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mounts, "space", lambda mount: time.sleep(60) if mount.mount == "/b" else Space(4, 1, 1))
    listed = [psutil._ntuples.sdiskpart(f"/dev/sd{name}", f"/{name}", "ext4", "rw") for name in "abc"]
    monkeypatch.setattr("psutil.disk_partitions", lambda all: listed)
    found = list(mounts.mounts(0.3))
    assert {one.labels["mount"] for one in found if one.metric == "disk_usage"} == {"/a", "/c"}


def container(root: Path, files: Mapping[str, str]) -> Path:
    """A machine of files."""
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return root


V2 = {
    "proc/self/cgroup": "0::/\n",
    "sys/fs/cgroup/cpu.max": "50000 100000\n",
    "sys/fs/cgroup/cpu.stat": "usage_usec 3000000\nuser_usec 1\n",
    "sys/fs/cgroup/memory.max": f"{512 * 2**20}\n",
    "sys/fs/cgroup/memory.current": f"{400 * 2**20}\n",
    "sys/fs/cgroup/memory.stat": f"anon 1\ninactive_file {144 * 2**20}\n",
}
V1 = {
    "proc/self/cgroup": "4:memory:/docker/abc\n2:cpu,cpuacct:/docker/abc\n0::/\n",
    "sys/fs/cgroup/cpu/cpu.cfs_quota_us": "50000\n",
    "sys/fs/cgroup/cpu/cpu.cfs_period_us": "100000\n",
    "sys/fs/cgroup/cpuacct/cpuacct.usage": "3000000000\n",
    "sys/fs/cgroup/memory/memory.limit_in_bytes": f"{512 * 2**20}\n",
    "sys/fs/cgroup/memory/memory.usage_in_bytes": f"{400 * 2**20}\n",
    "sys/fs/cgroup/memory/memory.stat": f"cache 1\ntotal_inactive_file {144 * 2**20}\n",
}


@pytest.mark.parametrize("files", [V2, V1], ids=["version 2", "version 1"])
def test_in_a_container_its_limits_count_and_that_is_said(tmp_path: Path, files: dict[str, str]) -> None:
    found = read(LocalHost(LABELS, root=container(tmp_path, files)), cheap=True)
    assert (value(found, "processors"), note(found, "processors")) == (0.5, "of the container")
    assert value(found, "cpu_busy_seconds") == 6  # 3 s of one processor are 6 s of half a one
    assert note(found, "cpu_busy_seconds") == "of the container's 0.5 processors"
    # 400 MiB, 144 of them caches that can go: 256 of 512.
    assert (value(found, "memory_usage"), note(found, "memory_usage")) == (50, "of the container's 512 MiB")


def test_a_limit_above_what_the_host_has_is_none(tmp_path: Path) -> None:
    files = {**V2, "sys/fs/cgroup/cpu.max": "99900000 100000", "sys/fs/cgroup/memory.max": str(1 << 50)}
    found = read(LocalHost(LABELS, root=container(tmp_path, files)), cheap=True)
    assert value(found, "processors") == psutil.cpu_count()
    assert (note(found, "memory_usage") or "").startswith("of the host's ")


def test_the_tightest_limit_of_all_groups_around_it_holds(tmp_path: Path) -> None:
    files = {
        "proc/self/cgroup": "0::/pod/app\n",
        "sys/fs/cgroup/pod/cpu.max": "100000 100000",
        "sys/fs/cgroup/pod/cpu.stat": "usage_usec 9000000",
        "sys/fs/cgroup/pod/app/cpu.max": "max 100000",
        "sys/fs/cgroup/pod/app/cpu.stat": "usage_usec 1000000",
    }
    assert cgroup.processors(container(tmp_path, files)) == cgroup.Processors(1, 9)
    assert cgroup.memory(tmp_path) is None


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({**V2, "sys/fs/cgroup/cpuset.cpus.effective": "1"}, cgroup.Processors(0.5, 3)),
        ({**V2, "sys/fs/cgroup/cpu.max": "max 100000", "sys/fs/cgroup/cpuset.cpus.effective": "0-2,7\n"}, cgroup.Processors(4, 3)),
        (
            {
                "proc/self/cgroup": "5:cpuset:/docker/abc\n2:cpu,cpuacct:/docker/abc\n",
                "sys/fs/cgroup/cpuset/docker/abc/cpuset.cpus": "3",
                "sys/fs/cgroup/cpuacct/docker/abc/cpuacct.usage": "4000000000",
            },
            cgroup.Processors(1, 4),
        ),
    ],
    ids=["a quota is tighter", "version 2", "version 1"],
)
def test_processors_that_it_is_pinned_to_are_a_limit_too(tmp_path: Path, files: dict[str, str], expected: cgroup.Processors) -> None:
    assert cgroup.processors(container(tmp_path, files)) == expected


def test_of_limits_of_memory_the_one_counts_that_ends_it(tmp_path: Path) -> None:
    files = {
        "proc/self/cgroup": "0::/pod/app\n",
        "sys/fs/cgroup/pod/memory.max": "8000",
        "sys/fs/cgroup/pod/memory.current": "7900",
        "sys/fs/cgroup/pod/app/memory.max": "4000",
        "sys/fs/cgroup/pod/app/memory.current": "1000",
    }
    assert cgroup.memory(container(tmp_path, files)) == cgroup.Memory(8000, 7900)


@pytest.mark.parametrize(
    "changes",
    [
        {"sys/fs/cgroup/cpu.max": "max 100000", "sys/fs/cgroup/memory.max": "max"},
        {"sys/fs/cgroup/cpu.max": "garbage", "sys/fs/cgroup/memory.max": "more garbage"},
        {"proc/self/cgroup": "0::/../../../etc\n", "sys/fs/cgroup/cpu.max": "0 0", "sys/fs/cgroup/memory.max": ""},
        {"proc/self/cgroup": "", "sys/fs/cgroup/cpu.max": ""},
    ],
    ids=["no limit", "garbage", "outside", "nothing"],
)
def test_without_a_limit_that_can_be_read_there_is_none(tmp_path: Path, changes: dict[str, str]) -> None:
    root = container(tmp_path, {**V2, **changes})
    assert (cgroup.processors(root), cgroup.memory(root)) == (None, None)
