"""Agencies: the list and each agency for the exchange's people, and an agency's own page for its administrator."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext
from django.views.decorators.http import require_GET, require_http_methods

from entraide.access import api as access
from entraide.access.web.guards import actor_of, requires
from entraide.access.web.receipts import tell
from entraide.access.web.signing import answer_of, is_signed
from entraide.agencies import acts, api, operations, policies
from entraide.agencies.api import AgencyView
from entraide.agencies.labels import CATEGORY_LABELS
from entraide.agencies.states import AGENCY, AgencyCheck, AgencyState, AgencyVerb
from entraide.agencies.web.forms import AgencyForm, CategoriesForm, ChecksForm
from entraide.agencies.web.showing import changed_facts, facts_of, ltr, question, sent, sign
from entraide.database import reading_as
from entraide.exchange.port import Category
from entraide.kernel import clock
from entraide.kernel.actors import Actor, Face, Role
from entraide.kernel.errors import Text
from entraide.ui import components as ui
from entraide.ui.places import country_name
from entraide.ui.words import listed

STAFF = (Role.DESK_ADMINISTRATOR, Role.APPROVER, Role.ANALYST, Role.AUDITOR)
OWN = (Role.AGENCY_ADMINISTRATOR, Role.SUPERVISOR, Role.OFFICER)
ADMINISTRATORS = (Role.DESK_ADMINISTRATOR, Role.AGENCY_ADMINISTRATOR)
BUTTONS: dict[AgencyVerb, tuple[Text, str]] = {
    AgencyVerb.PROPOSE: (gettext_lazy("Vouch as the first"), "primary"),
    AgencyVerb.VERIFY: (gettext_lazy("Verify as the second"), "primary"),
    AgencyVerb.SUSPEND: (gettext_lazy("Suspend"), "danger"),
}


@requires(*STAFF)
@require_GET
def agencies(request: HttpRequest) -> HttpResponse:
    """List the agencies of this desk."""
    actor = actor_of(request)
    with reading_as(actor):
        views = api.all_agencies()
    table = ui.Table(
        caption=_("Agencies"),
        columns=[
            ui.Column(label=_("Agency"), is_heading=True),
            ui.Column(label=_("Country")),
            ui.Column(label=_("What it is there for")),
            ui.Column(label=_("State")),
            ui.Column(label=pgettext("moment", "Verified")),
        ],
        rows=[
            ui.Row(
                cells=[
                    ui.Link(label=view.name, href=reverse("agencies:agency", args=[view.id])),
                    country_name(view.facts.country),
                    view.facts.function,
                    _pill(view.state),
                    ui.Moment(at=view.verified_at, compact=True) if view.verified_at and view.is_verified else "",
                ]
            )
            for view in views
        ],
        empty=_("No agency was entered yet."),
        hide_caption=True,
    )
    enter_button = ui.Button(
        label=_("Enter an agency"), href=reverse("agencies:enter"), reason=policies.why_not_enter(actor)
    )
    return render(request, "agencies/agencies.html", {"table": table, "enter": enter_button})


@requires(*OWN)
@require_GET
def own(request: HttpRequest) -> HttpResponse:
    """Lead to the reader's own agency."""
    return HttpResponseRedirect(reverse("agencies:agency", args=[actor_of(request).organisation_id]))


@requires(*STAFF, *OWN)
@require_GET
def agency(request: HttpRequest, agency_id: UUID) -> HttpResponse:
    """Show what the exchange knows of an agency, who vouched for it, and what may be changed by whom."""
    actor = actor_of(request)
    with reading_as(actor):
        view = api.agency(agency_id)
        names = {}
        if actor.face is Face.STAFF:
            spoken_of = [*view.vouched, *([view.change.by] if view.change else [])]
            names = {one.id: one.name for one in access.people_by_ids(one.person_id for one in spoken_of).values()}
    may_change = not policies.why_not_set_countersigned(actor, agency_id)
    context = {
        "agency": view,
        "is_staff": actor.face is Face.STAFF,
        "is_administrator": actor.has(*ADMINISTRATORS),
        "facts": ui.SummaryList(facts=facts_of(view)),
        "vouched": ui.SummaryList(facts=_vouched(view, names)),
        "policy": ui.SummaryList(facts=[_policy(view, may_change)]),
        "buttons": _buttons(view, actor),
        "change": ui.SummaryList(facts=_waiting_change(view, names)) if view.change else None,
        "change_buttons": _change_buttons(view, actor),
    }
    return render(request, "agencies/agency.html", context)


@requires(Role.DESK_ADMINISTRATOR)
@require_http_methods(["GET", "POST"])
def enter(request: HttpRequest) -> HttpResponse:
    """Ask for the facts of an agency, have them signed, and enter it."""
    actor, now = actor_of(request), clock.now()
    form = AgencyForm(sent(request))
    if not form.is_valid():
        return question(request, form, _("Enter an agency"), back=reverse("agencies:agencies"))
    facts, name = form.facts, form.cleaned_data["name"]
    if is_signed(request):
        answer = answer_of(request)
        done = operations.enter(
            facts, name=name, step_up_id=answer.step_up_id, assertion=answer.assertion, actor=actor, now=now
        )
        tell(request, done.entry_id)
        return HttpResponseRedirect(reverse("agencies:agency", args=[done.id]))
    shown = [
        ui.Fact(label=_("Name of the agency"), value=name),
        ui.Fact(label=_("Country"), value=country_name(facts.country)),
        ui.Fact(label=_("What it is there for"), value=facts.function),
        ui.Fact(label=_("E-mail domains"), value=listed(facts.domains)),
        ui.Fact(label=_("Switchboard"), value=ltr(facts.switchboard)),
    ]
    return sign(request, acts.enter(facts, name=name), _("Enter an agency"), shown, form.hidden)


@requires(*policies.VOUCHERS)
@require_http_methods(["GET", "POST"])
def vouch(request: HttpRequest, agency_id: UUID, verb: str) -> HttpResponse:
    """Ask what was checked, have it signed, and vouch as the first or the second."""
    actor, now = actor_of(request), clock.now()
    with reading_as(actor):
        view = api.agency(agency_id)
    is_second = verb == AgencyVerb.VERIFY
    title = _("Verify this agency as the second person") if is_second else _("Vouch for this agency as the first")
    back = reverse("agencies:agency", args=[agency_id])
    _check_in_time(view, AgencyVerb(verb), actor)
    form = ChecksForm(sent(request))
    if not form.is_valid():
        return question(request, form, title, back=back, caption=view.name, facts=ui.SummaryList(facts=facts_of(view)))
    checked = form.cleaned_data["checked"]
    if is_signed(request):
        answer = answer_of(request)
        change = operations.verify if is_second else operations.propose
        entry_id = change(
            agency_id, checked, step_up_id=answer.step_up_id, assertion=answer.assertion, actor=actor, now=now
        )
        tell(request, entry_id)
        return HttpResponseRedirect(back)
    make = acts.verify if is_second else acts.propose
    checks = operations.checks_of(checked)
    labels = [AgencyCheck(check).label for check in checks]
    facts = [*facts_of(view), _policy(view, False), ui.Fact(label=_("You checked"), value=labels)]
    act = make(organisation_id=agency_id, known=view.known, checked=checks)
    return sign(request, act, title, facts, form.hidden)


@requires(Role.DESK_ADMINISTRATOR)
@require_http_methods(["GET", "POST"])
def suspend(request: HttpRequest, agency_id: UUID) -> HttpResponse:
    """Show what suspending means, have it signed, and suspend."""
    actor, now = actor_of(request), clock.now()
    with reading_as(actor):
        view = api.agency(agency_id)
    AGENCY.step(view.state, AgencyVerb.SUSPEND)
    if is_signed(request):
        answer = answer_of(request)
        entry_id = operations.suspend(
            agency_id, step_up_id=answer.step_up_id, assertion=answer.assertion, actor=actor, now=now
        )
        tell(request, entry_id)
        return HttpResponseRedirect(reverse("agencies:agency", args=[agency_id]))
    facts = [
        ui.Fact(label=_("Agency"), value=view.name),
        ui.Fact(label=_("What changes"), value=_("No request of it is taken in until two people verify it anew.")),
    ]
    return sign(request, acts.suspend(organisation_id=agency_id), _("Suspend this agency"), facts, {})


@requires(*ADMINISTRATORS)
@require_http_methods(["GET", "POST"])
def countersignature(request: HttpRequest, agency_id: UUID) -> HttpResponse:
    """Ask for which data the supervisor signs as well, have it signed, and keep it."""
    actor, now = actor_of(request), clock.now()
    with reading_as(actor):
        view = api.agency(agency_id)
    policies.check_may_set_countersigned(actor, agency_id)
    held = view.countersigned_categories
    form = CategoriesForm(
        sent(request),
        initial={"categories": sorted(held)},
        kept=held if actor.face is Face.AGENCY else (),
    )
    back, title = reverse("agencies:agency", args=[agency_id]), _("The supervisor's signature")
    if not form.is_valid():
        return question(request, form, title, back=back, caption=view.name, is_stricter_only=actor.face is Face.AGENCY)
    chosen = form.cleaned_data["categories"]
    if is_signed(request):
        answer = answer_of(request)
        entry_id = operations.set_countersigned(
            agency_id, chosen, step_up_id=answer.step_up_id, assertion=answer.assertion, actor=actor, now=now
        )
        tell(request, entry_id)
        return HttpResponseRedirect(back)
    facts = [
        ui.Fact(label=_("Agency"), value=view.name),
        ui.Fact(label=_("Until now"), value=_named(held)),
        ui.Fact(label=_("From now on"), value=_named(chosen)),
    ]
    act = acts.set_countersigned(organisation_id=agency_id, categories=chosen)
    return sign(request, act, title, facts, form.hidden)


def _check_in_time(view: AgencyView, verb: AgencyVerb, actor: Actor) -> None:
    """Refuse before anything is asked what would be refused after it was signed."""
    if verb is AgencyVerb.VERIFY and view.vouched:
        policies.check_is_second(actor, view.vouched[0].person_id)
    AGENCY.step(view.state, verb, approvers=[actor.person_id])


def _buttons(view: AgencyView, actor: Actor) -> list[ui.Button]:
    """Return a button for each thing the state allows; disabled, with the reason, where this person may not."""
    if actor.face is not Face.STAFF or actor.has(Role.AUDITOR):
        return []
    first = view.vouched[0].person_id if view.vouched else None
    found = []
    for verb, (label, kind) in BUTTONS.items():
        if AGENCY.allows(view.state, verb):
            is_suspending = verb is AgencyVerb.SUSPEND
            why = policies.why_not_enter(actor) if is_suspending else policies.why_not_vouch(actor, verb, first)
            href = reverse(f"agencies:{verb.value}", args=[view.id])
            found.append(ui.Button(label=label, kind=kind, href=href, reason=why))
    return found


def _waiting_change(view: AgencyView, names: dict[UUID, str]) -> list[ui.Fact]:
    if view.change is None:
        return []
    who = names.get(view.change.by.person_id, _("A person of the exchange"))
    checks = [check.label for check in view.change.by.checks]
    return [*changed_facts(view.facts, view.change.facts), ui.Fact(label=_("First person"), value=[who, *checks])]


def _change_buttons(view: AgencyView, actor: Actor) -> list[ui.Button]:
    """Return what may be done about changed facts; nothing for whoever may not vouch."""
    if policies.why_not_vouch(actor, AgencyVerb.PROPOSE, None):
        return []
    if view.change is None:
        href = reverse("agencies:change", args=[view.id])
        return [ui.Button(label=_("Change these facts"), kind="secondary", href=href)]
    why = policies.why_not_vouch(actor, AgencyVerb.VERIFY, view.change.by.person_id)
    confirm = reverse("agencies:confirm_change", args=[view.id])
    return [
        ui.Button(label=_("Check the change as the second"), href=confirm, reason=why),
        ui.Button(label=_("Drop the change"), kind="danger", href=reverse("agencies:drop_change", args=[view.id])),
    ]


def _vouched(view: AgencyView, names: dict[UUID, str]) -> list[ui.Fact]:
    labels = (_("First person"), _("Second person"))
    facts = []
    for label, one in zip(labels, view.vouched, strict=False):
        who: list[Any] = [names[one.person_id]] if one.person_id in names else [_("A person of the exchange")]
        facts.append(ui.Fact(label=label, value=[*who, *(check.label for check in one.checks)]))
    if view.is_verified and view.verified_at:
        facts.append(ui.Fact(label=pgettext("moment", "Verified"), value=ui.Moment(at=view.verified_at)))
    return facts


def _policy(view: AgencyView, may_change: bool) -> ui.Fact:
    href = reverse("agencies:countersignature", args=[view.id]) if may_change else ""
    return ui.Fact(
        label=_("The supervisor signs as well for"), value=_named(view.countersigned_categories), change_href=href
    )


def _named(categories: Sequence[str] | frozenset[str]) -> list[Text]:
    chosen = [f"{one.value} · {CATEGORY_LABELS[one]}" for one in Category if one.value in categories]
    return [*chosen, _("Every emergency")]


def _pill(state: AgencyState) -> ui.Pill:
    return ui.Pill(label=state.label, tone=state.tone)
