"""What the tests of the whole story share: strangers of the other agency in every role, and two requests of Otto's."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pyrage
import pytest

from entraide.access import acts
from entraide.access.operations import passkeys
from entraide.kernel import clock
from entraide.kernel.actors import Actor, Role
from entraide.requests.states import RequestState
from tests.plugins.desk import Desk
from tests.plugins.people import INSTALLER, Cast, Player, player_of
from tests.requests.story import Story, an_exchange


@pytest.fixture
def story(desk: Desk, cast: Cast, monkeypatch: pytest.MonkeyPatch) -> Story:
    """Return a request not yet written; the clock of the pages stands a little after the acts."""
    monkeypatch.setattr(clock, "now", lambda: desk.now + timedelta(minutes=5))
    return Story(desk, cast, an_exchange(at=desk.now))


@pytest.fixture
def identity(tmp_path: Path) -> Path:
    """Return the file with Otto's own key for packages."""
    path = tmp_path / "otto.txt"
    path.write_text(f"{pyrage.x25519.Identity.generate()}\n")
    return path


def give_key(story: Story, identity: Path) -> None:
    """Register the officer's key for packages."""
    otto = story.cast.OTTO
    recipient = str(pyrage.x25519.Identity.from_str(identity.read_text().strip()).to_public())
    signed = story.sign(otto, acts.register_age_key(person_id=otto.id, recipient=recipient))
    passkeys.register_age_key(recipient, **signed, actor=otto.actor, now=story.now)


def deliver(story: Story) -> Story:
    """Let worker and sequencer bring what is approved to the officer."""
    for _ in range(6):
        story.desk.work()
        story.desk.sequence()
        story.desk.superuser_sql("UPDATE procrastinate_jobs SET scheduled_at = NULL WHERE status = 'todo'")
        story.desk.superuser_sql(
            "UPDATE outbox_effect SET due_at = clock_timestamp() WHERE state IN ('asked', 'unknown')"
        )
        if story.state is RequestState.DELIVERED:
            return story
    raise AssertionError("nothing was delivered")


@pytest.fixture
def delivered(story: Story, identity: Path) -> Story:
    """Return a story whose package is there for its officer."""
    give_key(story, identity)
    return deliver(story.to(RequestState.APPROVED))


@dataclass(frozen=True)
class Whereabouts:
    """What the addresses of pages name: things of Otto's agency that are there, and the same that are not."""

    there: dict[str, Any]
    absent: dict[str, Any]


@pytest.fixture
def draft(delivered: Story) -> Story:
    """Return a second request of Otto's that nobody else has seen."""
    return Story(delivered.desk, delivered.cast, delivered.exchange).draft()


def entered(cast: Cast, name: str, role: Role, *, organisation_id: UUID, now: datetime) -> Player:
    """Enter a person of the other agency, with a passkey, as the cast was."""
    from entraide.access import enrolment
    from entraide.access.models import Organisation
    from entraide.database import operation

    @operation
    def enter(*, actor: Actor, now: datetime) -> Player:
        organisation = Organisation.objects.get(pk=organisation_id)
        row = enrolment.enter_person(
            organisation,
            name=name,
            email=f"{name.lower()}@policia.example",
            language="en",
            roles=[role],
            actor=actor,
            now=now,
        )
        return player_of(row, role, now=now)

    return enter(actor=INSTALLER, now=now)


@pytest.fixture
def strangers(desk: Desk, cast: Cast) -> Iterator[dict[str, Player]]:
    """Return people of the other agency in every role an agency has."""
    roles = {"supervisor": Role.SUPERVISOR, "administrator": Role.AGENCY_ADMINISTRATOR}
    people = {
        name: entered(cast, name, role, organisation_id=cast.other_agency_id, now=desk.now)
        for name, role in roles.items()
    }
    yield {"officer": cast.IVO, **people}
