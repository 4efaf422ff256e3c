"""Adapters to what lies outside: here the exchange's back office, over HTTP."""
