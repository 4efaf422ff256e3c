"""Whether a filing carries the signatures it must, each over exactly its document."""

from collections.abc import Callable

from django.utils.translation import gettext as _

from entraide.access import api as access
from entraide.agencies import api as agencies
from entraide.kernel.errors import NotPermitted
from entraide.requests import document as documents
from entraide.requests.models import Countersignature, Filing, LegalRequest


def submitted_filing(request: LegalRequest) -> Filing:
    """Return the document the desk works on."""
    return Filing.objects.get(request=request, version=request.version, submitted_at__isnull=False)


def verify_filing(
    filing: Filing, *, missing: NotPermitted | None = None, verify: Callable[..., None] = access.verify_signed_act
) -> None:
    """Check the officer's signature, and her supervisor's where one is needed.

    Whether it is needed is asked of the agency's rule as it stands now, with what the officer signed for, and not only
    of the filing's own row: that one was written on the agency's side.  A rule that became stricter meanwhile holds for
    what is still open; the desk returns such a request, and it is filed anew.

    Parameters
    ----------
    missing : NotPermitted, optional
        Raised where a signature is missing or about something else; absent: that of taking the request up.
    verify : callable
        Called for each signature as ``verify(signed_act_id, act=…, by=…)``; raises where it does not hold.

    Raises
    ------
    NotPermitted
        If anything does not hold.
    """
    missing = missing or NotPermitted(
        _("Taking the request up"),
        why=_("its signatures do not hold for exactly this document"),
        do=_("Tell the auditor; do not answer it"),
    )
    document = filing.document
    sender = document["agency"]
    if (sender["id"], sender["officer_id"]) != (str(filing.organisation_id), str(filing.filer_id)):
        raise missing
    if documents.document_hash(document) != bytes(filing.document_hash):
        raise missing
    verify(filing.signed_act_id, act=documents.file_act(document).canonical(), by=filing.filer_id)
    second = Countersignature.objects.filter(filing=filing).first()
    if second is not None:
        if second.countersigner_id == filing.filer_id:
            raise missing
        act = documents.countersign_act(document).canonical()
        verify(second.signed_act_id, act=act, by=second.countersigner_id)
    elif filing.needs_countersignature:
        raise missing
    elif agencies.countersignature_needed(filing.organisation_id, set(document["categories"]), document["urgency"]):
        raise NotPermitted(
            missing.what,
            why=_("the agency's rule asks for its supervisor's signature as well, and there is none"),
            do=_("Return it for correction, so that it is filed anew and its supervisor signs"),
        )
