"""A case in one view, composed of the panels its rooms offer; its log; and the proof of each entry."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.http import require_GET

from entraide.access import api as access
from entraide.access.web.guards import actor_of, requires
from entraide.audit import api as audit
from entraide.database import reading_as
from entraide.desk.web.entries import content_of_entry
from entraide.desk.web.rows import package_pill, state_pill
from entraide.disclosure import api as disclosure
from entraide.evidence.notes import Checkpoint
from entraide.kernel import clock
from entraide.kernel.actors import CASE_READERS, Actor, Face, Role
from entraide.kernel.errors import NotFound
from entraide.outbox import api as outbox
from entraide.requests import api as requests
from entraide.requests.api import RequestState
from entraide.ui import components as ui

_TO_BE_READ = (RequestState.QUESTION_ASKED, RequestState.RETURNED_FOR_CORRECTION, RequestState.DRAFT)
_UNDER_WAY = (
    disclosure.PackageState.QUEUED,
    disclosure.PackageState.COLLECTING,
    disclosure.PackageState.SEALED,
    disclosure.PackageState.ASSEMBLED,
)


@require_GET
@requires(*CASE_READERS)
def case(request: HttpRequest, reference: str) -> HttpResponse:
    """Show a request: what was asked for, where it stands, and what the reader can do now."""
    actor, now = actor_of(request), clock.now()
    view = requests.read_request(reference, actor=actor, now=now)
    with reading_as(actor):
        packages = disclosure.packages_of(view.row.id, actor)
        progress = {one.id: outbox.progress_of("disclosure:package", one.id) for one in packages}
    is_agency = actor.face is Face.AGENCY
    thread = requests.panels.of_thread(view, actor)
    document = requests.panels.of_document(view, actor)
    built = _packages(packages, progress, actor, now)
    # What has to be read first stands first: an open question, a reason to correct it, a package.
    first = [thread] if view.messages and view.row.state in _TO_BE_READ else []
    first += [built] if packages else []
    last = [panel for panel in (thread, built) if panel not in first] if view.filing is not None else []
    context = {
        "row": view.row,
        "pill": state_pill(view.row),
        "main": [*first, *requests.panels.of_triage(view, actor), *document, *last],
        "side": [
            requests.panels.of_standing(view, actor, now),
            *requests.panels.of_people(view, actor),
            _papers(view, actor),
        ],
        "notice": _notice(packages, actor, reference) if is_agency else None,
    }
    return render(request, "desk/case.html", context)


def _notice(packages: Sequence[disclosure.PackageView], actor: Actor, reference: str) -> ui.Notice | None:
    """Return that a package waits for this very reader."""
    now = clock.now()
    waiting = [
        one for one in packages if one.recipient_id == actor.person_id and one.is_available(now) and not one.fetched_at
    ]
    if not waiting:
        return None
    return ui.Notice(
        title=_("The package is ready."),
        tone=ui.Tone.GOOD,
        href=reverse("disclosure:package", args=[waiting[0].id]),
        link=_("Fetch the package"),
    )


def _packages(
    packages: Sequence[disclosure.PackageView],
    progress: dict[UUID, outbox.ProgressView | None],
    actor: Actor,
    now: datetime,
) -> ui.Panel:
    table = ui.Table(
        caption=_("Packages"),
        hide_caption=True,
        columns=[
            ui.Column(label=_("Package"), is_heading=True),
            ui.Column(label=pgettext("moment", "Released")),
            ui.Column(label=pgettext("moment", "Fetched")),
            ui.Column(label=_("State")),
        ],
        rows=[ui.Row(cells=_package(one)) for one in packages],
        empty=_("No package was built yet."),
    )
    body: list[ui.Drawable] = [table]
    for one in packages:
        if one.state in _UNDER_WAY:
            told = progress.get(one.id)
            body.append(
                ui.Progress(
                    label=_("Building %(reference)s") % {"reference": one.reference},
                    href=reverse("disclosure:progress", args=[one.id]),
                    done=told.done if told else 0,
                    total=told.total if told else None,
                )
            )
    ways = [_way_in(one, actor, now) for one in packages if one.released_at is not None]
    return ui.Panel(key="packages", title=_("Packages"), body=body, actions=ways)


def _way_in(one: disclosure.PackageView, actor: Actor, now: datetime) -> ui.Button:
    """Return the button that leads to a released package: for its recipient, to fetch it."""
    may_fetch = one.recipient_id == actor.person_id and one.is_available(now)
    seen = _("See %(reference)s and how it is checked") % {"reference": one.reference}
    return ui.Button(
        label=_("Fetch the package") if may_fetch else seen,
        kind="primary" if may_fetch and not one.fetched_at else "secondary",
        href=reverse("disclosure:package", args=[one.id]),
    )


def _package(one: disclosure.PackageView) -> tuple[ui.Drawable, ...]:
    return (
        ui.Identifier(value=one.reference, href=reverse("disclosure:package", args=[one.id]), copy=False),
        ui.Moment(at=one.released_at, compact=True) if one.released_at else "–",
        ui.Several(items=[ui.Moment(at=at, compact=True) for at in one.fetched_at]) if one.fetched_at else "–",
        package_pill(one),
    )


def _papers(view: requests.RequestView, actor: Actor) -> ui.Panel:
    """Return what can be taken away: the log, the print, the signed document."""
    reference = view.row.reference
    links: list[ui.Drawable] = [ui.Link(label=_("Log of this case"), href=reverse("desk:case_log", args=[reference]))]
    if view.filing is not None:
        links.append(ui.Link(label=_("Print the request"), href=reverse("requests:printed", args=[reference])))
        links.append(
            ui.Link(label=_("Download the signed document"), href=reverse("requests:document", args=[reference]))
        )
    return ui.Panel(key="papers", title=_("Log and papers"), body=(ui.Several(items=links),))


# ------------------------------------------------------------------------------------------------------------------ log


@require_GET
@requires(*CASE_READERS)
def case_log(request: HttpRequest, reference: str) -> HttpResponse:
    """Show the log of a case as the reader may see it.  Reading it is itself entered."""
    actor, now = actor_of(request), clock.now()
    view = requests.read_request(reference, actor=actor, now=now, purpose="log")
    with reading_as(actor):
        stream = audit.stream(view.stream_id)
        entries = audit.entries_of(view.stream_id, newest_first=True)
        names = _names_in(entries) if actor.has(Role.AUDITOR) else {}
    note = audit.last_checkpoint()
    checkpoint = Checkpoint.parse(note.text) if note else None
    size = checkpoint.size if checkpoint else 0
    context = {
        "row": view.row,
        "facts": ui.SummaryList(facts=list(_log_facts(stream, checkpoint))),
        "table": _log_table(entries, size, actor, reference, names),
        "is_staff": actor.face is Face.STAFF,
    }
    return render(request, "desk/case_log.html", context)


def _log_facts(stream: audit.StreamView, checkpoint: Checkpoint | None) -> Iterator[ui.Fact]:
    yield ui.Fact(label=_("Name of this log"), value=ui.Identifier(value=stream.handle))
    yield ui.Fact(label=_("Entries"), value=str(stream.head_n))
    if stream.head_hash is not None:
        yield ui.Fact(label=_("Hash of the last entry"), value=ui.Identifier(value=stream.head_hash.hex()))
    if checkpoint is None:
        yield ui.Fact(label=_("Last signed checkpoint"), value=_("There is none yet"))
        return
    yield ui.Fact(
        label=_("Last signed checkpoint"),
        value=(
            _("%(n)s entries of the whole desk") % {"n": checkpoint.size},
            ui.Identifier(value=checkpoint.root.hex()),
        ),
    )


def _names_in(entries: Sequence[audit.EntryView]) -> dict[str, str]:
    """Return the names of the people that entries speak of by their identifiers alone."""
    spoken_of = {str(entry.payload["to"]) for entry in entries if entry.payload and "to" in entry.payload}
    return {str(one.id): one.name for one in access.people_by_ids(map(UUID, spoken_of)).values()}


def _log_table(
    entries: Sequence[audit.EntryView], size: int, actor: Actor, reference: str, names: Mapping[str, str]
) -> ui.Table:
    return ui.Table(
        caption=_("Entries, the newest first"),
        hide_caption=True,
        columns=[
            ui.Column(label=_("No."), is_heading=True),
            ui.Column(label=_("When")),
            ui.Column(label=_("What happened")),
            ui.Column(label=_("Who")),
            ui.Column(label=_("Hash of the entry")),
            ui.Column(label=_("Proof")),
        ],
        rows=[
            ui.Row(
                cells=(
                    str(entry.n),
                    ui.Moment(at=entry.at, compact=True),
                    _what(entry, actor, names),
                    _who(entry, actor),
                    ui.Identifier(value=entry.leaf_hash.hex(), short=True),
                    _proof(entry, size, reference),
                ),
                key=f"entry-{entry.n}",
            )
            for entry in entries
        ],
        empty=_("Nothing is entered yet."),
        is_dense=True,
    )


def _what(entry: audit.EntryView, actor: Actor, names: Mapping[str, str]) -> ui.Drawable:
    said: list[ui.Drawable] = [entry.sentence]
    if entry.is_erased:
        said.append(ui.Pill(label=_("Content erased; the entry still stands")))
    if actor.has(Role.AUDITOR):
        said.append(entry.kind)
        content = dict(entry.payload or {}) | ({"act_sha256": entry.act_hash} if entry.act_hash else {})
        if details := content_of_entry(content, names):
            said.append(ui.Several(items=details, is_inline=True))
    return ui.Several(items=said) if len(said) > 1 else entry.sentence


def _who(entry: audit.EntryView, actor: Actor) -> str:
    if entry.actor is None:
        return _("The desk") if actor.face is Face.AGENCY else "–"
    name = str(entry.actor["name"])
    return _("The desk's program (%(name)s)") % {"name": name} if entry.actor["face"] == "system" else name


def _proof(entry: audit.EntryView, size: int, reference: str) -> ui.Drawable:
    receipt = ui.Link(label=_("Receipt"), href=reverse("access:receipt", args=[entry.id]))
    if entry.position is None or entry.position >= size:
        return ui.Several(items=(ui.Pill(label=_("Not sealed yet")), receipt))
    place = ui.Pill(label=_("Sealed, place %(n)s") % {"n": entry.position}, tone=ui.Tone.GOOD)
    proof = ui.Link(label=_("Proof"), href=reverse("desk:entry_proof", args=[reference, entry.id]))
    return ui.Several(items=(place, ui.Several(items=(proof, receipt), is_inline=True)))


@require_GET
@requires(*CASE_READERS)
def entry_proof(request: HttpRequest, reference: str, entry_id: UUID) -> HttpResponse:
    """Send the proof that an entry is in the log the checkpoint signed (C2SP tlog-proof), with the entry's leaf."""
    actor = actor_of(request)
    view = requests.read_request(reference, actor=actor, now=clock.now(), purpose="log")
    with reading_as(actor):
        entry = audit.entry(entry_id)
        proof = audit.log_proof_of(entry_id) if entry.stream_id == view.stream_id else None
    if proof is None:
        raise NotFound(_("This proof"), why=_("the entry is in no signed checkpoint yet"))
    name = f"{reference}-{entry.n}.tlog-proof"
    return HttpResponse(
        str(proof),
        content_type="text/plain; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )
