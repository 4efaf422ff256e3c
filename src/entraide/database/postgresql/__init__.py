"""Django's PostgreSQL backend with a shorter way into a transaction and out of it."""
