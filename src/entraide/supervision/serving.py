"""What a program's unit runs before the program: ``python -m entraide.supervision.serving``.

Where there is no supervisor to look at the server and the roles at each start, each program looks at its own.
"""

import sys

import psycopg

from entraide.kernel import environment
from entraide.kernel.errors import Refusal, Unavailable
from entraide.supervision import checks
from entraide.supervision.instance import Kind


def main() -> int:
    """Check every database this program was given; return the exit status."""
    try:
        for name in environment.SETTINGS:
            if "DATABASE_URL_" in name and environment.read(name):
                _check(name, environment.read(name))
    except Refusal as refusal:
        print(f"entraide: {refusal}", file=sys.stderr)
        return 1
    return 0


def _check(name: str, url: str) -> None:
    try:
        connection = psycopg.connect(url, connect_timeout=10)
    except psycopg.OperationalError as error:
        why = str(error).strip().splitlines()[-1]
        raise Unavailable(f"Signing in to the database by {name}", why=why, do="Is the server up?") from error
    with connection:
        checks.check_serving_role(connection)
        checks.check_server(connection, production=environment.read("ENTRAIDE_KIND") == Kind.PRODUCTION)


if __name__ == "__main__":
    sys.exit(main())
