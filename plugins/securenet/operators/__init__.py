"""The verbs: what a task of a duty does."""
