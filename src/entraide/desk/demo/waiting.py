"""What waits for each of the demo's people, and on which page it is done."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from django.urls import reverse
from django.utils.translation import gettext as _

from entraide.access import api as access
from entraide.database import reading_as
from entraide.disclosure import api as disclosure
from entraide.kernel.actors import Actor, Role
from entraide.requests import api as requests

_ADMINISTRATORS = (Role.AGENCY_ADMINISTRATOR, Role.DESK_ADMINISTRATOR)


@dataclass(frozen=True, slots=True)
class Task:
    """One thing to do, in words, and its page."""

    what: str
    page: str


def tasks_of(person: access.PersonView, *, now: datetime) -> list[Task]:
    """Return what waits for a person, what she lands on first."""
    actor = Actor(
        face=person.face,
        name=person.name,
        roles=person.roles,
        person_id=person.id,
        organisation_id=person.organisation_id,
    )
    with reading_as(actor):
        return [*_packages(actor, now), *_requests(actor), *_logs(actor), *_people(actor)]


def _packages(actor: Actor, now: datetime) -> Iterator[Task]:
    for package in disclosure.not_fetched_by(actor, now):
        yield Task(
            _("%(package)s can be fetched and verified") % {"package": package.reference},
            reverse("disclosure:package", args=[package.id]),
        )


def _requests(actor: Actor) -> Iterator[Task]:
    for one in requests.waiting_for(actor):
        if one.verb is None:  # a delivered request; its package is named already, or was fetched
            continue
        # The case shows everything and offers the button; a draft of one's own is gone on with where it was left.
        draft = requests.address_of(one.verb, one.request.reference) if one.verb == "file" else ""
        page = draft or reverse("desk:case", args=[one.request.reference])
        yield Task(f"{one.request.reference}: {one.what}", page)


def _logs(actor: Actor) -> Iterator[Task]:
    if not actor.has(Role.AUDITOR):
        return
    ended = requests.RequestQuestion(states=frozenset({requests.RequestState.DELIVERED}))
    for row in requests.requests_for(actor, ended).rows[:1]:
        page = reverse("desk:case_log", args=[row.reference])
        yield Task(_("%(request)s: the log of a delivered case to check") % {"request": row.reference}, page)


def _people(actor: Actor) -> Iterator[Task]:
    if not actor.has(*_ADMINISTRATORS) or actor.organisation_id is None:
        return
    for one in access.people_of(actor.organisation_id):
        if one.is_active and not one.has_passkey:
            yield Task(_("%(name)s was invited and has not come yet") % {"name": one.name}, reverse("access:people"))
    yield Task(_("people to look after"), reverse("access:people"))
