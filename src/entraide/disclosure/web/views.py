"""Pages of packages: how far, what is in it, how to fetch and check it."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

from django.conf import settings
from django.http import FileResponse, HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from entraide.access import api as access
from entraide.access.web.guards import actor_of, public, requires
from entraide.audit import api as audit
from entraide.database import reading_as
from entraide.disclosure import operations, queries
from entraide.disclosure.acts import download_act
from entraide.disclosure.building import package_file
from entraide.disclosure.queries import PackageView
from entraide.disclosure.states import STAGE_LABELS, STATE_LABELS, STATE_TONES, PackageState
from entraide.kernel import clock
from entraide.kernel.actors import Actor, Face, Role
from entraide.outbox import api as outbox
from entraide.supervision.places import CHECKOUT
from entraide.ui import components as ui
from entraide.ui.progress import answer

READERS = (Role.OFFICER, Role.SUPERVISOR, Role.ANALYST, Role.APPROVER, Role.AUDITOR)
_UNDER_WAY = (PackageState.QUEUED, PackageState.COLLECTING, PackageState.SEALED, PackageState.ASSEMBLED)
_BLOCK = 1 << 16


@require_GET
@requires(*READERS)
def package(request: HttpRequest, package_id: UUID) -> HttpResponse:
    """Show a package: its state, how far it has come, and for the recipient how to fetch and check it."""
    actor, now = actor_of(request), clock.now()
    view = _read(package_id, actor)
    return render(
        request,
        "disclosure/package.html",
        {
            "package": view,
            "pill": ui.Pill(label=STATE_LABELS[view.state], tone=STATE_TONES[view.state]),
            "facts": ui.SummaryList(facts=_facts(view)),
            "progress": _progress(view, actor) if view.state in _UNDER_WAY else None,
            "signature": _signature(view, actor) if _may_fetch(view, actor) else None,
            "is_recipient": view.recipient_id == actor.person_id,
            "is_available": view.is_available(now),
            "commands": _commands(view, actor),
            "may_steer": actor.has(Role.ANALYST, Role.APPROVER),
        },
    )


@require_GET
@requires(*READERS)
def progress(request: HttpRequest, package_id: UUID) -> HttpResponse:
    """Answer how far the building has come, as the fragment the page holds."""
    actor = actor_of(request)
    return answer(request, _progress(_read(package_id, actor), actor))


@require_POST
@requires(Role.OFFICER)
def download(request: HttpRequest, package_id: UUID) -> HttpResponse:
    """Take the recipient's signature and lead to the file."""
    download_id = operations.begin_download(
        package_id,
        step_up_id=_step_up_id(request),
        assertion=request.POST.get("credential", ""),
        actor=actor_of(request),
        now=clock.now(),
    )
    return redirect("disclosure:file", package_id=package_id, download_id=download_id)


@require_GET
@requires(Role.OFFICER)
def file(request: HttpRequest, package_id: UUID, download_id: UUID) -> HttpResponse:
    """Send the encrypted file, from where a broken download stopped if the browser asks so."""
    actor = actor_of(request)
    with reading_as(actor):
        view = queries.download(download_id, package_id, actor, clock.now())
    sent = _sent(package_file(view.id), view.file_name, request.headers.get("Range", ""))
    return sent  # type: ignore[return-value]  # a streamed answer shares only the base class, and middleware takes it


@require_POST
@requires(Role.ANALYST, Role.APPROVER)
def cancel(request: HttpRequest, package_id: UUID) -> HttpResponse:
    """Cancel a package that has not left."""
    operations.cancel(package_id, actor=actor_of(request), now=clock.now())
    return redirect("disclosure:package", package_id=package_id)


@require_POST
@requires(Role.ANALYST, Role.APPROVER)
def resume(request: HttpRequest, package_id: UUID) -> HttpResponse:
    """Take a stopped package up again."""
    operations.resume(package_id, actor=actor_of(request), now=clock.now())
    return redirect("disclosure:package", package_id=package_id)


@public
@require_GET
def exchange_key(request: HttpRequest) -> HttpResponse:
    """Send the exchange's public key; an agency keeps the one it was given when it joined."""
    return HttpResponse(
        audit.package_key_pem(),
        content_type="application/x-pem-file",
        headers={"Content-Disposition": 'attachment; filename="exchange.pem"'},
    )


def _read(package_id: UUID, actor: Actor) -> PackageView:
    with reading_as(actor):
        return queries.package(package_id, actor)


def _may_fetch(view: PackageView, actor: Actor) -> bool:
    return view.recipient_id == actor.person_id and actor.has(Role.OFFICER) and view.is_available(clock.now())


def _facts(view: PackageView) -> list[ui.Fact]:
    facts = [
        ui.Fact(label=_("Package"), value=ui.Identifier(value=view.reference)),
        ui.Fact(label=_("Records as they stood on"), value=ui.Moment(at=view.as_of)),
        ui.Fact(label=_("Encrypted to"), value=ui.Identifier(value=view.recipient_key, short=True)),
        ui.Fact(label=_("Copy"), value=ui.Identifier(value=str(view.copy_id))),
    ]
    if view.tag_manifest_sha256:
        facts.append(
            ui.Fact(label=_("Hash over all files, as in the log"), value=ui.Identifier(value=view.tag_manifest_sha256))
        )
    if view.file_size is not None:
        facts.append(ui.Fact(label=_("Size"), value=_("%(n)s bytes") % {"n": view.file_size}))
    if view.file_sha256:
        facts.append(ui.Fact(label=_("Hash of the encrypted file"), value=ui.Identifier(value=view.file_sha256)))
    if view.released_at and view.available_until:
        facts.append(ui.Fact(label=_("Released"), value=ui.Moment(at=view.released_at)))
        facts.append(ui.Fact(label=_("Can be fetched until"), value=ui.Moment(at=view.available_until)))
    facts += [ui.Fact(label=_("Fetched"), value=ui.Moment(at=moment)) for moment in view.fetched_at]
    return facts


def _progress(view: PackageView, actor: Actor) -> ui.Progress:
    with reading_as(actor):
        told = outbox.progress_of(operations.WORK, view.id)
    state = {PackageState.RELEASED: "done", PackageState.FAILED: "failed", PackageState.CANCELLED: "cancelled"}
    return ui.Progress(
        label=_("Building the package"),
        href=reverse("disclosure:progress", args=[view.id]),
        done=told.done if told else 0,
        total=told.total if told else None,
        state=state.get(view.state, "working"),
        detail=STAGE_LABELS.get(told.note, "") if told else "",
    )


def _signature(view: PackageView, actor: Actor) -> ui.Signature:
    act = download_act(view.reference, bytes.fromhex(view.file_sha256))
    step_up = access.begin_step_up(act, actor=actor, now=clock.now())
    return ui.Signature(
        title=_("Fetch the package"),
        button=_("Sign and fetch"),
        action=reverse("disclosure:download", args=[view.id]),
        facts=[
            ui.Fact(label=_("You fetch"), value=ui.Identifier(value=view.file_name)),
            ui.Fact(label=_("Hash of the encrypted file"), value=ui.Identifier(value=view.file_sha256)),
        ],
        act_hash=step_up.act_hash,
        options=step_up.options,
        software_key=step_up.software_key,
        hidden={"step_up": str(step_up.id)},
    )


def _commands(view: PackageView, actor: Actor) -> list[str]:
    """Return the very commands that open and check the package; in a demo with the officer's own key file."""
    if actor.face is not Face.AGENCY or not view.is_available(clock.now()):
        return []
    identity = Path(settings.HOME) / "demo" / f"{view.recipient_id}.age-key.txt"
    known = settings.KIND == "demo" and identity.exists()
    key = _as_typed(identity) if known else "YOUR-KEY.txt"
    pem = _as_typed(identity.with_name("exchange.pem")) if known else "exchange.pem"
    return [
        f"./entraide verify ~/Downloads/{view.file_name} --identity {key} --exchange-key {pem}",
        f"age -d -i {key} -o {view.reference}.zip ~/Downloads/{view.file_name}",
    ]


def _as_typed(path: Path) -> str:
    """Return a path as a shell in the checkout takes it; the pages themselves are served from elsewhere."""
    inside = path.resolve()
    return shlex.quote(str(inside.relative_to(CHECKOUT) if inside.is_relative_to(CHECKOUT) else inside))


def _step_up_id(request: HttpRequest) -> UUID:
    try:
        return UUID(request.POST.get("step_up", ""))
    except ValueError:
        return UUID(int=0)  # no attempt has this name, so signing refuses with its own words


def _sent(path: Path, name: str, asked: str) -> HttpResponse | FileResponse | StreamingHttpResponse:
    size = path.stat().st_size
    headers = {
        "Content-Disposition": f'attachment; filename="{name}"',
        "Content-Type": "application/octet-stream",
        "Accept-Ranges": "bytes",
        "Cache-Control": "no-store",
    }
    match = re.fullmatch(r"bytes=(\d{1,15})-(\d{0,15})", asked)
    first = int(match[1]) if match else 0
    last = min(int(match[2]) if match and match[2] else size - 1, size - 1)
    if match and (first >= size or last < first):
        return HttpResponse(status=416, headers={"Content-Range": f"bytes */{size}"})
    status = 200
    if match:
        status, headers["Content-Range"] = 206, f"bytes {first}-{last}/{size}"
    headers["Content-Length"] = str(last - first + 1)
    return StreamingHttpResponse(_stretch(path, first, last), status=status, headers=headers)


def _stretch(path: Path, first: int, last: int) -> Iterator[bytes]:
    with path.open("rb") as source:
        source.seek(first)
        left = last - first + 1
        while left > 0 and (block := source.read(min(_BLOCK, left))):
            left -= len(block)
            yield block
