"""Notices: who is told what by mail, once, in their language, and never a word of the case."""

import smtplib
from collections.abc import Iterator
from datetime import timedelta
from email.message import Message

import pytest
from django.conf import settings
from django.core.mail import EmailMessage
from django.test import override_settings

from entraide.database import acting_in
from entraide.desk import notices
from entraide.kernel.actors import Actor
from entraide.kernel.errors import Unavailable
from entraide.outbox import loop
from entraide.outbox.api import News
from entraide.requests.states import RequestState
from tests.desk.post_office import PostOffice, post_office
from tests.plugins.desk import Desk
from tests.plugins.people import Cast
from tests.requests.story import Story, an_exchange

WORKER = Actor.system("worker")
SENT = "SELECT state, answer IS NOT NULL FROM outbox_effect WHERE action = 'desk:notice:send'"


@pytest.fixture
def mail(monkeypatch: pytest.MonkeyPatch) -> Iterator[PostOffice]:
    """Return the post office the desk sends to; the hours pass as the story's do."""
    # The story is at noon of its own day; the worker's clock is not.
    monkeypatch.setattr(notices, "KEPT", timedelta(days=36500))
    with (
        post_office() as office,
        override_settings(SENDS_MAIL=True, EMAIL_HOST="127.0.0.1", EMAIL_PORT=office.port, EMAIL_USE_TLS=False),
    ):
        yield office


@pytest.fixture
def story(desk: Desk, cast: Cast) -> Story:
    return Story(desk, cast, an_exchange(at=desk.now))


def _news(story: Story, kind: str) -> News:
    request_id = story.request_id()
    return News(kind=kind, subject_id=request_id, organisation_id=None, case_id=request_id, at=story.now)


def _words(mail: Message) -> str:
    """Return the text of a mail."""
    payload = mail.get_payload(decode=True)
    assert isinstance(payload, bytes)
    return payload.decode().replace("\r\n", "\n").strip()


def _told(office: PostOffice) -> list[tuple[str, str]]:
    """Return who was told what since the last time."""
    found = sorted((str(mail["To"]), str(mail["Subject"]).partition(": ")[0]) for mail in office.mails)
    office.mails.clear()
    return found


def test_each_person_is_told_what_waits_for_them_and_nobody_else(story: Story, mail: PostOffice) -> None:
    story.draft(categories=["T1"]).file()
    story.desk.work()
    assert _told(mail) == [("sabine.keller@polizei.example", "A request waits for your countersignature")]
    story.countersign()
    story.desk.work()
    assert _told(mail) == [("anouk@aurelia.example", "A request was received")]

    other = Story(story.desk, story.cast, story.exchange).to(RequestState.SUBMITTED)
    story.desk.work()
    _told(mail)
    other.accept().look_up().work_out().propose()
    story.desk.work()
    assert _told(mail) == [("marc@aurelia.example", "A decision waits for approval")]


def test_the_supervisor_is_told_without_the_reference_which_the_worker_may_not_see(
    story: Story, mail: PostOffice
) -> None:
    story.draft(categories=["T1"]).file()
    story.desk.work()
    [one] = mail.mails

    assert story.reference not in one.as_string()
    assert f"{settings.ORIGIN}/\n" in _words(one)


def test_the_officer_is_told_of_a_question(story: Story, mail: PostOffice) -> None:
    story.to(RequestState.QUESTION_ASKED)
    story.desk.work()

    assert ("otto.brandt@polizei.example", "The desk asked a question") in _told(mail)


def test_a_notice_holds_a_reference_and_a_link_and_not_a_word_of_the_case(story: Story, mail: PostOffice) -> None:
    story.to(RequestState.SUBMITTED)
    story.desk.work()
    [one] = mail.mails

    assert _words(one).split("\n\n") == [
        f"A request was received: {story.reference}",
        f"{settings.ORIGIN}/requests/{story.reference}/",
        "This mail says nothing about the case. Sign in with your passkey to read it.",
    ]
    assert (one["Auto-Submitted"], one["From"]) == ("auto-generated", "desk@localhost")


def test_a_notice_is_in_the_persons_language(story: Story, mail: PostOffice) -> None:
    story.desk.superuser_sql(
        "DO $$ BEGIN SET LOCAL session_replication_role = replica; UPDATE access_person SET language = 'fr'; END $$"
    )
    story.to(RequestState.SUBMITTED)
    story.desk.work()

    assert [one["Content-Language"] for one in mail.mails] == ["fr"]


def test_news_told_twice_makes_one_mail(story: Story, mail: PostOffice) -> None:
    story.to(RequestState.SUBMITTED)
    story.desk.work()
    with acting_in("worker"):
        once = [notices.ask_for(_news(story, "requests:request:filed"), actor=WORKER, now=story.now) for _ in range(2)]
    story.desk.work()

    assert once == [0, 0]
    assert len(mail.mails) == 1


def test_F62_a_mail_server_that_is_down_is_asked_again_with_the_same_message(story: Story, mail: PostOffice) -> None:
    mail.answer_to_rcpt = "451 come back later"
    story.to(RequestState.SUBMITTED)
    story.desk.work()
    assert (story.desk.superuser_sql(SENT), len(mail.mails)) == ([("unknown", False)], 0)

    mail.answer_to_rcpt = "250 OK"
    story.desk.superuser_sql("UPDATE outbox_effect SET due_at = clock_timestamp() WHERE finished_at IS NULL")
    story.desk.work()

    assert (story.desk.superuser_sql(SENT), len(mail.mails)) == ([("confirmed", True)], 1)
    assert story.state is RequestState.SUBMITTED


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (smtplib.SMTPAuthenticationError(535, b"desk@mail.example is unknown"), "it refuses the user or the password"),
        (smtplib.SMTPDataError(451, b"secret@mail.example"), "it answers 451"),
        (ConnectionRefusedError(111, "Connection refused"), "Connection refused"),
    ],
)
def test_what_the_mail_server_has_against_a_notice_is_said_to_the_operator(
    error: Exception, said: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def refuse(_message: EmailMessage) -> int:
        raise error

    monkeypatch.setattr(EmailMessage, "send", refuse)
    with pytest.raises(Unavailable):
        notices._delivered(EmailMessage(to=["secret@mail.example"]))

    assert said in caplog.text and "tried again" in caplog.text
    assert "mail.example" not in caplog.text


def test_an_address_the_mail_server_does_not_know_is_given_up(story: Story, mail: PostOffice) -> None:
    mail.answer_to_rcpt = "550 nobody here"
    story.to(RequestState.SUBMITTED)
    story.desk.work()

    assert story.desk.superuser_sql(SENT) == [("refused", True)]


def test_what_does_not_wait_any_more_is_not_told(story: Story, mail: PostOffice) -> None:
    story.to(RequestState.SUBMITTED)
    with acting_in("worker"):
        loop.do_one()  # the news
        notices.ask_for(_news(story, "requests:request:filed"), actor=WORKER, now=story.now)
    story.accept()
    story.desk.work()

    assert mail.mails == []


def test_without_a_mail_server_nothing_is_asked_for(story: Story) -> None:
    story.to(RequestState.SUBMITTED)
    story.desk.work()

    assert story.desk.superuser_sql(SENT) == []
