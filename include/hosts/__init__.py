"""What is known of a host, whoever says so: the kernel, a node_exporter, a Prometheus, a command by SSH."""
