"""What the operator decides: a YAML file, checked against one schema."""
