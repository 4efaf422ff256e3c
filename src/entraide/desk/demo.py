"""The demo's people, let in by the ordinary operations, and a sign-in link for each: ``python -m entraide.desk.demo``.

Run at every start: what is loaded stays; the links are made anew, because each works once.
"""

import argparse
import os
import sys

import django


def main() -> int:
    """Load the demo where it is empty, and print how to get in."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--stage", default="")
    parser.parse_args()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "entraide.project.settings")
    django.setup()
    from django.conf import settings

    from entraide.access.api import ROLE_NAMES, demo
    from entraide.agencies.api import demo as people
    from entraide.audit import api as audit
    from entraide.kernel import clock

    now = clock.now()
    if audit.instance().demo_loaded_at is None:
        people.load(now=now)
        audit.note_demo_loaded(now=now)
    lines = ["", f"The demo is at {settings.ORIGIN}. Everybody in it is made up. A link works once:"]
    for one in demo.make_links(now=now):
        roles = ", ".join(str(ROLE_NAMES[role]) for role in sorted(one.person.roles))
        lines.append(f"  {one.person.name} ({roles}, {one.person.organisation_name}): {one.link}")
    sys.stdout.write("\n".join(lines) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
