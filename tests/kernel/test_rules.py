"""Workflows, acts, amounts, settings: what the kernel promises to every room."""

from datetime import UTC, datetime, timedelta
from enum import StrEnum

import pytest
from hypothesis import given
from hypothesis import strategies as st

from entraide.kernel import environment
from entraide.kernel.acts import Act, step_up_challenge
from entraide.kernel.amounts import Amount
from entraide.kernel.canonical import canonical
from entraide.kernel.clock import iso_ms, unix_ms
from entraide.kernel.errors import NotPossible, Refusal
from entraide.kernel.ids import new_reference, uuid7
from entraide.kernel.workflow import Step, Workflow

NOON = datetime(2026, 11, 24, 12, 0, 0, 120_999, tzinfo=UTC)


class Door(StrEnum):
    OPEN = "open"
    SHUT = "shut"
    WALLED = "walled"


class Verb(StrEnum):
    CLOSE = "close"
    WALL = "wall"


DOOR = Workflow(
    "door", [Step(Door.OPEN, Verb.CLOSE, Door.SHUT), Step(Door.SHUT, Verb.WALL, Door.WALLED, 2)], start=Door.OPEN
)


def test_only_written_steps_are_possible_and_the_refusal_names_the_others():
    assert DOOR.step(Door.OPEN, Verb.CLOSE).target is Door.SHUT
    with pytest.raises(NotPossible, match="it is open. Allowed here: close"):
        DOOR.step(Door.OPEN, Verb.WALL)
    with pytest.raises(NotPossible, match="Allowed here: nothing"):
        DOOR.step(Door.WALLED, Verb.CLOSE)


def test_one_person_twice_is_not_two_approvers():
    with pytest.raises(NotPossible, match="2 other person"):
        DOOR.step(Door.SHUT, Verb.WALL, approvers=["rita", "rita"])
    assert DOOR.step(Door.SHUT, Verb.WALL, approvers=["rita", "marc"]).target is Door.WALLED


def test_the_drawing_shows_every_step():
    assert DOOR.drawing().splitlines() == [
        "stateDiagram-v2",
        "    [*] --> open",
        "    open --> shut: close",
        "    shut --> walled: wall (+2)",
        "    walled --> [*]",
    ]


def test_a_table_with_two_answers_is_refused():
    with pytest.raises(ValueError, match="share"):
        Workflow("x", [Step(Door.OPEN, Verb.WALL, Door.SHUT), Step(Door.OPEN, Verb.WALL, Door.OPEN)], start=Door.OPEN)


def test_the_challenge_changes_with_act_nonce_and_expiry():
    act, nonce = Act("a:b:c", "R-1", {"x": 1}).canonical(), bytes(32)
    base = step_up_challenge(act, nonce=nonce, expires_at=NOON)
    assert base != step_up_challenge(act + b" ", nonce=nonce, expires_at=NOON)
    assert base != step_up_challenge(act, nonce=bytes(31) + b"\x01", expires_at=NOON)
    assert base != step_up_challenge(act, nonce=nonce, expires_at=NOON + timedelta(milliseconds=1))
    with pytest.raises(ValueError, match="32 bytes"):
        step_up_challenge(act, nonce=b"short", expires_at=NOON)


def test_canonical_form_sorts_keys_and_refuses_what_json_cannot_carry():
    assert canonical({"b": 1, "a": "é"}) == '{"a":"é","b":1}'.encode()
    with pytest.raises(ValueError, match="canonical"):
        canonical({"units": 2**60})


def test_moments_are_written_in_one_form():
    assert iso_ms(NOON) == "2026-11-24T12:00:00.120Z"
    assert unix_ms(NOON) % 1000 == 120
    with pytest.raises(ValueError, match="time zone"):
        iso_ms(datetime(2026, 1, 1))  # noqa: DTZ001


@given(st.integers(-(10**30), 10**30), st.integers(0, 18))
def test_an_amount_is_drawn_digit_for_digit(units, decimals):
    text = Amount("X", units).in_whole_coins(decimals)
    assert int(text.replace(".", "")) == units


def test_two_assets_never_add_and_floats_are_no_amounts():
    with pytest.raises(ValueError, match="do not add"):
        Amount("BTC", 1) + Amount("ETH", 1)
    with pytest.raises(TypeError):
        Amount("BTC", 1.0)  # type: ignore[arg-type]


def test_identifiers_are_ordered_by_time_and_references_can_be_read_out():
    first, second = uuid7(), uuid7()
    assert first.version == 7 and first.int >> 80 <= second.int >> 80
    reference = new_reference("R", NOON)
    assert reference.startswith("R-26-") and not set(reference[5:]) & set("ILOU")


def test_an_undocumented_setting_does_not_exist():
    with pytest.raises(KeyError):
        environment.read("ENTRAIDE_SURPRISE", {"ENTRAIDE_SURPRISE": "1"})
    with pytest.raises(NotPossible, match="ENTRAIDE_KIND is missing"):
        environment.required("ENTRAIDE_KIND", {})


def test_a_refusal_is_a_sentence():
    assert str(Refusal("Approving R-1", why="you proposed it", do="Ask a colleague")) == (
        "Approving R-1: you proposed it. Ask a colleague."
    )
