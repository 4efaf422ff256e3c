"""How an agency's row comes into being, inside the operation of whoever decided it."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from entraide.access import api as access
from entraide.agencies.facts import AgencyFacts
from entraide.agencies.models import Agency
from entraide.agencies.rules import DEFAULT_COUNTERSIGNED
from entraide.audit.api import Entry, record
from entraide.kernel.actors import Actor


def enter(
    organisation_id: UUID,
    facts: AgencyFacts,
    *,
    actor: Actor,
    now: datetime,
    act_hash: bytes | None = None,
) -> tuple[Agency, Entry]:
    """Enter what is known of an agency, and return it with its entry; nobody has vouched for it yet."""
    row = Agency(
        organisation_id=organisation_id,
        **facts.content,
        countersigned_categories=list(DEFAULT_COUNTERSIGNED),
        entered_at=now,
    )
    row.save(force_insert=True)
    return row, note("agencies:agency:entered", row, actor=actor, now=now, act_hash=act_hash)


def note(
    event: str,
    row: Agency,
    *,
    actor: Actor,
    now: datetime,
    act_hash: bytes | None,
    more: Mapping[str, object] | None = None,
) -> Entry:
    """Write one entry about an agency into its own stream, with `more` beside what is known of it."""
    return record(
        event,
        stream_id=access.organisation(row.organisation_id).stream_id,
        actor=actor,
        now=now,
        subject=row,
        payload={
            "state": row.state,
            **known_of(row),
            "checked": {"first": list(row.proposal_checks), "second": list(row.verification_checks)},
            **dict(more or {}),
        },
        act_hash=act_hash,
    )


def facts_of(row: Agency) -> AgencyFacts:
    """Return the facts in force."""
    return AgencyFacts(
        country=row.country, function=row.function, domains=tuple(row.domains), switchboard=row.switchboard
    )


def put(facts: AgencyFacts, row: Agency) -> None:
    """Put other facts in force."""
    for name, value in facts.content.items():
        setattr(row, name, value)


def known_of(row: Agency) -> dict[str, object]:
    """Return what is known of an agency, as it is shown and signed."""
    return {
        "organisation": str(row.organisation_id),
        **facts_of(row).content,
        "countersigned_categories": sorted(row.countersigned_categories),
    }
