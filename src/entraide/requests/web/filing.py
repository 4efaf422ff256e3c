"""Check your answers, sign and file; and what happens next."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from entraide.access import api as access
from entraide.access.web import receipts
from entraide.access.web.guards import actor_of, requires
from entraide.access.web.signing import answer_of, answer_with, check_shown, signature_on_demand
from entraide.agencies import api as agencies
from entraide.database import reading_as
from entraide.kernel import clock
from entraide.kernel.actors import Actor, Role
from entraide.kernel.errors import Invalid, Text
from entraide.requests import operations, queries
from entraide.requests.document import QUESTIONS, document_hash
from entraide.requests.labels import kind_label, language_name, network_label
from entraide.requests.law import (
    AUTHORITY_LABELS,
    BASIS_LABELS,
    CATEGORIES,
    ROLE_LABELS,
    URGENCY_LABELS,
)
from entraide.requests.operations import PreparedFiling
from entraide.requests.queries import DraftView
from entraide.requests.rules import Finding, Weight
from entraide.requests.states import RequestState
from entraide.requests.web.drafting import key_notice, of_a_draft
from entraide.requests.web.questions import TASKS
from entraide.ui import components as ui
from entraide.ui.places import country_name
from entraide.ui.words import day_in_words, listed

_TONES = {Weight.GOOD: ui.Tone.GOOD, Weight.INFO: ui.Tone.INFO, Weight.WARN: ui.Tone.WARN, Weight.BAD: ui.Tone.BAD}


@requires(Role.OFFICER)
@require_http_methods(["GET", "POST"])
@of_a_draft
def file(request: HttpRequest, reference: str) -> HttpResponse:
    """Show everything once more, with what a machine notices, and sign."""
    actor, now = actor_of(request), clock.now()
    if request.method == "POST":
        answer = answer_of(request)
        done = operations.file(
            reference, step_up_id=answer.step_up_id, assertion=answer.assertion, actor=actor, now=now
        )
        receipts.tell(request, done.entry_id)
        return HttpResponseRedirect(reverse("requests:filed", args=[reference]))
    with reading_as(actor):
        view = queries.draft_view(reference, actor=actor, now=now)
        prepared = _prepared(reference, actor)
        agency = agencies.agency(view.organisation_id)
        is_demo = actor.person_id is not None and access.person(actor.person_id).is_demo
        notice = key_notice(actor)
    context = {
        "draft": view,
        "back_href": reverse("requests:draft", args=[reference]),
        "sections": [(TASKS[page], ui.SummaryList(facts=list(_answers(view, page)))) for page in QUESTIONS],
        "faults": _faults(view),
        "remarks": _remarks(prepared, reference) if prepared else None,
        "needs_countersignature": prepared is not None and prepared.needs_countersignature,
        "signature": _signature(prepared, agency, is_demo) if prepared else None,
        "is_verified": agency.is_verified,
        "key_notice": notice,
    }
    return render(request, "requests/draft_check.html", context)


@requires(Role.OFFICER)
@require_GET
def file_for_countersignature(request: HttpRequest, reference: str) -> HttpResponse:
    """Lead to the one page on which a request is filed: whether a supervisor signs too is not chosen there."""
    return HttpResponseRedirect(reverse("requests:file", args=[reference]))


@requires(Role.OFFICER)
@require_POST
def file_options(request: HttpRequest, reference: str) -> HttpResponse:
    """Begin the step-up for exactly the document the page showed."""
    actor, now = actor_of(request), clock.now()
    with reading_as(actor):
        prepared = operations.prepare_filing(reference, actor=actor, now=now)
    check_shown(request, prepared.act)
    return answer_with(access.begin_step_up(prepared.act, actor=actor, now=now))


@requires(Role.OFFICER)
@require_GET
def filed(request: HttpRequest, reference: str) -> HttpResponse:
    """Say that it is done, and what happens next."""
    actor, now = actor_of(request), clock.now()
    with reading_as(actor):
        view = queries.request_view(reference, actor=actor, now=now)
        notice = key_notice(actor)
    if view.row.officer_id != actor.person_id or view.row.state not in (
        RequestState.AWAITING_COUNTERSIGNATURE, RequestState.SUBMITTED, RequestState.TRIAGE,
    ):  # fmt: skip
        return HttpResponseRedirect(reverse("desk:case", args=[reference]))
    context = {
        "row": view.row,
        "filing": view.filing,
        "awaits_supervisor": view.row.state is RequestState.AWAITING_COUNTERSIGNATURE,
        "due": ui.owed_by(view.row.due_at) if view.row.due_at else None,
        "key_notice": notice,
    }
    return render(request, "requests/draft_filed.html", context)


def _prepared(reference: str, actor: Actor) -> PreparedFiling | None:
    """Return what would be filed, or None while something is missing; used inside a door."""
    try:
        return operations.prepare_filing(reference, actor=actor, now=clock.now())
    except Invalid:
        return None


def _signature(prepared: PreparedFiling, agency: agencies.AgencyView, is_demo: bool) -> ui.Signature:
    document, reference = prepared.document, prepared.reference
    needs = prepared.needs_countersignature
    facts = [
        ui.Fact(label=_("Request"), value=ui.Identifier(value=reference, copy=False)),
        ui.Fact(label=_("Agency"), value=f"{agency.name} · {document['agency']['reference']}"),
        ui.Fact(label=_("Identifiers"), value=str(len(document["targets"]))),
        ui.Fact(label=_("Categories"), value=listed(document["categories"])),
        ui.Fact(label=_("Instrument (SHA-256)"), value=ui.Identifier(value=document["instrument"]["sha256"])),
        ui.Fact(label=_("Hash of the document (SHA-256)"), value=ui.Identifier(value=document_hash(document).hex())),
    ]
    return signature_on_demand(
        prepared.act,
        options_href=reverse("requests:file_options", args=[reference]),
        title=_("Sign for your supervisor to countersign") if needs else _("Sign and file"),
        button=_("Sign and send to my supervisor") if needs else _("Sign and file"),
        action=reverse("requests:file", args=[reference]),
        facts=facts,
        is_demo=is_demo,
        reason="" if agency.is_verified else _("Your agency is not verified yet: it can be signed after that."),
    )  # fmt: skip


def _faults(view: DraftView) -> ui.ErrorSummary | None:
    lines: dict[tuple[str, str], list[str]] = {}  # the same of several identifiers is one line
    for name, text in view.problems.items():
        first, _dot, rest = name.partition(".")
        lines.setdefault((f"{first}.{rest.partition('.')[2]}", str(text)), []).append(name)
    faults = [
        ui.Fault(text=_line(names, text), href=_href_of(view.reference, names[0]))
        for (_field, text), names in lines.items()
    ]
    return ui.ErrorSummary(faults=faults, takes_focus=False) if faults else None


def _line(names: Sequence[str], text: str) -> str:
    numbers = [str(int(name.split(".")[1]) + 1) for name in names if name.count(".") == 2]
    if not numbers:
        return text
    shown = listed(numbers[:5]) + (" …" if len(numbers) > 5 else "")
    return ngettext("Identifier %(n)s: %(problem)s", "Identifiers %(n)s: %(problem)s", len(numbers)) % {
        "n": shown, "problem": text,
    }  # fmt: skip


def _href_of(reference: str, name: str) -> str:
    return f"{page_href(reference, queries.page_of(name))}?problems=1&then=check"


def page_href(reference: str, page: str) -> str:
    """Return the address of a question page."""
    if page in ("instrument", "targets"):
        return reverse(f"requests:draft_{page}", args=[reference])
    return reverse("requests:draft_page", args=[reference, page])


def _remarks(prepared: PreparedFiling, reference: str) -> ui.Remarks | None:
    remarks = [_remark(finding, reference) for finding in prepared.findings]
    return ui.Remarks(remarks=remarks) if remarks else None


def _remark(finding: Finding, reference: str) -> ui.Remark:
    href = f"{page_href(reference, queries.page_of(finding.field))}?then=check" if finding.field else ""
    about = finding.about
    if finding.field == "targets" and about:
        about = _("Identifier %(n)s") % {"n": about}
    return ui.Remark(
        text=finding.text, tone=_TONES[finding.weight], about=about, detail=finding.source, href=href,
        link=_("Change") if href else "",
    )  # fmt: skip


# --------------------------------------------------------------------------------------------------- answers, in words


def _answers(view: DraftView, page: str) -> Iterator[ui.Fact]:
    """Yield the answers of one page as they will be signed, each with a way to change it."""
    content, href = view.content, f"{page_href(view.reference, page)}?then=check"
    for label, value in _facts_of(page, view, content):
        yield ui.Fact(label=label, value=value or ui.Pill(label=_("Not answered")), change_href=href)


def _facts_of(page: str, view: DraftView, content: Mapping[str, Any]) -> list[tuple[str, Any]]:
    def text(name: str) -> str:
        return str(content.get(name) or "")

    match page:
        case "basis":
            return [
                (_("Legal basis"), _label(BASIS_LABELS, text("legal_basis"))),
                (_("Your agency's reference"), text("agency_reference")),
                (_("Language of the instrument"), language_name(text("language")) if text("language") else ""),
            ]
        case "instrument":
            file = view.instrument
            return [(_("Instrument"), [file.name, ui.Identifier(value=file.sha256)] if file else "")]
        case "authority":
            country = text("authority_country")
            facts = [
                (_("Issued by"), _joined(_label(AUTHORITY_LABELS, text("authority_kind")), text("authority_name"))),
                (_("Country"), country_name(country) if country else ""),
                (_("Issued on"), _day(text("issued_on"))),
            ]
            if text("validating_kind"):
                validated = _joined(_label(AUTHORITY_LABELS, text("validating_kind")), text("validating_name"))
                facts.append((_("Validated by"), validated))
            return facts
        case "offence":
            years = text("offence_years")
            return [
                (_("Offence"), text("offence")),
                (_("Maximum penalty"), _years(years) if years else _("Not said")),
                (_("Listed offence"), _("Yes") if content.get("offence_is_listed") else _("No")),
            ]
        case "targets":
            return _target_facts(content.get("targets") or ())
        case "categories":
            chosen = set(content.get("categories") or ())
            rules = [rule for rule in CATEGORIES.values() if rule.category.value in chosen]
            return [(_("Categories"), [f"{rule.category.value} · {rule.label}" for rule in rules])]
        case "narrative":
            return [(_("What happened"), ui.Words(text=text("narrative")) if text("narrative") else "")]
        case _:
            facts = [(_("Urgency"), _label(URGENCY_LABELS, text("urgency")))]
            if text("urgency") == "emergency":
                facts.append((_("What threatens life or safety"), text("emergency_reason")))
            until = _day(text("non_disclosure_until")) or _("No such order")
            return [*facts, (_("Do not inform the person before"), until)]


def _target_facts(targets: Sequence[Mapping[str, Any]]) -> list[tuple[str, Any]]:
    if not targets:
        return [(_("Identifiers"), "")]
    return [
        (_("Identifier %(n)s") % {"n": index + 1}, list(_target_lines(target))) for index, target in enumerate(targets)
    ]


def _target_lines(target: Mapping[str, Any]) -> Iterator[ui.Drawable]:
    value = str(target.get("value") or "")
    yield ui.Identifier(value=value, copy=False, whole=True) if value else ui.Pill(label=_("Not answered"))
    network = str(target.get("network") or "")
    role = _label(ROLE_LABELS, str(target.get("role") or "not_said"))
    yield _joined(str(kind_label(str(target.get("kind") or ""))), network_label(network) if network else "", role)
    first, last = _day(str(target.get("period_from") or "")), _day(str(target.get("period_to") or ""))
    if first and last:
        zone = str(target.get("time_zone") or "")
        yield _("%(first)s to %(last)s (%(zone)s)") % {"first": first, "last": last, "zone": zone}
    else:
        yield ui.Pill(label=_("No period yet"), tone=ui.Tone.WARN)
    if target.get("as_written"):
        yield ui.Pill(label=_("As written"), tone=ui.Tone.WARN)


def _label(labels: Mapping[Any, Text], code: str) -> str:
    return next((str(text) for key, text in labels.items() if str(key) == code), "")


def _years(years: str) -> str:
    if not years.isdigit():
        return years
    return ngettext("%(n)s year", "%(n)s years", int(years)) % {"n": years}


def _joined(*parts: str) -> str:
    return " · ".join(part for part in parts if part)


def _day(value: str) -> str:
    try:
        day = date.fromisoformat(value)
    except ValueError:
        return ""
    return day_in_words(day)
