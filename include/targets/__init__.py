"""Many targets of one kind: found, followed, and read side by side."""
