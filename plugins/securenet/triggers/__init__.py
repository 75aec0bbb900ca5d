"""What runs in the triggerer: the watchers."""
