"""What every page shows besides its own content: the desk, who reads, where she can go."""

from datetime import timedelta
from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from entraide.access.api import roles_in_words
from entraide.audit import api as audit
from entraide.kernel import clock
from entraide.kernel.actors import CASE_READERS, Actor, Role
from entraide.ui.components import Link, PersonChip

DEMO_IS_OLD_AFTER = timedelta(days=7)
_ADMINISTRATORS = (Role.AGENCY_ADMINISTRATOR, Role.DESK_ADMINISTRATOR)


def desk(request: HttpRequest) -> dict[str, Any]:
    """Be the context processor ``entraide.desk.context.desk``: `instance`, `navigation`, `me` and how to draw it."""
    actor: Actor | None = getattr(request, "actor", None)
    found = audit.find_instance()
    return {
        "instance": {"kind": found.kind if found else "", "name": "", "note": _note(found)},
        "navigation": _links(request, actor) if actor else [],
        "me": _chip(actor) if actor else None,
        "person_template": "desk/me.html",
    }


def _note(found: audit.InstanceView | None) -> str:
    """Return what a demo says of its age once its dates look odd."""
    loaded_at = found.demo_loaded_at if found else None
    if loaded_at is None or clock.now() - loaded_at < DEMO_IS_OLD_AFTER:
        return ""
    return _("This demo was loaded on %(day)s; its dates are old. Start ./entraide demo --fresh for a new one.") % {
        "day": date_format(loaded_at, "DATE_FORMAT")
    }


def _chip(actor: Actor) -> PersonChip:
    return PersonChip(name=actor.name, role=roles_in_words(actor.roles))


def _links(request: HttpRequest, actor: Actor) -> list[Link]:
    places = [(_("What waits"), reverse("desk:home"))]
    if actor.has(*CASE_READERS):
        places.append((_("Requests"), reverse("desk:cases")))
    if actor.has(*_ADMINISTRATORS):
        places.append((_("People"), reverse("access:people")))
    if actor.has(Role.DESK_ADMINISTRATOR, Role.APPROVER):
        places.append((_("Agencies"), reverse("agencies:agencies")))
    elif actor.has(Role.AGENCY_ADMINISTRATOR):
        places.append((_("Agency"), reverse("agencies:agency", args=[actor.organisation_id])))
    places.append((_("My account"), reverse("access:account")))
    return [Link(label=label, href=href, is_current=request.path == href) for label, href in places]
