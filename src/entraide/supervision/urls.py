"""Database URLs: the same server, seen as another role."""

from urllib.parse import quote, urlencode

import psycopg.conninfo

_NAMED = ("user", "password", "host", "port", "dbname")


def as_role(server_url: str, role: str, password: str, database: str) -> str:
    """Return the URL of `role` for `database` on the server of `server_url`, keeping its other parameters (TLS)."""
    parts = {name: str(value) for name, value in psycopg.conninfo.conninfo_to_dict(server_url).items() if value}
    host, port = parts.get("host", ""), parts.get("port", "5432")
    query = {name: value for name, value in parts.items() if name not in _NAMED}
    if host.startswith("/") or not host:
        query = {"host": host, "port": port, **query} if host else query
        place = ""
    else:
        place = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    url = f"postgresql://{quote(role, safe='')}:{quote(password, safe='')}@{place}/{quote(database, safe='')}"
    return f"{url}?{urlencode(query, quote_via=quote, safe='')}" if query else url
