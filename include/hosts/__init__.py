"""What is known of a host, and where the kernel, a node_exporter, a Prometheus or a command by SSH says so."""
