"""A step of every start, not a command: the desk's kind goes into its database and the first entry of its log.

``python -m entraide.cli.opening``; the first time it makes the desk, ever after it refuses a database of another kind.
"""

import os
import sys

import django

from entraide.kernel import clock, environment
from entraide.kernel.errors import Refusal


def main() -> int:
    """Make the desk where it is not made yet; return the exit status."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "entraide.project.settings")
    django.setup()
    from entraide.audit.api import create_instance

    try:
        create_instance(environment.required("ENTRAIDE_KIND"), now=clock.now())
    except Refusal as refusal:
        print(refusal, flush=True)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
