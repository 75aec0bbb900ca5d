"""What is known of a host, and where the kernel, a node_exporter or a Prometheus says so."""
