"""What is signed about agencies."""

from collections.abc import Sequence
from uuid import UUID

from entraide.agencies.facts import AgencyFacts
from entraide.kernel.acts import Act


def enter(facts: AgencyFacts, *, name: str) -> Act:
    """Return the act of entering an agency."""
    return Act("agencies:agency:enter", name, facts.content)


def propose(*, organisation_id: UUID, known: dict[str, object], checked: Sequence[str]) -> Act:
    """Return the act of vouching for an agency as the first: what is known of it, and what the signer checked."""
    return Act("agencies:agency:propose", str(organisation_id), {**known, "checked": sorted(checked)})


def verify(*, organisation_id: UUID, known: dict[str, object], checked: Sequence[str]) -> Act:
    """Return the act of verifying an agency as the second: what is known of it, and what the signer checked."""
    return Act("agencies:agency:verify", str(organisation_id), {**known, "checked": sorted(checked)})


def suspend(*, organisation_id: UUID) -> Act:
    """Return the act of suspending an agency."""
    return Act("agencies:agency:suspend", str(organisation_id), {})


def set_countersigned(*, organisation_id: UUID, categories: Sequence[str]) -> Act:
    """Return the act of saying for which data the supervisor signs as well."""
    return Act("agencies:agency:countersign", str(organisation_id), {"categories": sorted(categories)})


def propose_change(
    facts: AgencyFacts, *, organisation_id: UUID, known: dict[str, object], checked: Sequence[str]
) -> Act:
    """Return the act of asking for other facts: what is known, what shall be, and what the signer checked."""
    content = {"known": known, "change": facts.content, "checked": sorted(checked)}
    return Act("agencies:agency:propose-change", str(organisation_id), content)


def confirm_change(
    facts: AgencyFacts, *, organisation_id: UUID, known: dict[str, object], checked: Sequence[str]
) -> Act:
    """Return the act of putting other facts in force as the second: the same, and what this signer checked."""
    content = {"known": known, "change": facts.content, "checked": sorted(checked)}
    return Act("agencies:agency:confirm-change", str(organisation_id), content)


def drop_change(facts: AgencyFacts, *, organisation_id: UUID) -> Act:
    """Return the act of dropping a change that waits."""
    return Act("agencies:agency:drop-change", str(organisation_id), {"change": facts.content})
