"""Asking others: only reading, not for long, and gone in time."""
