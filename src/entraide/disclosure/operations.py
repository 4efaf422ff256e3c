"""Every way a package can change."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from django.utils.translation import gettext as _

from entraide.access import api as access
from entraide.audit import api as audit
from entraide.database import operation
from entraide.disclosure import policies
from entraide.disclosure.acts import download_act
from entraide.disclosure.models import Download, Package
from entraide.disclosure.rules import DOWNLOAD_LASTS, LINK_LASTS, SETTLED_AFTER
from entraide.disclosure.states import PACKAGE, PackageState, PackageVerb
from entraide.kernel.actors import Actor
from entraide.kernel.errors import NotFound, Unavailable
from entraide.kernel.faults import fault
from entraide.outbox import api as outbox
from entraide.requests import api as requests

WORK = "disclosure:package"
BUILD = "disclosure:package:build"
RELEASE = "disclosure:package:release"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetching:
    """A fetch that was signed for: its id, and its entry in the log."""

    id: UUID
    entry_id: UUID


@operation
def order(request_id: UUID, *, actor: Actor, now: datetime) -> UUID | None:
    """Order the package of an approved decision; return it, or None where there is nothing to do.

    Repeated for the same decision it changes nothing: news may be told more than once.

    Raises
    ------
    Unavailable
        While the officer has no key that a package could be encrypted to: asked again by itself.
    """
    scope = requests.approved_scope(request_id)
    case = requests.case_of(request_id)
    earlier = Package.objects.filter(request_id=request_id)
    if any(bytes(package.decision_hash) == scope.decision_sha256 for package in earlier):
        return None
    key = access.age_key_of(case.officer_id)
    if key is None:
        raise Unavailable(
            _("Building a package for %(reference)s") % {"reference": case.reference},
            why=_("the officer has not registered a key for packages"),
            do=_("Ask her to register one on her account page"),
        )
    version = earlier.count() + 1
    package = Package(
        request_id=request_id,
        organisation_id=case.organisation_id,
        stream_id=case.stream_id,
        reference=f"{case.reference}-v{version}",
        version=version,
        state=PackageState.QUEUED.value,
        decision_hash=scope.decision_sha256,
        recipient_id=case.officer_id,
        recipient_key=key.recipient,
        language=case.language or "en",
        # What was booked up to the approval: a later record was decided on by nobody.
        as_of=scope.approved_at - SETTLED_AFTER,
        queued_at=now,
        plan={},
    )
    package.save(force_insert=True)
    requests.start_production(request_id, actor=actor, now=now)
    payload = {"package": package.reference, "decision": scope.decision_sha256.hex()}
    audit.record(
        "disclosure:package:queued",
        stream_id=package.stream_id,
        actor=actor,
        now=now,
        subject=package,
        payload=payload,
        is_shared=True,
    )
    outbox.later(BUILD, package_id=str(package.pk))
    return package.pk


@operation
def begin_collecting(package_id: UUID, *, actor: Actor, now: datetime) -> bool:
    """Note that collecting begins, after every signature was checked; False where it had begun before."""
    package = _locked(package_id)
    if package.state == PackageState.COLLECTING.value:
        return False
    _step(package, PackageVerb.COLLECT, "disclosure:package:collecting", actor=actor, now=now)
    return True


@dataclass(frozen=True, slots=True, kw_only=True)
class Sealed:
    """What sealing fixed: the place in the log and the words about it that every later step must repeat."""

    entry_id: UUID
    plan: Mapping[str, Any]
    tag_manifest_hash: str


class SealMaker(Protocol):
    """Makes the plan and the tag manifest's hash once the place in the log is known; given to `seal`."""

    def __call__(self, *, stream: str, n: int, head: str | None, now: datetime) -> tuple[dict[str, Any], str]:
        """Return the completed plan and the hash (hex) of the tag manifest it leads to."""
        ...


@operation
def seal(package_id: UUID, *, make: SealMaker, actor: Actor, now: datetime) -> Sealed:
    """Fix what the package is and enter the hash over all of it in the case's stream.

    The stream's head is read under its lock, so that the statement in the package can name the entry before its own.
    """
    package = _locked(package_id)
    if package.state == PackageState.SEALED.value and package.sealed_entry_id and package.tag_manifest_hash:
        return Sealed(
            entry_id=package.sealed_entry_id,
            plan=package.plan,
            tag_manifest_hash=bytes(package.tag_manifest_hash).hex(),
        )
    PACKAGE.step(PackageState(package.state), PackageVerb.SEAL)
    head = audit.lock_stream(package.stream_id)
    plan, tag_manifest_hash = make(
        stream=head.handle, n=head.head_n, head=head.head_hash.hex() if head.head_hash else None, now=now
    )
    package.state = PackageState.SEALED.value
    package.plan, package.tag_manifest_hash, package.sealed_at = plan, bytes.fromhex(tag_manifest_hash), now
    entry = audit.record(
        "disclosure:package:sealed",
        stream_id=package.stream_id,
        actor=actor,
        now=now,
        subject=package,
        payload={"package": package.reference, "tagmanifest": tag_manifest_hash},
        is_shared=True,
    )
    package.sealed_entry_id = entry.id
    package.save(update_fields=["state", "plan", "tag_manifest_hash", "sealed_at", "sealed_entry_id"])
    fault("disclosure.sealed")
    return Sealed(entry_id=entry.id, plan=plan, tag_manifest_hash=tag_manifest_hash)


@operation
def note_assembled(package_id: UUID, *, file_size: int, file_hash: bytes, actor: Actor, now: datetime) -> None:
    """Note the encrypted file, and ask the outbox to release it."""
    package = _locked(package_id)
    if package.state in (PackageState.ASSEMBLED.value, PackageState.RELEASED.value):
        return
    package.file_size, package.file_hash = file_size, file_hash
    _step(
        package,
        PackageVerb.ASSEMBLE,
        "disclosure:package:assembled",
        actor=actor,
        now=now,
        changed=["file_size", "file_hash"],
        payload={"package": package.reference, "sha256": file_hash.hex(), "size": str(file_size)},
    )
    outbox.ask(
        outbox.Effect(
            order=package.reference,
            action=RELEASE,
            version=package.version,
            request={"package": str(package.pk), "sha256": file_hash.hex()},
            act_hash=bytes(package.decision_hash),
            case_id=package.request_id,
            organisation_id=package.organisation_id,
        ),
        now=now,
    )


def note_released(package_id: UUID, *, actor: Actor, now: datetime) -> None:
    """Note the release, inside the transaction that stores the outcome of the effect."""
    package = _locked(package_id)
    if package.state == PackageState.RELEASED.value:
        return
    package.released_at, package.available_until = now, package.sealed_at and package.sealed_at + LINK_LASTS
    _step(
        package,
        PackageVerb.RELEASE,
        "disclosure:package:released",
        actor=actor,
        now=now,
        changed=["released_at", "available_until"],
    )
    requests.mark_delivered(package.request_id, actor=actor, now=now)
    outbox.announce(
        "disclosure:package:released",
        subject_id=package.pk,
        organisation_id=package.organisation_id,
        case_id=package.request_id,
        now=now,
    )


@operation
def fail(package_id: UUID, *, why: str, actor: Actor, now: datetime) -> None:
    """Note what stopped the building for good, so that a person looks."""
    package = _locked(package_id)
    if not PACKAGE.allows(PackageState(package.state), PackageVerb.FAIL):
        return
    package.failure = why[:500]
    _step(
        package,
        PackageVerb.FAIL,
        "disclosure:package:failed",
        actor=actor,
        now=now,
        changed=["failure"],
        payload={"package": package.reference, "why": why[:500]},
    )


@operation
def resume(package_id: UUID, *, actor: Actor, now: datetime) -> UUID:
    """Take a stopped package up again, and return the entry; what was collected is kept."""
    policies.check_may_steer(actor)
    package = _locked(package_id)
    package.failure = ""
    entry = _step(package, PackageVerb.RESUME, "disclosure:package:resumed", actor=actor, now=now, changed=["failure"])
    outbox.later(BUILD, package_id=str(package.pk))
    return entry.id


@operation
def cancel(package_id: UUID, *, actor: Actor, now: datetime) -> UUID:
    """Cancel a package that has not left, give the request back to the desk, and return the entry."""
    policies.check_may_steer(actor)
    package = _locked(package_id)
    entry = _step(package, PackageVerb.CANCEL, "disclosure:package:cancelled", actor=actor, now=now)
    outbox.ask_to_cancel(WORK, package.pk)
    requests.stop_production(package.request_id, actor=actor, now=now)
    return entry.id


@operation
def begin_download(package_id: UUID, *, step_up_id: UUID, assertion: str, actor: Actor, now: datetime) -> Fetching:
    """Let the recipient fetch the package once, resumable for a day, after she signed for it.

    Raises
    ------
    NotFound
        If it is not hers.
    NotPossible
        If it is not released, or the link has ended.
    """
    package = Package.objects.filter(pk=package_id, recipient_id=actor.person_id or UUID(int=0)).first()
    if package is None:
        raise not_found()
    policies.check_may_fetch(package.state, package.available_until, package.reference, actor=actor, now=now)
    signed = access.sign(
        download_act(package.reference, bytes(package.file_hash or b"")),
        step_up_id=step_up_id,
        assertion=assertion,
        case_id=package.request_id,
        actor=actor,
        now=now,
    )
    assert actor.person_id and actor.sign_in_id  # a signature was just checked: a signed-in person acts
    download = Download(
        package=package,
        organisation_id=package.organisation_id,
        person_id=actor.person_id,
        sign_in_id=actor.sign_in_id,
        signed_act_id=signed.id,
        granted_at=now,
        expires_at=now + DOWNLOAD_LASTS,
    )
    download.save(force_insert=True)
    entry = audit.record(
        "disclosure:package:fetched",
        stream_id=package.stream_id,
        actor=actor,
        now=now,
        subject=download,
        payload={"package": package.reference},
        act_hash=signed.act_hash,
    )
    return Fetching(id=download.pk, entry_id=entry.id)


def _step(
    package: Package,
    verb: PackageVerb,
    event: str,
    *,
    actor: Actor,
    now: datetime,
    changed: list[str] | None = None,
    payload: Mapping[str, Any] | None = None,
) -> audit.Entry:
    package.state = PACKAGE.step(PackageState(package.state), verb).target.value
    package.save(update_fields=["state", *(changed or [])])
    return audit.record(
        event,
        stream_id=package.stream_id,
        actor=actor,
        now=now,
        subject=package,
        payload=payload or {"package": package.reference},
        is_shared=verb is not PackageVerb.FAIL,
    )


def _locked(package_id: UUID) -> Package:
    package = Package.objects.select_for_update().filter(pk=package_id).first()
    if package is None:
        raise not_found()
    return package


def not_found() -> NotFound:
    """Return the one answer for what is absent and for what is somebody else's."""
    return NotFound(_("This package"), why=_("there is none, or it is not yours to see"))
