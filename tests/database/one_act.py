"""A process that does one act with its entry and its effect: ``python -m tests.database.one_act STREAM``."""

import os
import sys
from uuid import UUID


def main(stream: UUID) -> None:
    """Do it."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "entraide.project.settings")
    import django

    django.setup()
    from entraide.audit import api as audit
    from entraide.audit.models import SignerKey
    from entraide.database import operation
    from entraide.kernel.actors import Actor, Face
    from entraide.kernel.clock import now
    from entraide.kernel.faults import fault
    from entraide.outbox import api as outbox

    audit.register_events({"tests:thing:done": "Something was done."})

    @operation
    def act(*, actor: Actor) -> None:
        row = SignerKey(purpose="log", verifier="an act", published_at=now())
        row.save(force_insert=True)
        fault("tests.after_state")
        audit.record("tests:thing:done", stream_id=stream, actor=actor, now=now(), subject=row)
        effect = outbox.Effect(
            order="R-1", action="tests:hold:place", version=1, request={}, act_hash=None, case_id=None,
            organisation_id=None,
        )  # fmt: skip
        outbox.ask(effect, now=now())

    act(actor=Actor(face=Face.STAFF, name="Anouk", person_id=UUID(int=13)))


if __name__ == "__main__":
    main(UUID(sys.argv[1]))
