"""What waits for whom: the first page of everybody, each line leading straight to what is to be done."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET

from entraide.access import api as access
from entraide.access.web.guards import actor_of, requires
from entraide.agencies import api as agencies
from entraide.database import reading_as
from entraide.desk.web.rows import case_link, clock_of, package_pill, state_pill
from entraide.disclosure import api as disclosure
from entraide.kernel import clock
from entraide.kernel.actors import Actor, Face, Role
from entraide.requests import api as requests
from entraide.ui import components as ui

_N_LATEST = 20
_INVITERS = (Role.AGENCY_ADMINISTRATOR, Role.DESK_ADMINISTRATOR)


@require_GET
@requires()
def home(request: HttpRequest) -> HttpResponse:
    """Answer "what waits for me?"."""
    actor, now = actor_of(request), clock.now()
    with reading_as(actor):
        waiting = requests.waiting_for(actor)
        packages = disclosure.not_fetched_by(actor, now)
        stopped = disclosure.stopped(actor)
        unverified = agencies.waiting_for(actor)
        n_invited = len(access.open_invitations(now=now)) if actor.has(*_INVITERS) else 0
        latest = requests.requests_for(actor).rows[:_N_LATEST] if actor.has(Role.AUDITOR) else ()
    rows = [*_stopped(stopped), *_to_fetch(packages, now)]
    at_hand = {package.request_reference for package in packages}
    rows += [_to_do(item, actor, now) for item in waiting if item.request.reference not in at_hand]
    rows += _to_verify(unverified)
    context = {
        "table": _table(rows, actor),
        "latest": _latest(latest, now) if latest else None,
        "places": list(_places(actor, n_invited)),
        "may_request": actor.has(Role.OFFICER),
        "is_auditor": actor.has(Role.AUDITOR),
    }
    return render(request, "desk/home.html", context)


def _table(rows: Sequence[ui.Row], actor: Actor) -> ui.Table:
    who = _("Offence") if actor.face is Face.AGENCY else _("Agency and offence")
    return ui.Table(
        caption=_("What waits for me"),
        columns=[
            ui.Column(label=_("What to do"), is_heading=True),
            ui.Column(label=_("Request")),
            ui.Column(label=who),
            ui.Column(label=_("Due")),
            ui.Column(label=_("State")),
        ],
        rows=rows,
        empty=_("Nothing waits for you."),
        hide_caption=True,
    )


def _to_do(item: requests.Waiting, actor: Actor, now: datetime) -> ui.Row:
    row = item.request
    href = requests.address_of(item.verb, row.reference) or reverse("desk:case", args=[row.reference])
    is_late = row.is_overdue(now)
    about = row.offence or _("No offence named yet")
    return ui.Row(
        cells=[
            ui.Several(items=(ui.Link(label=requests.label_of(item.verb, row), href=href), item.what))
            if item.verb
            else ui.Link(label=item.what, href=href),
            case_link(row.reference),
            about if actor.face is Face.AGENCY else ui.Several(items=(row.agency_name, about)),
            clock_of(row, now),
            state_pill(row),
        ],
        tone=ui.Tone.BAD if is_late else "",
    )


def _to_fetch(packages: Sequence[disclosure.PackageView], now: datetime) -> Iterator[ui.Row]:
    for package in packages:
        until = package.available_until
        yield ui.Row(
            cells=[
                ui.Link(label=_("Fetch the package"), href=_package(package)),
                case_link(package.request_reference),
                _("Answer to your request"),
                ui.Several(items=(_("Link ends"), ui.Moment(at=until, compact=True))) if until else "",
                package_pill(package),
            ]
        )


def _stopped(packages: Sequence[disclosure.PackageView]) -> Iterator[ui.Row]:
    for package in packages:
        yield ui.Row(
            cells=[
                ui.Link(label=_("Building a package stopped"), href=_package(package)),
                case_link(package.request_reference),
                package.failure,
                "",
                package_pill(package),
            ],
            tone=ui.Tone.BAD,
        )


def _to_verify(views: Sequence[agencies.AgencyView]) -> Iterator[ui.Row]:
    for view in views:
        href = reverse("agencies:agency", args=[view.id])
        pill = ui.Pill(label=view.state.label, tone=view.state.tone)
        what = _("Check changed facts of an agency") if view.change else _("Verify an agency as the second person")
        yield ui.Row(cells=[ui.Link(label=what, href=href), "–", view.name, "", pill])


def _package(package: disclosure.PackageView) -> str:
    return reverse("disclosure:package", args=[package.id])


def _latest(rows: Sequence[requests.RequestRow], now: datetime) -> ui.Table:
    return ui.Table(
        caption=_("Cases and their logs"),
        columns=[
            ui.Column(label=_("Log"), is_heading=True),
            ui.Column(label=_("Request")),
            ui.Column(label=_("Agency")),
            ui.Column(label=_("Changed")),
            ui.Column(label=_("State")),
        ],
        rows=[
            ui.Row(
                cells=[
                    ui.Link(label=_("Read the log"), href=reverse("desk:case_log", args=[row.reference])),
                    case_link(row.reference),
                    row.agency_name,
                    ui.Moment(at=row.changed_at, compact=True),
                    state_pill(row),
                ]
            )
            for row in sorted(rows, key=lambda one: one.changed_at, reverse=True)
        ],
        empty=_("There are no requests yet."),
        hide_caption=True,
    )


def _places(actor: Actor, n_invited: int) -> Iterator[ui.Link]:
    """Yield where people go whose work is not on cases."""
    if actor.has(*_INVITERS):
        yield ui.Link(label=_("People, their roles and passkeys"), href=reverse("access:people"))
    if n_invited:
        words = ngettext("%(n)s invitation is open", "%(n)s invitations are open", n_invited) % {"n": n_invited}
        yield ui.Link(label=words, href=f"{reverse('access:people')}#invitations")
    if actor.has(Role.DESK_ADMINISTRATOR):
        yield ui.Link(label=_("Agencies and who verified them"), href=reverse("agencies:agencies"))
    if actor.has(Role.AGENCY_ADMINISTRATOR):
        yield ui.Link(label=_("Your agency and its supervisor's signature"), href=reverse("agencies:own"))
