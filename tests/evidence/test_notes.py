"""Signed notes, checkpoints, proofs and policies, as C2SP writes them."""

import base64
import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from entraide.evidence.notes import (
    COSIGNATURE,
    Checkpoint,
    Ed25519NoteKey,
    LogProof,
    Note,
    NoteError,
    Policy,
    VerifierKey,
    cosign,
    is_demo_name,
    open_note,
    sign_note,
)

LOG = Ed25519NoteKey("desk.example/log", bytes([1]) * 32)
OTHER = Ed25519NoteKey("desk.example/log", bytes([2]) * 32)
WITNESSES = [Ed25519NoteKey(f"witness.example/w{i}", bytes([10 + i]) * 32) for i in range(4)]
CHECKPOINT = Checkpoint("desk.example/log", 12, bytes(range(32)))
SIGNED = sign_note(CHECKPOINT.text, LOG)


def test_a_key_is_numbered_as_the_specification_says() -> None:
    name, key = "desk.example/log", LOG.public_key
    number = hashlib.sha256(name.encode() + b"\x0a\x01" + key).digest()[:4]
    line = base64.b64encode(number + LOG.sign(CHECKPOINT.text.encode())).decode()
    assert str(SIGNED) == f"{CHECKPOINT.text}\n\u2014 {name} {line}\n"
    assert str(VerifierKey.of(LOG)) == f"{name}+{number.hex()}+{base64.b64encode(bytes([1]) + key).decode()}"


def test_a_note_reads_back_as_it_was_written() -> None:
    assert Note.parse(str(SIGNED)) == SIGNED
    assert open_note(str(SIGNED).encode(), VerifierKey.of(LOG)) == CHECKPOINT.text
    assert Checkpoint.parse(CHECKPOINT.text) == CHECKPOINT


def test_a_text_with_empty_lines_is_separated_at_the_last_one() -> None:
    note = sign_note("first\n\nsecond\n\n", LOG)
    assert open_note(str(note), VerifierKey.of(LOG)) == "first\n\nsecond\n\n"


def test_a_key_of_the_same_name_is_another_key() -> None:
    with pytest.raises(NoteError, match="not signed by any key"):
        open_note(SIGNED, VerifierKey.of(OTHER))


def test_one_false_signature_of_a_known_key_spoils_the_note() -> None:
    spoiled = Note(SIGNED.text, (*SIGNED.signatures, *sign_note("x\n", WITNESSES[0]).signatures))
    assert open_note(spoiled, VerifierKey.of(LOG)) == SIGNED.text  # an unknown key's line is ignored
    with pytest.raises(NoteError, match="does not hold"):
        open_note(spoiled, VerifierKey.of(LOG), VerifierKey.of(WITNESSES[0]))


@given(st.integers(0, len(str(SIGNED).encode()) * 8 - 1))
def test_no_flipped_bit_of_a_note_leaves_it_valid(bit: int) -> None:
    data = bytearray(str(SIGNED).encode())
    data[bit // 8] ^= 1 << bit % 8
    with pytest.raises(NoteError):
        open_note(bytes(data), VerifierKey.of(LOG))


@pytest.mark.parametrize(
    "broken",
    [
        "",
        "text\n",
        "text\n\n",
        "text\n\n- a AAAAAAA=\n",
        "text\n\n— a b AAAAAAA=\n",
        "text\n\n— a AAAA=\n",
        "te\rxt\n\n— a AAAAAAAA\n",
        "text\n\n— a AAAAAAAA",
        "text\n\n— a+b AAAAAAAA\n",
        "text\n\n— a AAAA\n",
    ],
)
def test_what_is_no_note_is_refused(broken: str) -> None:
    with pytest.raises(NoteError):
        Note.parse(broken)


@pytest.mark.parametrize(
    "broken",
    [
        "",
        "o\n1\n",
        "o\n01\nAAAA\n",
        "o\n-1\nAAAA\n",
        "o\n1\nAAAA\n",
        f"o\n1\n{'A' * 43}=\n\n",
        f"o\n1\n{'A' * 43}=",
        f"o\n١\n{'A' * 43}=\n",
        f"o\n1\n{'A' * 42}B=\n",
    ],
)
def test_what_is_no_checkpoint_is_refused(broken: str) -> None:
    with pytest.raises(NoteError):
        Checkpoint.parse(broken)


def test_a_proof_reads_back_as_it_was_written() -> None:
    for extra in (None, b"", b"salt"):
        proof = LogProof(7, (bytes(32), bytes([9]) * 32), SIGNED, extra)
        assert LogProof.parse(str(proof)) == proof
    assert str(LogProof(0, (), SIGNED)).startswith("c2sp.org/tlog-proof@v1\nindex 0\n\ndesk.example/log\n12\n")


@pytest.mark.parametrize("change", [("@v1", "@v2"), ("index 7", "index 07"), ("index 7", "at 7"), ("AAA=", "AA==")])
def test_what_is_no_proof_is_refused(change: tuple[str, str]) -> None:
    text = str(LogProof(7, (bytes(32),), SIGNED))
    assert change[0] in text
    with pytest.raises(NoteError):
        LogProof.parse(text.replace(*change, 1))


def policy(quorum: str, *lines: str) -> Policy:
    witnesses = [f"witness W{i} {VerifierKey.of(key, COSIGNATURE)}" for i, key in enumerate(WITNESSES)]
    return Policy.parse("\n".join([f"log {VerifierKey.of(LOG)}", *witnesses, *lines, f"quorum {quorum}"]) + "\n")


def test_a_quorum_is_counted_as_the_policy_says() -> None:
    rule = policy("both", "group some 2 W0 W1 W2", "group both all some W3")
    note = SIGNED
    expected = [(0, False), (1, False), (3, True)]
    assert not rule.judge(note).has_quorum
    for number, enough in expected:
        note = cosign(note, WITNESSES[number], at_s=1_800_000_000)
        assert rule.judge(note).has_quorum is enough
    assert rule.judge(note).witnesses == ("W0", "W1", "W3")
    assert rule.judge(note).log == VerifierKey.of(LOG)
    assert Policy.parse(str(rule)) == rule
    assert Note.parse(str(note)) == note


def test_without_witnesses_a_policy_says_none() -> None:
    answer = policy("none").judge(SIGNED)
    assert (answer.log, answer.witnesses, answer.has_quorum) == (VerifierKey.of(LOG), (), True)
    assert Policy.parse("quorum none\n").judge(SIGNED).log is None
    assert str(Policy(logs=(VerifierKey.of(LOG),))) == f"log {VerifierKey.of(LOG)}\nquorum none\n"


def test_a_log_signs_only_for_its_own_origin() -> None:
    foreign = sign_note(Checkpoint("other.example/log", 12, bytes(32)).text, LOG)
    assert policy("none").judge(foreign).log is None


def test_a_false_cosignature_is_refused() -> None:
    note = cosign(SIGNED, WITNESSES[0], at_s=1_800_000_000)
    later = Note(Checkpoint("desk.example/log", 13, bytes(32)).text, note.signatures[1:])
    with pytest.raises(NoteError, match="does not hold"):
        policy("none").judge(later)


@pytest.mark.parametrize(
    ("quorum", "lines"),
    [
        ("W9", ()),
        ("g", ("group g 3 W0 W1",)),
        ("g", ("group g 0 W0 W1",)),
        ("g", ("group g all",)),
        ("g", ("group g all W0 W0",)),
        ("g", ("group g all W0 none",)),
        ("h", ("group g all W0", "group h all W0 g")),
        ("none", ("quorum none",)),
        ("none", ("group none all W0",)),
        ("none", ("group W0 all W1",)),
        ("none", ("colour blue",)),
    ],
)
def test_a_policy_that_breaks_the_rules_is_refused(quorum: str, lines: tuple[str, ...]) -> None:
    with pytest.raises(NoteError):
        policy(quorum, *lines)


def test_a_verifier_key_must_hash_to_what_it_states() -> None:
    good = str(VerifierKey.of(LOG))
    for bad in (good.replace("+", "+0", 1), good[:-4] + "AAA=", "name", "name+00000000+", "na me" + good):
        with pytest.raises(NoteError):
            VerifierKey.parse(bad)


def test_demo_names_are_known() -> None:
    assert is_demo_name("demo.invalid") and is_demo_name("demo.invalid/log")
    assert not is_demo_name("demo.invalid.example/log") and not is_demo_name("desk.example/demo.invalid")
