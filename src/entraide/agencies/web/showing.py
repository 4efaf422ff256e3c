"""What the pages of agencies share: the facts, the question, the page that signs."""

from collections.abc import Sequence
from typing import Any

from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.utils.translation import gettext as _

from entraide.access import api as access
from entraide.access.web.guards import actor_of
from entraide.access.web.signing import signature
from entraide.agencies.api import AgencyView
from entraide.agencies.facts import AgencyFacts
from entraide.kernel import clock
from entraide.kernel.acts import Act
from entraide.ui import components as ui
from entraide.ui.places import country_name


def facts_of(view: AgencyView) -> list[ui.Fact]:
    """Return what the exchange knows of an agency."""
    return [
        ui.Fact(label=_("Agency"), value=view.name),
        ui.Fact(label=_("Country"), value=country_name(view.facts.country)),
        ui.Fact(label=_("What it is there for"), value=view.facts.function),
        ui.Fact(label=_("E-mail domains"), value=[ltr(domain) for domain in view.facts.domains]),
        ui.Fact(label=_("Switchboard"), value=ltr(view.facts.switchboard)),
    ]


def ltr(value: str) -> ui.Identifier:
    """Return a domain or a number, which reads from left to right in every language."""
    return ui.Identifier(value=value, copy=False)


def sent(request: HttpRequest) -> QueryDict | None:
    """Return what was sent, nothing too; None where the page is only opened."""
    return request.POST if request.method == "POST" else None


def question(request: HttpRequest, form: Any, title: str, *, back: str, **more: Any) -> HttpResponse:
    """Ask a question; with what is wrong where it was answered badly."""
    context = {"form": form, "question": title, "back_href": back, **more}
    return render(request, "agencies/question.html", context, status=422 if form.errors else 200)


def sign(request: HttpRequest, act: Act, title: str, facts: Sequence[ui.Fact], hidden: dict[str, str]) -> HttpResponse:
    """Show what is signed, and ask for the signature."""
    begun = access.begin_step_up(act, actor=actor_of(request), now=clock.now())
    form = signature(begun, title=title, button=_("Sign"), action=request.path, facts=facts, hidden=hidden)
    return render(request, "agencies/sign.html", {"heading": title, "signature": form})


def changed_facts(known: AgencyFacts, asked: AgencyFacts) -> list[ui.Fact]:
    """Return each fact that a change touches: what it is, and what it shall be."""
    pairs: list[tuple[str, list[ui.Drawable], list[ui.Drawable]]] = [
        (_("Country"), [country_name(known.country)], [country_name(asked.country)]),
        (_("What it is there for"), [known.function], [asked.function]),
        (_("E-mail domains"), [ltr(one) for one in known.domains], [ltr(one) for one in asked.domains]),
        (_("Switchboard"), [ltr(known.switchboard)], [ltr(asked.switchboard)]),
    ]
    return [
        ui.Fact(
            label=label,
            value=[
                ui.Several(items=(_("until now:"), *before), is_inline=True),
                ui.Several(items=(_("then:"), *after), is_inline=True),
            ],
        )
        for label, before, after in pairs
        if before != after
    ]
