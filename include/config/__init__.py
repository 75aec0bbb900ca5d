"""What the operator decides: a YAML file, checked against one schema."""

from pathlib import Path

SHIPPED = Path(__file__).with_name("monitoring.yaml")
