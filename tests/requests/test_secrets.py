"""A private key that somebody types is kept nowhere: not in a thread, not in a decision, not in a note."""

from typing import Any

from entraide.database import reading_as
from entraide.identifiers import BLOT
from entraide.requests import operations
from entraide.requests.models import DecisionDraft, DecisionProposal, Message
from tests.requests.story import Story

WIF = "5HueCGU8rMjxEXxiPuD5BDku4MkFqeZyd4dZ1jvhTVqvbTLvyTJ"  # the well-known example of the format
SAID = f"The key {WIF} was in his wallet."


def opened(story: Story, model: Any, names: list[str]) -> str:
    with reading_as(story.cast.ANOUK.actor):
        return str([[getattr(row, name) for name in names] for row in model.objects.all()])


def test_no_message_or_note_keeps_a_private_key(story: Story) -> None:
    anouk, otto = story.cast.ANOUK.actor, story.cast.OTTO.actor
    story.draft().file().accept()
    operations.ask_question(story.reference, text=SAID, actor=anouk, now=story.now)
    operations.answer_question(story.reference, text=SAID, actor=otto, now=story.now)
    story.look_up()
    story.work_out(text=SAID, withheld={"C1": {"answer": "not_held", "text": SAID}})
    signed = story.sign(story.cast.ANOUK, story.proposal_act())
    operations.propose(story.reference, **signed, actor=anouk, now=story.now, note=SAID)
    operations.take_back_proposal(story.reference, reason=SAID, actor=anouk, now=story.now)

    for model, names in (
        (Message, ["text"]),
        (DecisionDraft, ["answers"]),
        (DecisionProposal, ["document", "note", "reason"]),
    ):
        found = opened(story, model, names)
        assert BLOT in found, model
        assert WIF not in found, model
