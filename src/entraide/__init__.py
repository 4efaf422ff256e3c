"""Entraide: the desk at which a crypto exchange and law enforcement work one case together."""

__version__ = "0.1.0"
