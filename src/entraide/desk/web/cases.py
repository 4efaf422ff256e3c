"""The list of requests, for an analyst with forty of them open and for an officer with three."""

from datetime import datetime
from urllib.parse import urlencode

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext
from django.views.decorators.http import require_GET

from entraide.access.web.guards import actor_of, requires
from entraide.database import reading_as
from entraide.desk.web.rows import case_link, clock_of, state_pill
from entraide.kernel import clock
from entraide.kernel.actors import CASE_READERS, Actor, Face, Role
from entraide.requests import api as requests
from entraide.requests.api import RequestState
from entraide.ui import components as ui

S = RequestState

# What people look for, as sets of states; the rest are the states themselves.
_OPEN = frozenset(RequestState) - {S.DRAFT, S.DISCARDED, S.CLOSED, S.WITHDRAWN}
_UNSEEN_BY_DESK = frozenset({S.DRAFT, S.DISCARDED})
_OFFSET_MAX = 100_000


class Filters(forms.Form):
    """What the list is narrowed by; what is not understood narrows nothing."""

    q = forms.CharField(
        label=gettext_lazy("Search reference or offence"),
        required=False,
        max_length=200,
        widget=forms.TextInput(attrs={"type": "search"}),
    )
    state = forms.ChoiceField(label=gettext_lazy("State"), required=False)
    whose = forms.ChoiceField(label=gettext_lazy("Which"), required=False)
    offset = forms.IntegerField(required=False, min_value=0, max_value=_OFFSET_MAX, widget=forms.HiddenInput)

    def __init__(self, data: object, *, actor: Actor) -> None:
        super().__init__(data)  # type: ignore[arg-type]  # the query of the address
        is_agency = actor.face is Face.AGENCY
        states = [state for state in RequestState if is_agency or state not in _UNSEEN_BY_DESK]
        self.fields["state"].choices = [  # type: ignore[attr-defined]  # a choice field has them
            ("", pgettext("requests", "All")),
            ("open", pgettext("requests", "Open")),
            *((state.value, requests.STATE_LABELS[state]) for state in states),
        ]
        if is_agency:
            del self.fields["whose"]
            return
        self.fields["whose"].choices = [  # type: ignore[attr-defined]
            ("", _("Everybody's")),
            *([("mine", _("Mine"))] if actor.has(Role.ANALYST) else []),
            ("nobody", _("Nobody's yet")),
            ("overdue", _("Overdue")),
        ]

    def question(self, actor: Actor, now: datetime) -> requests.RequestQuestion:
        """Return what is asked of the list."""
        said = self.cleaned_data
        state, whose = said.get("state", ""), said.get("whose", "")
        states = _OPEN if state == "open" else frozenset({RequestState(state)}) if state else frozenset()
        return requests.RequestQuestion(
            states=states,
            text=said.get("q", ""),
            assigned_to_id=actor.person_id if whose == "mine" else None,
            unassigned=whose == "nobody",
            overdue_at=now if whose == "overdue" else None,
        )


@require_GET
@requires(*CASE_READERS)
def cases(request: HttpRequest) -> HttpResponse:
    """List the requests the reader may see, what is due first."""
    actor, now = actor_of(request), clock.now()
    filters = Filters(request.GET, actor=actor)
    filters.is_valid()
    offset = filters.cleaned_data.get("offset") or 0
    question = filters.question(actor, now)
    with reading_as(actor):
        found = requests.requests_for(actor, question, offset=offset)
    context = {
        "table": _table(found, actor, now, is_narrowed=question != requests.RequestQuestion()),
        "filters": filters,
        "may_request": actor.has(Role.OFFICER),
        "before": _page(filters, offset - requests.PAGE_ROWS) if offset else "",
        "after": _page(filters, offset + requests.PAGE_ROWS) if found.has_more else "",
    }
    return render(request, "desk/cases.html", context)


def _page(filters: Filters, offset: int) -> str:
    said = {name: value for name, value in filters.cleaned_data.items() if value and name != "offset"}
    return f"{reverse('desk:cases')}?{urlencode({**said, 'offset': max(0, offset)})}"


def _table(found: requests.RequestList, actor: Actor, now: datetime, *, is_narrowed: bool) -> ui.Table:
    is_agency = actor.face is Face.AGENCY
    columns = [
        ui.Column(label=_("Reference"), is_heading=True),
        ui.Column(label=_("Offence")),
        ui.Column(label=_("Officer") if is_agency else _("Agency")),
        *([] if is_agency else [ui.Column(label=_("Analyst"))]),
        ui.Column(label=_("Due")),
        ui.Column(label=_("State")),
    ]
    rows = [
        ui.Row(
            cells=[
                ui.Several(items=[case_link(row.reference), *([row.agency_reference] if row.agency_reference else [])]),
                row.offence or "–",
                row.officer_name if is_agency else row.agency_name,
                *([] if is_agency else [row.assigned_to_name or "–"]),
                clock_of(row, now),
                state_pill(row),
            ],
            tone=ui.Tone.BAD if row.is_overdue(now) else "",
        )
        for row in found.rows
    ]
    empty = _("No request matches. Search for fewer words, or for another state.")
    return ui.Table(
        caption=_("Requests"),
        columns=columns,
        rows=rows,
        empty=empty if is_narrowed else _("There are no requests yet."),
        hide_caption=True,
        is_dense=True,
    )
