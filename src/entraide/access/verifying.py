"""Checking a kept signature again, from the log: what is in the database's rows is not believed."""

from datetime import UTC, datetime, timedelta
from functools import partial
from urllib.parse import urlsplit
from uuid import UUID

from django.conf import settings
from django.core.exceptions import ObjectDoesNotExist
from django.utils.translation import gettext as _

from entraide.access.acts import register_age_key
from entraide.access.letting_in import REGISTERED, check_let_in
from entraide.access.models import AgeKey, SignedAct
from entraide.access.states import STEP_UP_LASTS, CredentialKind
from entraide.audit import api as audit
from entraide.evidence import signed_acts
from entraide.evidence.leaves import Leaf
from entraide.evidence.signed_acts import NotSigned, from_base64url
from entraide.kernel.clock import unix_ms
from entraide.kernel.errors import NotFound, NotPermitted, NotPossible
from entraide.kernel.sealing import SealBroken

# Whoever was let in was let in by somebody who was there before; real desks are a few people deep.
_FOLLOWED_AT_MOST = 50


def signed_act(signed_act_id: UUID) -> signed_acts.SignedAct:
    """Return a kept act with everything needed to verify it elsewhere; raises `NotFound`."""
    return _opened(_row(signed_act_id))


def verify_signed_act(signed_act_id: UUID, *, act: bytes, by: UUID) -> None:
    """Check that `by` signed exactly `act`, with a key that the log says is theirs and that was let in.

    Called inside a door, by the worker before any effect.  A row that somebody wrote into the database, with the best
    of names in it, does not pass: there is no assertion by a key that the log knows.  Nor does an entry that somebody
    wrote into the log to register a key of his own: nobody signed for letting it in (see `letting_in`).

    Raises
    ------
    NotPermitted
        If anything at all does not hold.
    """
    try:
        _verify(signed_act_id, act, by, followed=())
    except (NotSigned, NotFound, NotPossible, SealBroken, KeyError, TypeError, ValueError, ObjectDoesNotExist) as error:
        raise NotPermitted(
            _("Acting on a signature"),
            why=_("the signature does not hold for this act and this person"),
            do=_("Have it signed again, and tell the auditor"),
        ) from error


def _verify(signed_act_id: UUID, act: bytes, by: UUID, *, followed: tuple[UUID, ...]) -> None:
    row = _row(signed_act_id)
    kept = _opened(row)
    entry = _registration(row)
    registered = entry.payload
    _require(registered is not None, "key")  # the organisation was erased
    assert registered is not None  # said in the line above
    kind, rp_id = registered["kind"], registered["rp_id"]
    _require(row.person_id == by and registered["person"] == str(by), "person")
    _require(kind == CredentialKind.PASSKEY or settings.KIND == "demo", "kind")
    _require(urlsplit(kept.origin).hostname == rp_id, "origin")
    _require(from_base64url(registered["credential_id"]) == kept.credential_id, "key")
    earliest, latest = _signed_between(kept)
    _require(earliest <= row.signed_at <= latest, "moment")
    signed_acts.verify(
        kept,
        act=act,
        public_key=from_base64url(registered["public_key"]),
        rp_id=rp_id,
        at_ms=unix_ms(row.signed_at),
    )
    # The people of a demo share their keys with everybody who looks at it: there is nothing to follow.
    if settings.KIND != "demo":
        _require(entry.id not in followed and len(followed) < _FOLLOWED_AT_MOST, "key")
        check_let_in(entry, partial(_verify, followed=(*followed, entry.id)))


def signed_between(signed_act_id: UUID) -> tuple[datetime, datetime]:
    """Return the moments between which an act was signed, as its challenge says; what a row says of it may be changed.

    A step-up lasts for minutes only, so the two lie that close together.  Used inside a door; raises `NotFound`.
    """
    return _signed_between(signed_act(signed_act_id))


def _signed_between(kept: signed_acts.SignedAct) -> tuple[datetime, datetime]:
    latest = datetime.fromtimestamp(0, UTC) + timedelta(milliseconds=kept.expires_at_ms)
    return latest - STEP_UP_LASTS - timedelta(milliseconds=1), latest


def verify_age_key(recipient: str, *, of: UUID) -> None:
    """Check that `of` signed for exactly this key, now or formerly, as the one that packages are encrypted to.

    Called inside a door, by the worker before anything is encrypted: whoever can write into the table of keys would
    otherwise choose who reads a package that two people decided on.

    Raises
    ------
    NotPermitted
        If no such signature holds.
    """
    row = AgeKey.objects.filter(person_id=of, recipient=recipient).order_by("registered_at").first()
    if row is None:
        raise NotPermitted(
            _("Encrypting a package"),
            why=_("the key is not one that its officer registered"),
            do=_("Tell the auditor, and order a new package"),
        )
    verify_signed_act(row.signed_act_id, act=register_age_key(person_id=of, recipient=recipient).canonical(), by=of)


def _row(signed_act_id: UUID) -> SignedAct:
    row = SignedAct.objects.select_related("credential").filter(pk=signed_act_id).first()
    if row is None:
        raise NotFound(_("This signature"), why=_("there is none, or it is not yours to see"))
    return row


def _opened(row: SignedAct) -> signed_acts.SignedAct:
    return signed_acts.SignedAct.from_json(row.content)


def _registration(row: SignedAct) -> audit.EntryView:
    """Return the entry that says what the key is."""
    entry_id = row.credential.entry_id
    _require(entry_id is not None, "key")
    assert entry_id is not None  # said in the line above
    view = audit.entry(entry_id)
    _require(Leaf.parse(view.leaf).kind == REGISTERED, "key")
    return view


def _require(holds: bool, code: str) -> None:
    if not holds:
        raise NotSigned(code)
