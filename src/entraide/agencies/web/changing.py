"""Other facts of an agency: asked for by one person of the exchange, put in force by a second."""

from uuid import UUID

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from entraide.access.web.guards import actor_of, requires
from entraide.access.web.receipts import tell
from entraide.access.web.signing import answer_of, is_signed
from entraide.agencies import acts, api, operations, policies
from entraide.agencies.api import AgencyView, ChangeView
from entraide.agencies.facts import AgencyFacts
from entraide.agencies.states import AgencyCheck
from entraide.agencies.web.forms import ChangeForm, ChecksForm
from entraide.agencies.web.showing import changed_facts, question, sent, sign
from entraide.database import reading_as
from entraide.kernel import clock
from entraide.kernel.errors import NotFound
from entraide.ui import components as ui


@requires(*policies.VOUCHERS)
@require_http_methods(["GET", "POST"])
def change(request: HttpRequest, agency_id: UUID) -> HttpResponse:
    """Ask what shall be known of an agency and what was checked, and have it signed."""
    actor, now = actor_of(request), clock.now()
    with reading_as(actor):
        view = api.agency(agency_id)
    policies.check_may_change_now(view.state)
    back, title = reverse("agencies:agency", args=[agency_id]), _("Change what is known of this agency")
    initial = view.facts.content | {"domains": ", ".join(view.facts.domains)}
    form = ChangeForm(sent(request), initial=initial)
    if not form.is_valid():
        lead = _("You sign the change; it is in force once a second person has checked it and signed as well.")
        return question(request, form, title, back=back, caption=view.name, lead=lead)
    facts, checked = form.facts, operations.checks_of(form.cleaned_data["checked"])
    policies.check_number_is_settled(checked, view.number_since, now)
    if is_signed(request):
        answer = answer_of(request)
        entry_id = operations.propose_change(
            agency_id, facts, checked, step_up_id=answer.step_up_id, assertion=answer.assertion, actor=actor, now=now
        )
        tell(request, entry_id)
        return HttpResponseRedirect(back)
    operations.check_changes(facts, view.facts)
    act = acts.propose_change(facts, organisation_id=agency_id, known=view.known, checked=checked)
    return sign(request, act, title, _shown(view, facts, checked), form.hidden)


@requires(*policies.VOUCHERS)
@require_http_methods(["GET", "POST"])
def confirm(request: HttpRequest, agency_id: UUID) -> HttpResponse:
    """Ask the second person what was checked, and have the change signed."""
    actor, now = actor_of(request), clock.now()
    with reading_as(actor):
        view = api.agency(agency_id)
    waiting = _waiting(view)
    policies.check_is_second(actor, waiting.by.person_id)
    policies.check_may_change_now(view.state)
    back, title = reverse("agencies:agency", args=[agency_id]), _("Change this agency as the second person")
    form = ChecksForm(sent(request))
    if not form.is_valid():
        facts = ui.SummaryList(facts=changed_facts(view.facts, waiting.facts))
        return question(request, form, title, back=back, caption=view.name, facts=facts)
    checked = operations.checks_of(form.cleaned_data["checked"])
    policies.check_number_is_settled(checked, view.number_since, now)
    policies.check_was_called_back({*waiting.by.checks, *checked})
    if is_signed(request):
        answer = answer_of(request)
        entry_id = operations.confirm_change(
            agency_id, checked, step_up_id=answer.step_up_id, assertion=answer.assertion, actor=actor, now=now
        )
        tell(request, entry_id)
        return HttpResponseRedirect(back)
    act = acts.confirm_change(waiting.facts, organisation_id=agency_id, known=view.known, checked=checked)
    return sign(request, act, title, _shown(view, waiting.facts, checked), form.hidden)


@requires(*policies.VOUCHERS)
@require_http_methods(["GET", "POST"])
def drop(request: HttpRequest, agency_id: UUID) -> HttpResponse:
    """Show the change that waits, have it signed that it is dropped, and drop it."""
    actor, now = actor_of(request), clock.now()
    with reading_as(actor):
        view = api.agency(agency_id)
    waiting = _waiting(view)
    if is_signed(request):
        answer = answer_of(request)
        entry_id = operations.drop_change(
            agency_id, step_up_id=answer.step_up_id, assertion=answer.assertion, actor=actor, now=now
        )
        tell(request, entry_id)
        return HttpResponseRedirect(reverse("agencies:agency", args=[agency_id]))
    act = acts.drop_change(waiting.facts, organisation_id=agency_id)
    facts = [ui.Fact(label=_("Agency"), value=view.name), *changed_facts(view.facts, waiting.facts)]
    return sign(request, act, _("Drop this change"), facts, {})


def _waiting(view: AgencyView) -> ChangeView:
    if view.change is None:
        raise NotFound(_("This change"), why=_("none waits any more"), do=_("Look at the agency again"))
    return view.change


def _shown(view: AgencyView, asked: AgencyFacts, checked: list[str]) -> list[ui.Fact]:
    labels = [AgencyCheck(check).label for check in checked]
    return [
        ui.Fact(label=_("Agency"), value=view.name),
        *changed_facts(view.facts, asked),
        ui.Fact(label=_("You checked"), value=labels),
    ]
