"""What is known of a host, however it is asked: psutil here, a node_exporter, a Prometheus that scrapes one, or a command by SSH."""

from __future__ import annotations

from include.metrics import Metric

CORE, MOUNT, PROCESS = ("cpu",), ("mount",), ("process",)
DISK, INTERFACE = ("device", "direction"), ("interface", "direction")

PROCESSORS = {
    "processors": Metric("count", "Processors that may be used: the container's where it is limited, the host's otherwise"),
    "cpu_busy_seconds": Metric("s", "Counter: time that the processors were busy, averaged over them"),
    "cpu_usage": Metric("percent", "Share of the time that the processors were busy", rate_of="cpu_busy_seconds", scale=100),
    "cpu_iowait_seconds": Metric("s", "Counter: time that idle processors waited for a disk, averaged over them"),
    "cpu_iowait": Metric("percent", "Share of the time that idle processors waited for a disk", rate_of="cpu_iowait_seconds", scale=100),
    "cpu_steal_seconds": Metric("s", "Counter: time that the hypervisor gave to others, averaged over the processors"),
    "cpu_steal": Metric("percent", "Share of the time that the hypervisor gave to others", rate_of="cpu_steal_seconds", scale=100),
    "cpu_core_busy_seconds": Metric("s", "Counter: time that one processor was busy", CORE),
    "cpu_core_usage": Metric("percent", "Share of the time that one processor was busy", CORE, "cpu_core_busy_seconds", 100),
    "load_average": Metric("processes", "Processes that run or wait to, averaged over so many minutes: 1, 5, 15", ("minutes",)),
    "load_per_processor": Metric("processes", "The same for each processor of the host; above 1 they queue", ("minutes",)),
}
MEMORY = {
    "memory_total": Metric("bytes", "Memory that there is: the container's where it is limited, the host's otherwise"),
    "memory_available": Metric("bytes", "Memory that programs can still get, caches given up"),
    "memory_usage": Metric("percent", "Share of the memory that programs cannot get any more"),
    "swap_total": Metric("bytes", "Swap that there is"),
    "swap_used": Metric("bytes", "Swap that is used"),
    "swap_usage": Metric("percent", "Share of the swap that is used; nothing where there is no swap"),
}
DISKS = {
    "disk_total": Metric("bytes", "Size of a file system", MOUNT),
    "disk_free": Metric("bytes", "What users can still write into it", MOUNT),
    "disk_usage": Metric("percent", "Share of it that is full, as df says: what only root could still write is not counted", MOUNT),
    "inodes_usage": Metric("percent", "Share of its inodes that are used; nothing where it has none", MOUNT),
    "disk_bytes": Metric("bytes", "Counter: read from or written to a disk", DISK),
    "disk_throughput": Metric("bytes/s", "Read from or written to a disk", DISK, "disk_bytes"),
    "disk_operations": Metric("count", "Counter: reads or writes that a disk completed", DISK),
    "disk_operation_rate": Metric("1/s", "Reads or writes that a disk completes", DISK, "disk_operations"),
    "disk_operation_seconds": Metric("s", "Counter: time that all reads or writes took together", DISK),
    "disk_latency": Metric("s", "What one read or write took on average", DISK, "disk_operation_seconds", per="disk_operations"),
    "disk_busy_seconds": Metric("s", "Counter: time that a disk had something to do", ("device",)),
    "disk_utilization": Metric("percent", "Share of the time that a disk had something to do", ("device",), "disk_busy_seconds", 100),
}
INTERFACES = {
    "interface_bytes": Metric("bytes", "Counter: received or sent on a network interface", INTERFACE),
    "interface_throughput": Metric("bytes/s", "Received or sent on a network interface", INTERFACE, "interface_bytes"),
    "interface_packets": Metric("count", "Counter: packets received or sent", INTERFACE),
    "interface_packet_rate": Metric("1/s", "Packets received or sent", INTERFACE, "interface_packets"),
    "interface_errors": Metric("count", "Counter: packets that were broken", INTERFACE),
    "interface_error_rate": Metric("1/s", "Packets that were broken", INTERFACE, "interface_errors"),
    "interface_drops": Metric("count", "Counter: packets that were dropped", INTERFACE),
    "interface_drop_rate": Metric("1/s", "Packets that were dropped", INTERFACE, "interface_drops"),
}
SYSTEM = {
    "open_files": Metric("count", "Files that all processes hold open"),
    "open_files_usage": Metric("percent", "Share of the open files that the kernel allows"),
    "processes": Metric("count", "Processes"),
    "zombie_processes": Metric("count", "Processes that ended and that their parent does not reap"),
    "process_up": Metric("bool", "Whether a process of that name, one that the operator listed, is there", PROCESS),
    "process_cpu_usage": Metric("percent", "Share of all processors that the processes of a name use; of the five busiest names", PROCESS),
    "process_memory": Metric("bytes", "Memory in use by the processes of a name; of the five largest names", PROCESS),
    "temperature": Metric("°C", "Temperature of a sensor", ("sensor",)),
    "uptime": Metric("s", "Time since the host started"),
    "clock_offset": Metric("s", "How far the clock is from that of its time server, as the kernel estimates; negative: it is behind"),
    "clock_synchronized": Metric("bool", "Whether something keeps the clock right"),
}
OUTCOMES = {
    "lines_refused": Metric("count", "Lines of a metrics page that could not be read; the note shows the first"),
    "mounts_stuck": Metric("count", "File systems that do not say how full they are in time, as of a file server that is gone"),
}
METRICS: dict[str, Metric] = {**PROCESSORS, **MEMORY, **DISKS, **INTERFACES, **SYSTEM, **OUTCOMES}
SIGNED = frozenset({"clock_offset", "temperature"})
# What is asked every minute.
CHEAP = frozenset({*PROCESSORS, *MEMORY, *DISKS, *INTERFACES, *OUTCOMES})
