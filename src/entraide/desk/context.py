"""What every page shows besides its own content: the desk, who reads, where she can go."""

from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _

from entraide.access.api import ROLE_NAMES
from entraide.audit import api as audit
from entraide.kernel.actors import Actor, Role
from entraide.ui.components import Link, PersonChip

_ADMINISTRATORS = (Role.AGENCY_ADMINISTRATOR, Role.DESK_ADMINISTRATOR)


def desk(request: HttpRequest) -> dict[str, Any]:
    """Be the context processor ``entraide.desk.context.desk``: `instance`, `navigation`, `me`."""
    actor: Actor | None = getattr(request, "actor", None)
    found = audit.find_instance()
    return {
        "instance": {"kind": found.kind if found else "", "name": ""},
        "navigation": _links(request, actor) if actor else [],
        "me": _chip(actor) if actor else None,
    }


def _chip(actor: Actor) -> PersonChip:
    return PersonChip(name=actor.name, role=", ".join(str(ROLE_NAMES[role]) for role in sorted(actor.roles)))


def _links(request: HttpRequest, actor: Actor) -> list[Link]:
    places = [(_("What waits"), reverse("desk:home"))]
    if not actor.has(*_ADMINISTRATORS):
        places.append((_("Requests"), reverse("desk:cases")))
    else:
        places.append((_("People"), reverse("access:people")))
    if actor.has(Role.DESK_ADMINISTRATOR, Role.APPROVER):
        places.append((_("Agencies"), reverse("agencies:agencies")))
    elif actor.has(Role.AGENCY_ADMINISTRATOR):
        places.append((_("Agency"), reverse("agencies:agency", args=[actor.organisation_id])))
    places.append((_("My account"), reverse("access:account")))
    return [Link(label=label, href=href, is_current=request.path == href) for label, href in places]
