"""Pages of people and keys."""
