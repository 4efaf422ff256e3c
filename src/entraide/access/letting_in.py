"""How a passkey came to be its person's: followed back in the log, registration by registration, to a signature.

Whoever has broken into the web program writes rows and entries, also an entry that registers a key of his own in
somebody's name.  What he cannot write is the signature of the person who let that somebody in, nor what stands before
the entry of the true registration.  So a key counts if its registration is the first that names its invitation (or the
older passkey that let it in), that invitation the first that names its signature, and so on, up to the first two people
of the desk, who stand at the beginning of the log.

Not told apart is a key that is registered in the place of somebody who was invited and has not come yet.
"""

import json
from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID

from entraide.access import acts
from entraide.access.models import SignedAct
from entraide.audit import api as audit
from entraide.audit.api import EntryView, StreamKind
from entraide.evidence.signed_acts import NotSigned
from entraide.evidence.signed_acts import SignedAct as Kept

FIRST_INVITED = "access:person:first-invited"
INVITED = "access:person:invited"
INVITATION = "access:invitation:made"
REGISTERED = "access:credential:registered"
_KINDS = (FIRST_INVITED, INVITED, INVITATION, REGISTERED)
_N_FIRST = 2

# Checks that `by` signed exactly `act`: (signed act's id, act's bytes, person's id).
Verify = Callable[[UUID, bytes, UUID], None]


def check_let_in(registered: EntryView, verify: Verify) -> None:
    """Check that somebody whom the desk let in before let in the key that this entry registers.

    Raises
    ------
    NotSigned
        If the trail breaks off anywhere; what `verify` raises where a signature on it does not hold.
    """
    stream = audit.stream(registered.stream_id)
    _require(stream.kind == StreamKind.ORGANISATION and stream.organisation_id is not None)
    trail = audit.entries_of(registered.stream_id, kinds=_KINDS)
    said = _said(registered)
    person = said["person"]
    if said["let_in_by"]:
        _require(_is_first(trail, registered, "let_in_by"))
        verify(UUID(said["let_in_by"]), acts.add_passkey(person_id=UUID(person)).canonical(), UUID(person))
        return
    invitation = next((one for one in trail if str(one.id) == said["invitation"]), None)
    _require(invitation is not None and invitation.kind == INVITATION)
    assert invitation is not None  # said in the line above
    _require(_said(invitation)["person"] == person and _is_first(trail, registered, "invitation"))
    if _said(invitation)["signed_act"]:
        _check_invited(trail, invitation, str(stream.organisation_id), verify)
    else:
        _check_first(trail, invitation)


def _check_invited(trail: list[EntryView], invitation: EntryView, organisation: str, verify: Verify) -> None:
    """Check that somebody signed for this invitation of this person, and for no other one."""
    said = _said(invitation)
    _require(_is_first(trail, invitation, "signed_act"))
    row = SignedAct.objects.get(pk=UUID(said["signed_act"]))
    signed = Kept.from_json(row.content).act
    act = json.loads(signed)
    if act["domain"] == "access:person:invite":
        entered = _first(trail, INVITED, "signed_act", said["signed_act"])
        _require(act["subject"] == organisation and entered is not None and _said(entered)["person"] == said["person"])
    else:
        _require((act["domain"], act["subject"]) == ("access:person:invite-again", said["person"]))
    verify(row.pk, signed, row.person_id)


def _check_first(trail: list[EntryView], invitation: EntryView) -> None:
    """Check that this is the first invitation of one of the first two people of the desk."""
    person = _said(invitation)["person"]
    beginning = audit.first_of_kind(FIRST_INVITED, _N_FIRST)
    _require(any(one.stream_id == invitation.stream_id and _said(one)["person"] == person for one in beginning))
    first = _first(trail, INVITATION, "person", person)
    _require(first is not None and first.id == invitation.id)


def _first(trail: list[EntryView], kind: str, member: str, value: Any) -> EntryView | None:
    return next((one for one in trail if one.kind == kind and _said(one).get(member) == value), None)


def _is_first(trail: list[EntryView], entry: EntryView, member: str) -> bool:
    """Return whether no entry of the same kind before this one says the same of `member`."""
    first = _first(trail, entry.kind, member, _said(entry)[member])
    return first is not None and first.id == entry.id


def _said(entry: EntryView) -> Mapping[str, Any]:
    _require(entry.payload is not None)
    assert entry.payload is not None  # said in the line above
    return entry.payload


def _require(holds: bool) -> None:
    if not holds:
        raise NotSigned("key")
