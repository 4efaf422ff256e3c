"""Telling people by mail that something waits for them: a reference and a link, never anything of the case.

A mailbox proves nothing and keeps nothing secret, so a notice only says where to look.  Who is told what is the table
below; whether it still waits is asked again just before it is sent.
"""

import hashlib
import logging
import smtplib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.core.mail import EmailMessage
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, override

from entraide.access import api as access
from entraide.access.api import PersonView
from entraide.database import operation, reading_as
from entraide.kernel.actors import Actor, Role
from entraide.kernel.clock import unix_ms
from entraide.kernel.errors import NotFound, Text, Unavailable
from entraide.outbox.api import Confirmed, Effect, EffectToDo, News, Outcome, Refused, ask, effect_of
from entraide.requests.api import Parties, RequestState, parties_of
from entraide.ui.words import labelled

SEND = "desk:notice:send"
KEPT = timedelta(days=1)  # what could not be sent for so long says nothing new any more
_WORKER = Actor.system("worker")
_log = logging.getLogger(__name__)
_S = RequestState


@dataclass(frozen=True, slots=True)
class Notice:
    """What is said to whom.

    `state` is the state of the request in which it waits for them.  None: the worker may not see the request, because
    it has not reached the desk; then only the agency is known, and the mail leads to what waits.
    """

    sentence: Text
    state: RequestState | None
    readers: Callable[[News], list[PersonView]]


def _officer(news: News) -> list[PersonView]:
    return [access.person(_parties(news).officer_id)]


def _analyst(news: News) -> list[PersonView]:
    analyst_id = _parties(news).analyst_id
    return [access.person(analyst_id)] if analyst_id else []


def _supervisors(news: News) -> list[PersonView]:
    return access.people_with(Role.SUPERVISOR, news.organisation_id) if news.organisation_id else []


def _analysts(news: News) -> list[PersonView]:
    return access.people_with(Role.ANALYST)


def _approvers(news: News) -> list[PersonView]:
    proposer_id = _parties(news).proposer_id
    return [one for one in access.people_with(Role.APPROVER) if one.id != proposer_id]


def _parties(news: News) -> Parties:
    return parties_of(news.case_id or UUID(int=0))


NOTICES: dict[str, Notice] = {
    "requests:request:awaits-countersignature": Notice(
        gettext_lazy("A request waits for your countersignature"), None, _supervisors
    ),
    "requests:request:filed": Notice(gettext_lazy("A request was received"), _S.SUBMITTED, _analysts),
    "requests:request:returned": Notice(
        gettext_lazy("The desk returned a request for correction"), _S.RETURNED_FOR_CORRECTION, _officer
    ),
    "requests:question:asked": Notice(gettext_lazy("The desk asked a question"), _S.QUESTION_ASKED, _officer),
    "requests:question:answered": Notice(gettext_lazy("A question was answered"), _S.TRIAGE, _analyst),
    "requests:decision:proposed": Notice(gettext_lazy("A decision waits for approval"), _S.IN_DECISION, _approvers),
    "disclosure:package:released": Notice(gettext_lazy("A package is ready"), _S.DELIVERED, _officer),
}


@operation
def ask_for(news: News, *, actor: Actor, now: datetime) -> int:
    """Ask the outbox for one notice to each person that `news` concerns; return how many.

    Asked again for the same news nothing is doubled: the key is made of kind, request, person and the news' moment.
    Where no mail server is set nothing is asked for, so that setting one later does not send what is old.
    """
    notice = NOTICES.get(news.kind)
    if notice is None or news.case_id is None or not settings.SENDS_MAIL:
        return 0
    asked = 0
    for person in notice.readers(news):
        order = _order(news, person.id)
        if not person.email or effect_of(order, SEND) is not None:
            continue
        request = {"kind": news.kind, "request": str(news.case_id), "person": str(person.id)}
        effect = Effect(
            order=order,
            action=SEND,
            version=1,
            request=request,
            act_hash=None,
            case_id=None,  # about a person, not about the case: its log is not filled with mails
            organisation_id=person.organisation_id,
        )
        ask(effect, now=now)
        asked += 1
    return asked


def send(effect: EffectToDo, *, now: datetime) -> Outcome:
    """Send one notice, if it still says something true."""
    notice = NOTICES[effect.request["kind"]]
    if now - effect.asked_at > KEPT:
        return Refused("too late")
    try:
        with reading_as(_WORKER):
            person = access.person(UUID(effect.request["person"]))
            parties = parties_of(UUID(effect.request["request"])) if notice.state else None
    except NotFound:
        return Refused("nobody to tell")
    if not person.is_active or not person.email:
        return Refused("nobody to tell")
    if parties is not None and parties.state is not notice.state:
        return Refused("it does not wait any more")
    return _delivered(mail(notice.sentence, parties.reference if parties else "", person, key=effect.key))


def mail(sentence: Text, reference: str, person: PersonView, *, key: str) -> EmailMessage:
    """Return the mail, in the person's language; a repeat carries the same Message-ID, so that mailboxes show one."""
    path = reverse("desk:case", args=[reference]) if reference else reverse("desk:home")
    with override(person.language):
        subject = labelled(sentence, reference) if reference else str(sentence)
        lines = [
            subject,
            settings.ORIGINS[person.face] + path,
            _("This mail says nothing about the case. Sign in with your passkey to read it."),
        ]
        return EmailMessage(
            subject=subject,
            body="\n\n".join(lines) + "\n",
            to=[person.email],
            headers={
                "Auto-Submitted": "auto-generated",
                "Message-ID": f"<{hashlib.sha256(key.encode()).hexdigest()[:32]}@{settings.RP_ID}>",
                "Content-Language": person.language,
            },
        )


def _delivered(message: EmailMessage) -> Outcome:
    try:
        message.send()
    except smtplib.SMTPRecipientsRefused as refused:
        if all(code >= 500 for code, _said in refused.recipients.values()):
            return Refused("the mail server does not take this address")
        raise _no_server(refused) from refused
    except (smtplib.SMTPException, OSError) as error:
        raise _no_server(error) from error
    return Confirmed()


def _no_server(error: Exception) -> Unavailable:
    """Say at the terminal what is wrong, without what the server said: it may repeat an address."""
    match error:
        case smtplib.SMTPAuthenticationError():
            why = "it refuses the user or the password"
        case smtplib.SMTPRecipientsRefused():
            why = "it puts off the addressee"
        case smtplib.SMTPResponseException():
            why = f"it answers {error.smtp_code}"
        case smtplib.SMTPException():
            why = type(error).__name__
        case _:
            why = str(error)  # of the network or of TLS
    _log.warning(
        "the mail server of ENTRAIDE_SMTP_URL (%s, port %s) takes no notice: %s; it is tried again",
        settings.EMAIL_HOST,
        settings.EMAIL_PORT,
        why,
    )
    return Unavailable("Sending a notice", why="the mail server does not take it now", do="Look at ENTRAIDE_SMTP_URL")


def _order(news: News, person_id: UUID) -> str:
    kind = hashlib.sha256(news.kind.encode()).hexdigest()[:8]
    return f"{kind}:{news.case_id}:{person_id}:{unix_ms(news.at)}"
