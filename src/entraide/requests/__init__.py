"""Legal requests: drafted and signed by an agency, looked at by the desk, decided by two people."""
