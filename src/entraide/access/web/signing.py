"""What the pages of every room need to have an act signed, and to read the answer."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from django.http import HttpRequest, JsonResponse
from django.utils.translation import gettext as _

from entraide.access.operations.signing import BegunStepUp
from entraide.kernel.acts import Act
from entraide.kernel.errors import NotPossible, Text
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


def signature_on_demand(
    act: Act,
    *,
    options_href: str,
    title: Text,
    button: Text,
    action: str,
    facts: Sequence[Fact] = (),
    hidden: Mapping[str, str] | None = None,
    is_demo: bool = False,
    reason: Text = "",
) -> Signature:
    """Return the form whose button asks `options_href` for a step-up and signs `act` with it.

    The five minutes of a step-up begin when the button is pressed, not when the page is opened: whoever signs has time
    to read.  The view at `options_href` answers with `answer_with`, and only if the act is still the one that was shown
    (its hash comes along as `act_hash`).
    """
    return Signature(
        title=title,
        button=button,
        action=action,
        facts=facts,
        act_hash=act.hash().hex(),
        options_href=options_href,
        is_demo=is_demo,
        hidden={**(hidden or {}), "act_hash": act.hash().hex(), "step_up": ""},
        reason=reason,
    )


def check_shown(request: HttpRequest, act: Act) -> None:
    """Raise `NotPossible` where the page that was shown spoke of another act than `act`."""
    if request.POST.get("act_hash") != act.hash().hex():
        raise NotPossible(
            _("Signing"), why=_("what you were shown has changed since"), do=_("Reload the page and read it again")
        )


def answer_with(step_up: BegunStepUp) -> JsonResponse:
    """Answer the button of `signature_on_demand`."""
    return JsonResponse(
        {"options": step_up.options, "software_key": step_up.software_key, "hidden": {"step_up": str(step_up.id)}}
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
