"""What the pages of every room need to have an act signed, and to read the answer."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from django.http import HttpRequest

from entraide.access.operations.signing import BegunStepUp
from entraide.kernel.errors import Text
from entraide.ui.components import Fact, Signature


@dataclass(frozen=True, slots=True)
class Answer:
    """What a signed form brought: the attempt and the assertion.  Whether they hold is for the operation."""

    step_up_id: UUID
    assertion: str


def signature(
    step_up: BegunStepUp,
    *,
    title: Text,
    button: Text,
    action: str,
    facts: Sequence[Fact] = (),
    hidden: Mapping[str, str] | None = None,
) -> Signature:
    """Return the form whose button signs the act that `step_up` was begun for."""
    return Signature(
        title=title,
        button=button,
        action=action,
        facts=facts,
        act_hash=step_up.act_hash,
        options=step_up.options,
        software_key=step_up.software_key,
        hidden={**(hidden or {}), "step_up": str(step_up.id)},
    )


def is_signed(request: HttpRequest) -> bool:
    """Say whether the form that was sent brings a signature."""
    return request.method == "POST" and bool(request.POST.get("credential"))


def answer_of(request: HttpRequest) -> Answer:
    """Return what a signed form brought; what is missing or malformed no operation will accept."""
    try:
        step_up_id = UUID(request.POST.get("step_up", ""))
    except ValueError:
        step_up_id = UUID(int=0)
    return Answer(step_up_id, request.POST.get("credential", ""))
