"""What waits for whom, a case in one view, and its log."""

from collections.abc import Sequence

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from entraide.access.web.guards import actor_of, requires
from entraide.audit import api as audit
from entraide.database import reading_as
from entraide.disclosure import api as disclosure
from entraide.kernel import clock
from entraide.kernel.actors import Role
from entraide.requests import api as requests
from entraide.ui import components as ui

READERS = (Role.OFFICER, Role.SUPERVISOR, Role.ANALYST, Role.APPROVER, Role.AUDITOR)


@require_GET
@requires()
def home(request: HttpRequest) -> HttpResponse:
    """Answer "what waits for me?"."""
    actor, now = actor_of(request), clock.now()
    with reading_as(actor):
        waiting = requests.waiting_for(actor)
        packages = disclosure.not_fetched_by(actor, now)
        stopped = disclosure.stopped(actor)
    rows = [
        ui.Row(cells=[_case_link(item.request), item.what, _due(item.request), _pill(item.request)]) for item in waiting
    ]
    for package in packages:
        link = ui.Link(label=package.reference, href=reverse("disclosure:package", args=[package.id]))
        rows.append(ui.Row(cells=[link, _("A package can be fetched"), _until(package), _package_pill(package)]))
    for package in stopped:
        link = ui.Link(label=package.reference, href=reverse("disclosure:package", args=[package.id]))
        rows.append(ui.Row(cells=[link, _("Building a package stopped"), "", _package_pill(package)], tone="bad"))
    table = ui.Table(
        caption=_("What waits for me"),
        columns=[
            ui.Column(label=_("Reference"), is_heading=True),
            ui.Column(label=_("What to do")),
            ui.Column(label=_("Due")),
            ui.Column(label=_("State")),
        ],
        rows=rows,
        empty=_("Nothing waits for you."),
        hide_caption=True,
    )
    return render(request, "desk/home.html", {"table": table})


@require_GET
@requires(*READERS)
def cases(request: HttpRequest) -> HttpResponse:
    """List the requests the reader may see."""
    actor = actor_of(request)
    with reading_as(actor):
        found = requests.requests_for(actor)
    rows = [ui.Row(cells=[_case_link(row), row.offence, row.agency_name, _due(row), _pill(row)]) for row in found.rows]
    table = ui.Table(
        caption=_("Requests"),
        columns=[
            ui.Column(label=_("Reference"), is_heading=True),
            ui.Column(label=_("Offence")),
            ui.Column(label=_("Agency")),
            ui.Column(label=_("Due")),
            ui.Column(label=_("State")),
        ],
        rows=rows,
        empty=_("There are no requests yet."),
        hide_caption=True,
    )
    return render(request, "desk/cases.html", {"table": table})


@require_GET
@requires(*READERS)
def case(request: HttpRequest, reference: str) -> HttpResponse:
    """Show a request: its particulars, targets, packages."""
    actor, now = actor_of(request), clock.now()
    view = requests.read_request(reference, actor=actor, now=now)
    with reading_as(actor):
        packages = disclosure.packages_of(view.row.id, actor)
    targets = ui.Table(
        caption=_("Targets"),
        columns=[
            ui.Column(label="#"),
            ui.Column(label=_("Target"), is_heading=True),
            ui.Column(label=_("From")),
            ui.Column(label=_("To")),
        ],
        rows=[
            ui.Row(
                cells=[
                    str(target.n),
                    ui.Identifier(value=target.value),
                    ui.Moment(at=target.period_start, compact=True),
                    ui.Moment(at=target.period_end, compact=True),
                ]
            )
            for target in view.targets
        ],
        empty=_("No target was named yet."),
    )
    built = ui.Table(
        caption=_("Packages"),
        columns=[ui.Column(label=_("Package"), is_heading=True), ui.Column(label=_("State"))],
        rows=[
            ui.Row(
                cells=[
                    ui.Link(label=package.reference, href=reverse("disclosure:package", args=[package.id])),
                    _package_pill(package),
                ]
            )
            for package in packages
        ],
        empty=_("No package was built yet."),
    )
    context = {"row": view.row, "pill": _pill(view.row), "facts": _facts(view.row), "targets": targets, "built": built}
    return render(request, "desk/case.html", context)


@require_GET
@requires(*READERS)
def case_log(request: HttpRequest, reference: str) -> HttpResponse:
    """Show the log of a case as the reader may see it."""
    actor, now = actor_of(request), clock.now()
    view = requests.read_request(reference, actor=actor, now=now, purpose="log")
    with reading_as(actor):
        entries = audit.entries_of(view.stream_id, newest_first=True)
    timeline = ui.Timeline(
        events=[
            ui.Event(
                at=entry.at,
                what=entry.sentence,
                who=str(entry.actor["name"]) if entry.actor else "",
                detail=ui.Identifier(value=entry.leaf_hash.hex(), short=True),
            )
            for entry in entries
        ],
        empty=_("Nothing is entered yet."),
    )
    return render(request, "desk/case_log.html", {"row": view.row, "timeline": timeline})


def _case_link(row: requests.RequestRow) -> ui.Link:
    return ui.Link(label=row.reference, href=reverse("desk:case", args=[row.reference]))


def _due(row: requests.RequestRow) -> ui.Drawable:
    return ui.Moment(at=row.due_at, compact=True) if row.due_at else ""


def _until(package: disclosure.PackageView) -> ui.Drawable:
    return ui.Moment(at=package.available_until, compact=True) if package.available_until else ""


def _pill(row: requests.RequestRow) -> ui.Pill:
    return ui.Pill(label=requests.STATE_LABELS[row.state], tone=requests.STATE_TONES[row.state])


def _package_pill(package: disclosure.PackageView) -> ui.Pill:
    return ui.Pill(label=disclosure.STATE_LABELS[package.state], tone=disclosure.STATE_TONES[package.state])


def _facts(row: requests.RequestRow) -> ui.SummaryList:
    facts: Sequence[tuple[str, ui.Drawable]] = [
        (_("Agency"), row.agency_name),
        (_("Agency's reference"), row.agency_reference),
        (_("Officer"), row.officer_name),
        (_("Offence"), row.offence),
        (_("Due"), _due(row)),
    ]
    return ui.SummaryList(facts=[ui.Fact(label=label, value=value) for label, value in facts if value])
