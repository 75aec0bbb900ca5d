"""What is known of a host, whoever says so: the kernel, an exporter, a Prometheus, a command by SSH."""
