"""What is typed in a shell: check, config, explain, on-call, migrate, duties."""
