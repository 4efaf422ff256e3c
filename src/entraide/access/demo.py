"""The demo's people: enrolled with software keys, signed in by links, switched in one browser.

Every function here refuses unless this is a demo, by its settings and by the database.  Nothing else in the room knows
of software keys but what a page is handed (`demo_keys`).
"""

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from uuid import UUID

import pyrage
from django.conf import settings
from django.utils.translation import gettext as _

from entraide.access import acts, demo_keys, enrolment
from entraide.access.models import Invitation, Person
from entraide.access.operations import members, passkeys, sign_ins
from entraide.access.operations.passkeys import link_of, name_person
from entraide.access.operations.sign_ins import DOOR, StartedSignIn
from entraide.access.operations.signing import begin_step_up
from entraide.access.people import PersonView, actor_for, people_by_ids
from entraide.access.states import CredentialKind, Purpose
from entraide.audit import api as audit
from entraide.database import operation, reading_as
from entraide.evidence.signed_acts import from_base64url
from entraide.evidence.software_key import SoftwareKey
from entraide.kernel.actors import Actor, Role
from entraide.kernel.acts import Act
from entraide.kernel.errors import NotFound

LOADER = Actor.system("demo")


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoPerson:
    """A made-up person, as the switcher shows her; `link` only right after it was made."""

    person: PersonView
    link: str = ""


def check_is_demo() -> None:
    """Refuse outside of a demo, with the words of a page that does not exist."""
    if settings.KIND != "demo" or audit.instance().kind != "demo":
        raise NotFound(_("This page"), why=_("there is none"))


def invite_and_enrol_first(people: Sequence[tuple[str, str]], *, now: datetime) -> list[Actor]:
    """Enrol the first two people of a demo, by name and address; return them as actors."""
    check_is_demo()
    invited = members.invite_first(now=now)
    return [enrol(one, name=name, email=email, now=now) for one, (name, email) in zip(invited, people, strict=True)]


def invite_and_enrol(
    *,
    organisation_id: UUID,
    name: str,
    email: str,
    roles: Sequence[Role],
    by: Actor,
    now: datetime,
    language: str = "en",
) -> Actor:
    """Have `by` invite a made-up person, and enrol that person; return them as an actor."""
    invited = invite(
        organisation_id=organisation_id, name=name, email=email, roles=roles, by=by, now=now, language=language
    )
    return enrol(invited, name=name, email=email, now=now)


def invite(
    *,
    organisation_id: UUID,
    name: str,
    email: str,
    roles: Sequence[Role],
    by: Actor,
    now: datetime,
    language: str = "en",
) -> members.Invited:
    """Have `by` invite a made-up person, who does not come."""
    check_is_demo()
    act = acts.invite(organisation_id=organisation_id, name=name, email=email, language=language, roles=roles)
    step_up_id, assertion = sign(act, by=by, now=now)
    return members.invite(
        organisation_id=organisation_id,
        name=name,
        email=email,
        language=language,
        roles=roles,
        step_up_id=step_up_id,
        assertion=assertion,
        actor=by,
        now=now,
    )


def grant(person: Actor, role: Role, *, by: Actor, now: datetime) -> Actor:
    """Have `by` grant a made-up person a role; return them as an actor who holds it."""
    if person.person_id is None:
        raise NotFound(_("This person"), why=_("there is none, or it is not yours to see"))
    step_up_id, assertion = sign(acts.grant_role(person_id=person.person_id, role=role), by=by, now=now)
    members.grant_role(person.person_id, role, step_up_id=step_up_id, assertion=assertion, actor=by, now=now)
    return replace(person, roles=person.roles | {role})


def enrol(invited: members.Invited, *, name: str, email: str, now: datetime) -> Actor:
    """Enrol an invited person with a software key; return them as an actor."""
    check_is_demo()
    key = SoftwareKey.generate()
    demo_keys.keep(invited.person_id, key)  # before the row: a key without a row harms nobody, a row without a key does
    token = invited.link.rstrip("/").rsplit("/", 1)[-1]
    with reading_as(DOOR):
        actor = actor_for(link_of(token, Purpose.ENROL, now).person, at=now, sign_in_id=None)
    return _enrol(token, key, name, email, actor=actor, now=now)


def sign(act: Act, *, by: Actor, now: datetime) -> tuple[UUID, str]:
    """Sign as a made-up person: return what an operation wants, the attempt and the assertion."""
    check_is_demo()
    begun = begin_step_up(act, actor=by, now=now)
    key = demo_keys.key_of(by.person_id) if by.person_id else None
    if key is None:
        raise NotFound(_("The software key of %(name)s") % {"name": by.name}, why=_("it is gone"), do="--fresh")
    challenge = from_base64url(begun.options["challenge"])
    return begun.id, json.dumps(key.assertion_json(challenge, origin=settings.ORIGIN, rp_id=settings.RP_ID))


def age_key_path(person_id: UUID) -> Path:
    """Return where the secret half of a made-up officer's age key lies: beside the demo, for the reader to try."""
    return Path(settings.HOME) / "demo" / f"{person_id}.age-key.txt"


def make_age_key(*, by: Actor, now: datetime) -> Path:
    """Make an age key for a made-up officer and have her register it; return the file of its secret half."""
    check_is_demo()
    if by.person_id is None:
        raise NotFound(_("This person"), why=_("there is none, or it is not yours to see"))
    identity = pyrage.x25519.Identity.generate()
    recipient, path = str(identity.to_public()), age_key_path(by.person_id)
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(f"# DEMO: not evidence\n# public key: {recipient}\n{identity}\n")
    step_up_id, assertion = sign(acts.register_age_key(person_id=by.person_id, recipient=recipient), by=by, now=now)
    passkeys.register_age_key(recipient, step_up_id=step_up_id, assertion=assertion, actor=by, now=now)
    return path


def keep_landings(pages: Mapping[UUID, str]) -> None:
    """Keep on which page each made-up person lands when she comes in by her link."""
    check_is_demo()
    path = _landings_path()
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = path.with_suffix(".new")
    draft.write_text(json.dumps({str(person_id): page for person_id, page in pages.items()}), encoding="utf-8")
    draft.replace(path)


def landing_of(person_id: UUID | None) -> str:
    """Return the page on which a made-up person lands: the task that waits for her, or what waits for her at all."""
    try:
        pages = json.loads(_landings_path().read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return "/"
    return str(pages.get(str(person_id), "/"))


def _landings_path() -> Path:
    return Path(settings.HOME) / "demo" / "landings.json"


def people() -> list[PersonView]:
    """Return every made-up person who can be signed in, the exchange's first."""
    check_is_demo()
    with reading_as(DOOR):
        rows = Person.objects.filter(is_demo=True, is_active=True).order_by("invited_at", "pk")
        return [view for view in people_by_ids(rows.values_list("pk", flat=True)).values() if view.has_passkey]


def make_links(*, now: datetime) -> list[DemoPerson]:
    """Make a one-time sign-in link for each made-up person; former links end."""
    check_is_demo()
    return _make_links([person.id for person in people()], actor=LOADER, now=now)


def use_link(token: str, *, device: str, now: datetime) -> StartedSignIn:
    """Sign in by a link of the demo, once; raises `NotFound` for every link that is no good."""
    check_is_demo()
    with reading_as(DOOR):
        actor = actor_for(link_of(token, Purpose.DEMO, now).person, at=now, sign_in_id=None)
    return _use_link(token, device, actor=actor, now=now)


def switch_to(person_id: UUID, *, device: str, former: Actor | None, now: datetime) -> StartedSignIn:
    """Become another made-up person in this browser; the former sign-in ends."""
    check_is_demo()
    with reading_as(DOOR):
        row = Person.objects.filter(pk=person_id, is_demo=True, is_active=True, face__in=settings.FACES).first()
        if row is None:
            raise NotFound(_("This person"), why=_("there is none, or it is not yours to see"))
        actor = actor_for(row, at=now, sign_in_id=None)
    if former is not None and former.sign_in_id is not None:
        sign_ins.end_sign_in(former.sign_in_id, actor=former, now=now)
    return _switch(device, actor=actor, now=now)


@operation
def _enrol(token: str, key: SoftwareKey, name: str, email: str, *, actor: Actor, now: datetime) -> Actor:
    link = link_of(token, Purpose.ENROL, now, is_locked=True)
    person = link.person
    if not person.email:
        name_person(person, name, email, actor=actor, now=now)
    enrolment.register(
        person,
        credential_id=key.credential_id,
        public_key=key.public_key,
        kind=CredentialKind.SOFTWARE,
        label=_("Software key of the demo"),
        actor=actor,
        now=now,
    )
    link.used_at = now
    link.save(update_fields=["used_at"])
    return actor_for(person, at=now, sign_in_id=None)


@operation
def _make_links(person_ids: Sequence[UUID], *, actor: Actor, now: datetime) -> list[DemoPerson]:
    Invitation.objects.filter(purpose=Purpose.DEMO.value, used_at__isnull=True).update(used_at=now)
    views = people_by_ids(person_ids)
    links = []
    for row in Person.objects.select_related("organisation").filter(pk__in=person_ids).order_by("invited_at", "pk"):
        _, token = enrolment.make_demo_link(row, actor=actor, now=now)
        links.append(DemoPerson(person=views[row.pk], link=f"{settings.ORIGIN}/demo/{token}/"))
    return links


@operation
def _use_link(token: str, device: str, *, actor: Actor, now: datetime) -> StartedSignIn:
    link = link_of(token, Purpose.DEMO, now, is_locked=True)
    link.used_at = now
    link.save(update_fields=["used_at"])
    return sign_ins.start_for(link.person, None, device, actor=actor, now=now)


@operation
def _switch(device: str, *, actor: Actor, now: datetime) -> StartedSignIn:
    person = Person.objects.select_related("organisation").get(pk=actor.person_id or UUID(int=0))
    return sign_ins.start_for(person, None, device, actor=actor, now=now)
