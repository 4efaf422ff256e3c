"""Pages of packages: how far, what is in it, how to fetch and check it."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

from django.conf import settings
from django.http import FileResponse, HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.template.defaultfilters import filesizeformat
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext
from django.views.decorators.http import require_GET, require_POST

from entraide.access import api as access
from entraide.access.web import receipts
from entraide.access.web.guards import actor_of, public, requires
from entraide.access.web.signing import answer_of, answer_with, check_shown, signature_on_demand
from entraide.audit import api as audit
from entraide.database import reading_as
from entraide.disclosure import operations, queries
from entraide.disclosure.acts import download_act
from entraide.disclosure.building import package_file
from entraide.disclosure.queries import PackageView
from entraide.disclosure.rules import SETTLED_AFTER
from entraide.disclosure.showing import pill_of
from entraide.disclosure.states import STAGE_LABELS, PackageState
from entraide.kernel import clock
from entraide.kernel.actors import CASE_READERS, Actor, Role
from entraide.kernel.acts import Act
from entraide.outbox import api as outbox
from entraide.supervision.places import CHECKOUT
from entraide.ui import components as ui
from entraide.ui.progress import answer

_UNDER_WAY = (PackageState.QUEUED, PackageState.COLLECTING, PackageState.SEALED, PackageState.ASSEMBLED)
_BLOCK = 1 << 16


@require_GET
@requires(*CASE_READERS)
def package(request: HttpRequest, package_id: UUID) -> HttpResponse:
    """Show a package: its state, how far it has come, and for the recipient how to fetch and check it."""
    return _page(request, package_id, fetched=None)


@require_GET
@requires(*CASE_READERS)
def progress(request: HttpRequest, package_id: UUID) -> HttpResponse:
    """Answer how far the building has come, as the fragment the page holds."""
    actor = actor_of(request)
    return answer(request, _progress(_read(package_id, actor), actor))


@require_POST
@requires(Role.OFFICER)
def download_options(request: HttpRequest, package_id: UUID) -> HttpResponse:
    """Begin the step-up for fetching exactly the file the page showed."""
    actor = actor_of(request)
    act = _act(_read(package_id, actor))
    check_shown(request, act)
    return answer_with(access.begin_step_up(act, actor=actor, now=clock.now()))


@require_POST
@requires(Role.OFFICER)
def download(request: HttpRequest, package_id: UUID) -> HttpResponse:
    """Take the recipient's signature and lead to the page that starts the download."""
    answer = answer_of(request)
    done = operations.begin_download(
        package_id,
        step_up_id=answer.step_up_id,
        assertion=answer.assertion,
        actor=actor_of(request),
        now=clock.now(),
    )
    receipts.tell(request, done.entry_id)
    return redirect("disclosure:fetched", package_id=package_id, download_id=done.id)


@require_GET
@requires(Role.OFFICER)
def fetched(request: HttpRequest, package_id: UUID, download_id: UUID) -> HttpResponse:
    """Start the download, and show beside it how to open and check what comes."""
    return _page(request, package_id, fetched=download_id)


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
    receipts.tell(request, operations.cancel(package_id, actor=actor_of(request), now=clock.now()))
    return redirect("disclosure:package", package_id=package_id)


@require_POST
@requires(Role.ANALYST, Role.APPROVER)
def resume(request: HttpRequest, package_id: UUID) -> HttpResponse:
    """Take a stopped package up again."""
    receipts.tell(request, operations.resume(package_id, actor=actor_of(request), now=clock.now()))
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


def _page(request: HttpRequest, package_id: UUID, *, fetched: UUID | None) -> HttpResponse:
    actor, now = actor_of(request), clock.now()
    with reading_as(actor):
        view = queries.download(fetched, package_id, actor, now) if fetched else queries.package(package_id, actor)
        is_demo = actor.person_id is not None and access.person(actor.person_id).is_demo
    may_fetch = _may_fetch(view, actor)
    context = {
        "package": view,
        "pill": pill_of(view),
        "facts": ui.SummaryList(facts=_facts(view)),
        "progress": _progress(view, actor) if view.state in _UNDER_WAY else None,
        "file_href": reverse("disclosure:file", args=[view.id, fetched]) if fetched else "",
        "signature": _signature(view, is_demo) if may_fetch and not fetched else None,
        "last_fetched": _last_fetched(view) if may_fetch and not fetched and view.fetched_at else None,
        "is_recipient": view.recipient_id == actor.person_id,
        "is_available": view.is_available(now),
        "commands": _commands(view, actor) if may_fetch else [],
        "may_steer": actor.has(Role.ANALYST, Role.APPROVER),
    }
    return render(request, "disclosure/package.html", context)


def _act(view: PackageView) -> Act:
    return download_act(view.reference, bytes.fromhex(view.file_sha256))


def _read(package_id: UUID, actor: Actor) -> PackageView:
    with reading_as(actor):
        return queries.package(package_id, actor)


def _may_fetch(view: PackageView, actor: Actor) -> bool:
    return view.recipient_id == actor.person_id and actor.has(Role.OFFICER) and view.is_available(clock.now())


def _facts(view: PackageView) -> list[ui.Fact]:
    facts = [
        ui.Fact(label=_("Package"), value=ui.Identifier(value=view.reference)),
        ui.Fact(label=_("Records as they stood on"), value=[ui.Moment(at=view.as_of), _why_earlier()]),
        ui.Fact(label=_("Encrypted to"), value=ui.Identifier(value=view.recipient_key, short=True)),
        ui.Fact(label=_("Number of this copy"), value=ui.Identifier(value=str(view.copy_id))),
    ]
    if view.tag_manifest_sha256:
        facts.append(
            ui.Fact(label=_("Hash over all files, as in the log"), value=ui.Identifier(value=view.tag_manifest_sha256))
        )
    if view.file_size is not None:
        facts.append(ui.Fact(label=_("Size"), value=filesizeformat(view.file_size)))
    if view.file_sha256:
        facts.append(ui.Fact(label=_("Hash of the encrypted file"), value=ui.Identifier(value=view.file_sha256)))
    if view.released_at and view.available_until:
        facts.append(ui.Fact(label=pgettext("moment", "Released"), value=ui.Moment(at=view.released_at)))
        facts.append(ui.Fact(label=_("Can be fetched until"), value=ui.Moment(at=view.available_until)))
    facts += [ui.Fact(label=pgettext("moment", "Fetched"), value=ui.Moment(at=moment)) for moment in view.fetched_at]
    return facts


def _why_earlier() -> str:
    minutes = int(SETTLED_AFTER.total_seconds()) // 60
    return ngettext(
        "%(n)s minute before the approval: a record takes seconds to show at the exchange; only settled ones go out.",
        "%(n)s minutes before the approval: a record takes seconds to show at the exchange; only settled ones go out.",
        minutes,
    ) % {"n": minutes}


def _last_fetched(view: PackageView) -> ui.Notice:
    words = _("To open and check it, see below. To fetch it again, sign below the commands.")
    last = ui.Moment(at=view.fetched_at[-1])
    return ui.Notice(
        title=_("Fetched on %(moment)s") % {"moment": f"{last.here} {last.zone or 'UTC'}"}, body=words, tone="good"
    )


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


def _signature(view: PackageView, is_demo: bool) -> ui.Signature:
    return signature_on_demand(
        _act(view),
        options_href=reverse("disclosure:download_options", args=[view.id]),
        title=_("Fetch again") if view.fetched_at else _("Fetch the package"),
        button=_("Sign and fetch again") if view.fetched_at else _("Sign and fetch"),
        action=reverse("disclosure:download", args=[view.id]),
        facts=[
            ui.Fact(label=_("You fetch"), value=ui.Identifier(value=view.file_name, copy=False)),
            ui.Fact(label=_("Hash of the encrypted file"), value=ui.Identifier(value=view.file_sha256)),
        ],
        is_demo=is_demo,
    )


def _commands(view: PackageView, actor: Actor) -> list[ui.Command]:
    """Return the very commands that open and check the package; in a demo with the officer's own key file."""
    identity = Path(settings.HOME) / "demo" / f"{view.recipient_id}.age-key.txt"
    known = settings.KIND == "demo" and identity.exists()
    key = _as_typed(identity) if known else "YOUR-KEY.txt"
    pem = _as_typed(identity.with_name("exchange.pem")) if known else "exchange.pem"
    return [
        ui.Command(text=f"./entraide verify ~/Downloads/{view.file_name} --identity {key} --exchange-key {pem}"),
        ui.Command(text=f"age -d -i {key} -o {view.reference}.zip ~/Downloads/{view.file_name}"),
    ]


def _as_typed(path: Path) -> str:
    """Return a path as a shell in the checkout takes it; the pages themselves are served from elsewhere."""
    inside = path.resolve()
    return shlex.quote(str(inside.relative_to(CHECKOUT) if inside.is_relative_to(CHECKOUT) else inside))


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
