"""Whom or what a request asks about: found in a pasted text, or entered by hand; each with role and period."""

import string
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _later
from django.utils.translation import ngettext, pgettext_lazy
from django.views.decorators.http import require_http_methods, require_POST

from entraide.access.web.guards import actor_of, requires
from entraide.database import reading_as
from entraide.exchange.port import IdentifierKind
from entraide.kernel import clock
from entraide.kernel.actors import Role
from entraide.kernel.errors import Text
from entraide.requests import operations, queries
from entraide.requests.document import TARGETS_MAX
from entraide.requests.labels import KIND_LABELS, kind_label, network_label, problem_sentence
from entraide.requests.law import ROLE_LABELS, TargetRole
from entraide.requests.queries import DraftView
from entraide.requests.targets import TEXT_MAX, VALUE_MAX, ExtractedTargets, ReadIdentifier, extract_targets
from entraide.requests.web.drafting import frame, of_a_draft, onward, saved, warn_of_secrets
from entraide.requests.web.questions import QuestionForm
from entraide.requests.web.target_rows import (
    PERIOD,
    added,
    found_in,
    reading_of,
    same,
    share_a_period,
    targets_in,
)
from entraide.ui import components as ui
from entraide.ui.places import time_zones
from entraide.ui.words import listed

NETWORKS_SAID = 3  # a transaction id looks the same on most networks
_DAY = {"type": "date", "min": "2009-01-01", "max": "2100-12-31"}


class PeriodForm(QuestionForm):
    """From which day to which, in which time zone."""

    period_from = forms.CharField(label=pgettext_lazy("period", "From"), widget=forms.DateInput(attrs=_DAY))
    period_to = forms.CharField(label=_later("To, the day included"), widget=forms.DateInput(attrs=_DAY))
    time_zone = forms.CharField(
        label=_later("Time zone"),
        widget=forms.TextInput(
            attrs={"list": "zones", "autocomplete": "off", "spellcheck": "false", "class": "code", "maxlength": 64}
        ),
    )


class TargetForm(PeriodForm):
    """One identifier with everything that is asked about it."""

    value = forms.CharField(
        label=_later("Identifier"),
        widget=forms.TextInput(
            attrs={"class": "code", "autocomplete": "off", "spellcheck": "false", "autocapitalize": "off",
                   "maxlength": VALUE_MAX}
        ),
    )  # fmt: skip
    kind = forms.ChoiceField(
        label=_later("Kind"),
        choices=[("", _later("Find out")), *((kind.value, text) for kind, text in KIND_LABELS.items())],
    )
    network = forms.ChoiceField(label=_later("Network"))
    role = forms.ChoiceField(
        label=_later("The person is"), choices=[(role.value, text) for role, text in ROLE_LABELS.items()]
    )
    as_written = forms.BooleanField(
        label=_later("Send it as written: so it stands on the instrument"),
        required=False,
    )

    def __init__(
        self, target: Mapping[str, Any], problems: Mapping[str, Text], *, index: int, has_period: bool
    ) -> None:
        super().__init__({"role": TargetRole.NOT_SAID.value, **target}, problems)
        self.prefix = f"targets-{index}"
        if self.is_bound:
            self.data = {self.add_prefix(name): value for name, value in self.data.items()}
        self.reading = reading_of(target)
        networks = self.reading.networks if self.reading else ()
        if len(networks) > 1:
            self.fields["network"].choices = [  # type: ignore[attr-defined]
                ("", _("Any it can belong to")), *((network, network_label(network)) for network in networks)
            ]  # fmt: skip
        else:
            del self.fields["network"]
        if not (self.reading and self.reading.problem):
            del self.fields["as_written"]
        if not has_period:
            for name in PERIOD:
                del self.fields[name]

    @property
    def remarks(self) -> ui.Remarks | None:
        """Return what the reading of the identifier says, once there is one; not again what the field says already."""
        if self.reading is None:
            return None
        if self.reading.problem and "value" in self._problems:
            advice = _("Compare it with the instrument, letter by letter.")
            return ui.Remarks(remarks=(ui.Remark(text=advice, tone=ui.Tone.WARN),))
        return ui.Remarks(remarks=(read_in_words(self.reading),))


def read_in_words(reading: ReadIdentifier) -> ui.Remark:
    """Return what an identifier was read as, and whether it holds."""
    networks = listed(network_label(network) for network in reading.networks[:NETWORKS_SAID])
    if len(reading.networks) > NETWORKS_SAID:
        networks = _("possible on several networks")
    what = f"{kind_label(reading.kind.value)} · {networks}" if networks else kind_label(reading.kind.value)
    if reading.problem:
        return ui.Remark(text=problem_sentence(reading.problem), tone=ui.Tone.WARN, detail=what)
    if has_check_digits(reading):
        return ui.Remark(text=what, tone=ui.Tone.GOOD, detail=_("Its form and check digits hold"))
    return ui.Remark(text=what, tone=ui.Tone.GOOD, detail=_("Its form holds; it has no check digits"))


def has_check_digits(reading: ReadIdentifier) -> bool:
    """Say whether a typing error in it would have been noticed.

    Addresses in hexadecimal carry their check in the mixture of upper and lower case only; Solana's carry none.
    """
    if reading.kind is IdentifierKind.IBAN:
        return True
    if reading.kind is not IdentifierKind.ADDRESS or "solana" in reading.networks:
        return False
    digits = reading.value.strip().removeprefix("0x")
    is_hexadecimal = all(letter in string.hexdigits for letter in digits)
    return not is_hexadecimal or (digits.lower() != digits and digits.upper() != digits)


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundRow:
    """One identifier found in a text, as the page offers it."""

    index: int
    reading: ReadIdentifier
    remark: ui.Remarks
    is_there: bool

    @property
    def is_ticked(self) -> bool:
        """Only what holds is ticked for the officer; the rest is hers to say."""
        return self.reading.problem is None and not self.is_there

    @property
    def network(self) -> str:
        """Return the network, where only one is possible."""
        return self.reading.networks[0] if len(self.reading.networks) == 1 else ""

    @property
    def identifier(self) -> ui.Identifier:
        """Return the value as a component."""
        return ui.Identifier(value=self.reading.value, copy=False, whole=True)


@requires(Role.OFFICER)
@require_http_methods(["GET", "POST"])
@of_a_draft
def targets(request: HttpRequest, reference: str) -> HttpResponse:
    """Ask for identifiers; every button keeps what is there first."""
    if request.method == "POST":
        return _changed(request, reference)
    actor = actor_of(request)
    with reading_as(actor):
        view = queries.draft_view(reference, actor=actor, now=clock.now())
    return _draw(request, view)


@requires(Role.OFFICER)
@require_POST
def save_targets(request: HttpRequest, reference: str) -> JsonResponse:
    """Keep what was typed so far; asked by the page itself."""
    return saved(request, reference, {"targets": targets_in(request.POST)})


@requires(Role.OFFICER)
@require_POST
def find(request: HttpRequest, reference: str) -> HttpResponse:
    """Keep the rows sent along, then show every identifier in a pasted text, which is neither kept nor shown again."""
    actor, now = actor_of(request), clock.now()
    if rows := targets_in(request.POST):
        operations.save_draft(reference, {"targets": rows}, actor=actor, now=now)
        warn_of_secrets(request, {"targets": rows})
    with reading_as(actor):
        view = queries.draft_view(reference, actor=actor, now=now)
    text = request.POST.get("text", "")
    if not text.strip():
        return _draw(request, view, problem=_("Paste a text, or add an identifier by hand"), status=422)
    if len(text) > TEXT_MAX:
        return _draw(request, view, problem=_("The text is too long: paste it in parts"), status=422)
    found = extract_targets(text)
    context = {
        **frame(request, view, "targets"),
        "rows": _found_rows(found, view.content.get("targets") or ()),
        "secrets": _secrets_in_words(found),
        "back_href": reverse("requests:draft_targets", args=[reference]),
    }
    return render(request, "requests/draft_found.html", context)


@requires(Role.OFFICER)
@require_POST
def add_found(request: HttpRequest, reference: str) -> HttpResponse:
    """Add what was ticked to the request."""
    actor, now = actor_of(request), clock.now()
    with reading_as(actor):
        view = queries.draft_view(reference, actor=actor, now=now)
    before = view.content.get("targets") or ()
    answers = {"targets": added(before, found_in(request.POST), zone=timezone.get_current_timezone_name())}
    operations.save_draft(reference, answers, actor=actor, now=now)
    warn_of_secrets(request, answers)
    return HttpResponseRedirect(f"{reverse('requests:draft_targets', args=[reference])}#period")


def _changed(request: HttpRequest, reference: str) -> HttpResponse:
    post, here = request.POST, reverse("requests:draft_targets", args=[reference])
    rows = targets_in(post)
    after = f"{here}?periods=own" if post.get("periods") == "own" else here
    if "remove" in post:
        rows = [row for index, row in enumerate(rows) if str(index) != post["remove"]]
    elif "add" in post:
        rows.append(_empty_row(rows))
        after = f"{after}#id_targets-{len(rows) - 1}-value"
    elif post.get("go") == "own":
        after = f"{here}?periods=own#id_targets-0-period_from"
    elif post.get("go") == "same":
        rows = [row | {name: rows[0].get(name, "") for name in PERIOD} for row in rows]
        after = f"{here}#period"
    else:
        rows = [row for row in rows if row["value"].strip()]  # a row left empty was not meant
        after = ""
    answers = {"targets": rows}
    operations.save_draft(reference, answers, actor=actor_of(request), now=clock.now())
    warn_of_secrets(request, answers)
    return HttpResponseRedirect(after or onward(request, reference, "targets"))


def _empty_row(rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    common = {name: rows[0].get(name, "") if rows else "" for name in PERIOD}
    common["time_zone"] = common["time_zone"] or timezone.get_current_timezone_name()
    return {"kind": "", "value": "", "network": "", "role": TargetRole.NOT_SAID.value, **common}


def _draw(request: HttpRequest, view: DraftView, *, problem: str = "", status: int = 200) -> HttpResponse:
    rows: Sequence[Mapping[str, Any]] = view.content.get("targets") or ()
    has_own = bool(rows) and (not share_a_period(rows) or request.GET.get("periods") == "own")
    problems = view.problems_on("targets") if "problems" in request.GET else {}
    by_row = [_problems_of_row(problems, index) for index in range(len(rows))]
    cards = [
        TargetForm(row, by_row[index] if has_own else _without_period(by_row[index]), index=index, has_period=has_own)
        for index, row in enumerate(rows)
    ]
    shared = {name: text for row in by_row for name, text in row.items() if name in PERIOD}
    period = None if has_own or not rows else PeriodForm(rows[0], shared)
    faults = _faults(problems, cards, period, problem)
    context = {
        **frame(request, view, "targets"),
        "action_href": reverse("requests:draft_targets", args=[view.reference]),  # also after a search in vain
        "cards": cards,
        "period": period,
        "faults": ui.ErrorSummary(faults=faults) if faults else None,
        "text_problem": problem,
        "zones": time_zones() if rows else (),
        "n_targets": ngettext("%(n)s identifier", "%(n)s identifiers", len(rows)) % {"n": len(rows)},
        "is_full": len(rows) >= TARGETS_MAX,
    }
    return render(request, "requests/draft_targets.html", context, status=status)


def _problems_of_row(problems: Mapping[str, Text], index: int) -> dict[str, Text]:
    start = f"targets.{index}."
    return {name.removeprefix(start): text for name, text in problems.items() if name.startswith(start)}


def _without_period(problems: Mapping[str, Text]) -> dict[str, Text]:
    return {name: text for name, text in problems.items() if name not in PERIOD}


def _faults(
    problems: Mapping[str, Text], cards: Sequence[TargetForm], period: PeriodForm | None, problem: str
) -> list[ui.Fault]:
    faults = [ui.Fault(text=problem, href="#id_text")] if problem else []
    if "targets" in problems:
        faults.append(ui.Fault(text=problems["targets"], href="#id_text"))
    for index, card in enumerate(cards):
        for name, errors in card.errors.items():
            text = ngettext("Identifier %(n)s: %(problem)s", "Identifiers %(n)s: %(problem)s", 1) % {
                "n": index + 1,
                "problem": errors[0],
            }
            faults.append(ui.Fault(text=text, href=f"#id_{card.add_prefix(name)}"))
    if period is not None:
        faults += [ui.Fault(text=errors[0], href=f"#id_{name}") for name, errors in period.errors.items()]
    return faults


def _found_rows(found: ExtractedTargets, there: Sequence[Mapping[str, Any]]) -> list[FoundRow]:
    known = {same(target) for target in there}
    return [
        FoundRow(
            index=index,
            reading=reading,
            remark=ui.Remarks(remarks=(read_in_words(reading),)),
            is_there=(reading.kind.value, reading.normalised) in known,
        )
        for index, reading in enumerate(found.targets[:TARGETS_MAX])
    ]


def _secrets_in_words(found: ExtractedTargets) -> str:
    if not found.n_secrets:
        return ""
    return ngettext(
        "A private key or recovery phrase was in the text.",
        "%(n)s private keys or recovery phrases were in the text.",
        found.n_secrets,
    ) % {"n": found.n_secrets}
