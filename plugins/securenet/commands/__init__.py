"""What is typed in a shell: check, config, migrate, duties."""
