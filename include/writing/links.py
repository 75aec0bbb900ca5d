"""Ways from a message into the Airflow UI."""

from __future__ import annotations


def duty_link(ui: str | None, duty: str) -> str | None:
    """The page of a duty; None where the address of the UI is not known."""
    return f"{ui.rstrip('/')}/dags/{duty}" if ui else None
