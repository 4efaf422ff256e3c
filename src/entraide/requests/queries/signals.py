"""What speaks for and against a request, and what else asks about the same; for the desk only."""

from collections.abc import Iterator

from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from entraide.access import api as access
from entraide.agencies import api as agencies
from entraide.database import key_store
from entraide.requests.examining import FLAG_LABELS
from entraide.requests.models import AccountMatch, Countersignature, Filing, Instrument, LegalRequest, Target
from entraide.requests.queries.views import InstrumentView, OverlapView
from entraide.requests.rules import Finding, Weight
from entraide.requests.states import RequestState


def authenticity(request: LegalRequest, filing: Filing, instrument: InstrumentView | None) -> tuple[Finding, ...]:
    """Return what speaks for and against the origin of a request, each with its reason.

    What is known of agency and officer is said by `agencies`; what the requests themselves tell is said here.
    """
    of_instrument = _instrument_signals(request, instrument) if instrument else ()
    return (*_sender_signals(request, filing), *_filing_signals(request, filing), *of_instrument)


def _sender_signals(request: LegalRequest, filing: Filing) -> Iterator[Finding]:
    for one in agencies.authenticity_signals(request.organisation_id, request.officer_id, at=filing.filed_at):
        yield Finding(code=one.code, weight=Weight(one.tone), text=one.sentence, source=str(one.reason))


def _filing_signals(request: LegalRequest, filing: Filing) -> Iterator[Finding]:
    earlier = LegalRequest.objects.filter(officer_id=request.officer_id, submitted_at__isnull=False).exclude(
        pk=request.pk
    )
    n_earlier = earlier.count()
    if n_earlier == 0:
        yield Finding(code="first_request", weight=Weight.WARN, text=_("The first request of this officer"))
    else:
        text = ngettext(
            "This officer has filed %(n)s request before", "This officer has filed %(n)s requests before", n_earlier
        ) % {"n": n_earlier}
        yield Finding(code="known_officer", weight=Weight.GOOD, text=text)
    if Countersignature.objects.filter(filing=filing).exists():
        yield Finding(code="countersigned", weight=Weight.GOOD, text=_("Countersigned by a supervisor of the agency"))


def _instrument_signals(request: LegalRequest, instrument: InstrumentView) -> Iterator[Finding]:
    index = key_store().blind_index("instrument", instrument.sha256)
    seen = (
        Instrument.objects.filter(hash_index=index, submitted_at__isnull=False)
        .exclude(request=request)
        .values_list("request__reference", flat=True)
    )
    for reference in sorted(set(seen)):
        yield Finding(
            code="instrument_seen", weight=Weight.BAD, field="instrument", about=reference,
            text=_("The same instrument came with another request"),
        )  # fmt: skip
    for flag in instrument.examination.flags:
        yield Finding(
            code=f"instrument_{flag}", weight=Weight.WARN, field="instrument", text=FLAG_LABELS.get(flag, flag)
        )
    if instrument.examination.problem:
        yield Finding(
            code="instrument_unclear", weight=Weight.WARN, field="instrument",
            text=_("The file could not be looked through completely"),
        )  # fmt: skip
    if not instrument.examination.signatures:
        yield Finding(
            code="instrument_unsigned", weight=Weight.INFO, field="instrument",
            text=_("The file carries no electronic signature"),
        )  # fmt: skip
    for signature in instrument.examination.signatures:
        yield _signature_finding(signature.is_valid, signature.is_trusted, signature.covers, signature.signer)


def _signature_finding(is_valid: bool, is_trusted: bool, covers: str, signer: str) -> Finding:
    if not is_valid:
        code, weight, text = "signature_broken", Weight.BAD, _("A signature on the file does not hold")
    elif covers != "whole_file":
        code, weight, text = "signature_partial", Weight.WARN, _("A signature does not cover the whole file")
    elif is_trusted:
        code, weight, text = "signature_trusted", Weight.GOOD, _("Signed, by a certificate the desk trusts")
    else:
        code, weight, text = "signature_unknown", Weight.INFO, _("Signed and intact, by a certificate not known here")
    return Finding(code=code, weight=weight, text=text, field="instrument", about=signer)


def overlaps(request: LegalRequest) -> tuple[OverlapView, ...]:
    """Return other requests about the same identifiers or accounts; for the desk only."""
    own = list(Target.objects.filter(request=request, filing__version=request.version))
    by_index = {bytes(target.blind_index): target.n for target in own}
    others = Target.objects.filter(blind_index__in=list(by_index), submitted_at__isnull=False).exclude(request=request)
    found = {
        (row.request_id, by_index[bytes(row.blind_index)], "identifier")
        for row in others.only("request_id", "blind_index")
    }
    accounts = {
        bytes(match.account_index): match.target.n
        for match in AccountMatch.objects.filter(target__in=own).select_related("target")
    }
    shared = AccountMatch.objects.filter(account_index__in=list(accounts)).exclude(request=request)
    found |= {(row.request_id, accounts[bytes(row.account_index)], "account") for row in shared}
    requests = {row.pk: row for row in LegalRequest.objects.filter(pk__in={pk for pk, _n, _same in found})}
    names = {one.id: one.name for one in access.organisations()} if found else {}
    return tuple(
        OverlapView(
            reference=requests[pk].reference,
            agency_name=names.get(requests[pk].organisation_id, ""),
            state=RequestState(requests[pk].state),
            n=n,
            same=same,
        )
        for pk, n, same in sorted(found, key=lambda one: (one[1], one[2], str(one[0])))
        if pk in requests
    )  # fmt: skip
