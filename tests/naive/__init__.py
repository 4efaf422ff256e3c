"""Slow, obvious twins of fast code; tests compare the two."""
