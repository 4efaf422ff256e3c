"""Measurements; nothing in the program imports this."""
