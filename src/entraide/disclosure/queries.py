"""What may be seen of packages; called inside a door."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import QuerySet

from entraide.disclosure.models import Download, Package
from entraide.disclosure.operations import not_found
from entraide.disclosure.states import PackageState
from entraide.kernel.actors import CASE_STAFF, Actor, Face, Role

_NOBODY = UUID(int=0)  # no person, organisation or sign-in has this name


@dataclass(frozen=True, slots=True, kw_only=True)
class PackageView:
    """A package for a page.  `failure` is for the desk only."""

    id: UUID
    request_id: UUID
    stream_id: UUID
    reference: str
    version: int
    state: PackageState
    recipient_id: UUID
    recipient_key: str
    copy_id: UUID
    as_of: datetime
    queued_at: datetime
    sealed_at: datetime | None
    tag_manifest_sha256: str
    file_size: int | None
    file_sha256: str
    released_at: datetime | None
    available_until: datetime | None
    failure: str
    fetched_at: tuple[datetime, ...]

    @property
    def request_reference(self) -> str:
        """Reference of the request it answers."""
        return self.reference.rpartition("-v")[0]

    def is_available(self, now: datetime) -> bool:
        """Say whether it can be fetched now; an ended link is computed, never stored."""
        return self.available_until is not None and now < self.available_until

    @property
    def file_name(self) -> str:
        """Name of the file as the officer saves it."""
        return f"{self.reference}.zip.age"


def _visible_to(actor: Actor) -> QuerySet[Package]:
    """Return the recipient's own, her supervisors' agency's, and for staff who work on or audit cases all."""
    packages = Package.objects.all()
    if actor.face is Face.AGENCY:
        mine = packages.filter(organisation_id=actor.organisation_id or _NOBODY)
        return mine if actor.has(Role.SUPERVISOR) else mine.filter(recipient_id=actor.person_id or _NOBODY)
    if actor.face is Face.SYSTEM or actor.has(*CASE_STAFF):
        return packages
    return packages.none()


def package(package_id: UUID, actor: Actor) -> PackageView:
    """Return one package; raises `NotFound` where there is none or it is not the actor's to see."""
    row = _visible_to(actor).filter(pk=package_id).prefetch_related("downloads").first()
    if row is None:
        raise not_found()
    return _view(row, actor)


def packages_of(request_id: UUID, actor: Actor) -> list[PackageView]:
    """Return the packages of a request, newest first."""
    return _views(_visible_to(actor).filter(request_id=request_id), actor)


def not_fetched_by(actor: Actor, now: datetime) -> list[PackageView]:
    """Return the released packages that wait for the officer `actor`, newest first."""
    mine = Package.objects.filter(
        recipient_id=actor.person_id or _NOBODY,
        state=PackageState.RELEASED.value,
        available_until__gt=now,
        downloads__isnull=True,
    )
    return _views(mine, actor)


def stopped(actor: Actor) -> list[PackageView]:
    """Return the packages whose building stopped, for the desk."""
    return _views(_visible_to(actor).filter(state=PackageState.FAILED.value), actor)


def download(download_id: UUID, package_id: UUID, actor: Actor, now: datetime) -> PackageView:
    """Return the package of a download that `actor` signed for and that may still be resumed.

    Raises
    ------
    NotFound
        In every other case: a link is worth nothing without the person and the sign-in it was given to.
    """
    row = Download.objects.filter(
        pk=download_id,
        package_id=package_id,
        person_id=actor.person_id or _NOBODY,
        sign_in_id=actor.sign_in_id or _NOBODY,
        expires_at__gt=now,
        package__available_until__gt=now,
    ).first()
    if row is None:
        raise not_found()
    return package(package_id, actor)


def _views(packages: QuerySet[Package], actor: Actor) -> list[PackageView]:
    rows: Iterable[Package] = packages.prefetch_related("downloads").order_by("-queued_at")
    return [_view(row, actor) for row in rows]


def _view(row: Package, actor: Actor) -> PackageView:
    return PackageView(
        id=row.pk,
        request_id=row.request_id,
        stream_id=row.stream_id,
        reference=row.reference,
        version=row.version,
        state=PackageState(row.state),
        recipient_id=row.recipient_id,
        recipient_key=row.recipient_key,
        copy_id=row.copy_id,
        as_of=row.as_of,
        queued_at=row.queued_at,
        sealed_at=row.sealed_at,
        tag_manifest_sha256=bytes(row.tag_manifest_hash).hex() if row.tag_manifest_hash else "",
        file_size=row.file_size,
        file_sha256=bytes(row.file_hash).hex() if row.file_hash else "",
        released_at=row.released_at,
        available_until=row.available_until,
        failure=row.failure if actor.face is not Face.AGENCY else "",
        fetched_at=tuple(sorted(one.granted_at for one in row.downloads.all())),
    )
