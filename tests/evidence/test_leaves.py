"""Leaves, salted commitments, streams and receipts."""

import json
import random
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from entraide.evidence import merkle
from entraide.evidence.leaves import Leaf, LeafError, StreamFault, check_stream, commitment, new_salt, opens
from entraide.evidence.notes import Ed25519NoteKey, NoteError, VerifierKey, sign_note
from entraide.evidence.receipts import Receipt
from entraide.kernel.canonical import canonical

LOG = "desk.example/log"
ACTOR = "a" * 64
KEY = Ed25519NoteKey("desk.example/receipts", bytes([3]) * 32)


def stream(count: int, handle: str = "case-1") -> list[Leaf]:
    leaves: list[Leaf] = []
    for n in range(1, count + 1):
        leaves.append(
            Leaf(
                log=LOG,
                t="2026-11-24T07:44:03.120Z",
                kind="requests:request:filed",
                stream=handle,
                n=n,
                prev=leaves[-1].hash().hex() if leaves else None,
                actor=ACTOR,
                payload=commitment(bytes([n]) * 32, {"n": n}).hex(),
            )
        )
    return leaves


LEAVES = stream(9)
BYTES = [leaf.canonical() for leaf in LEAVES]


def test_a_leaf_is_hashed_in_its_canonical_form() -> None:
    for leaf in LEAVES:
        fields = {name: getattr(leaf, name) for name in Leaf.__slots__}
        assert leaf.canonical() == canonical(fields)
        assert Leaf.parse(leaf.canonical()) == leaf


@given(st.text(st.characters(codec="ascii"), min_size=1, max_size=20))
def test_no_word_makes_the_short_way_differ_from_the_canonical_form(word: str) -> None:
    try:
        leaf = replace(LEAVES[0], stream=word)
    except LeafError:
        return
    assert leaf.canonical() == canonical({name: getattr(leaf, name) for name in Leaf.__slots__})


@pytest.mark.parametrize(
    "change",
    [
        {"n": 0},
        {"n": True},
        {"n": 2},
        {"prev": "a" * 64},
        {"actor": "A" * 64},
        {"payload": "a" * 63},
        {"t": "2026-11-24T07:44:03Z"},
        {"kind": ""},
        {"stream": 'quote"'},
        {"stream": "é"},
        {"act": ""},
        {"v": 2},
        {"log": None},
    ],
)
def test_a_field_of_another_form_is_refused(change: dict[str, object]) -> None:
    with pytest.raises(LeafError):
        Leaf(**{**{name: getattr(LEAVES[0], name) for name in Leaf.__slots__}, **change})  # type: ignore[arg-type]


def test_another_spelling_of_a_leaf_is_no_leaf() -> None:
    spaced = json.dumps(json.loads(BYTES[0])).encode()
    for data in (spaced, BYTES[0] + b"\n", b"{}", b"[]", b"\xff", BYTES[0][:-1] + b',"x":1}', b"[" * 100_000):
        with pytest.raises(LeafError):
            Leaf.parse(data)


def test_a_commitment_opens_with_its_salt_and_its_document_only() -> None:
    salt, document = new_salt(), {"name": "Jean Doe"}
    committed = commitment(salt, document)
    assert opens(committed, salt, document) and opens(committed.hex(), salt, document)
    assert not opens(committed, new_salt(), document)
    assert not opens(committed, salt, {"name": "Jean Doe "})
    with pytest.raises(ValueError, match="salt"):
        commitment(b"short", document)


def test_v23_a_dictionary_over_the_leaves_gives_no_hit() -> None:
    draw = random.Random(23)
    names = [f"{first} {last}" for first in ("Ana", "Bo", "Cy", "Di", "Ed") for last in ("Li", "Moe", "Ng", "Oz")]
    accounts = [f"ACC-{number:06d}" for number in range(2_000)]
    guesses = [*names, *accounts]
    chosen = [draw.choice(guesses) for _ in range(200)]
    leaves = [replace(LEAVES[0], payload=commitment(new_salt(), {"target": word}).hex()) for word in chosen]
    seen = {leaf.payload for leaf in leaves} | {leaf.actor for leaf in leaves}
    assert len({leaf.payload for leaf in leaves}) == 200  # equal targets do not show as equal either
    hits = 0
    for guess in guesses:
        document = {"target": guess}
        tries = (canonical(document), guess.encode(), json.dumps(document).encode())
        hits += sum(
            merkle.leaf_hash(data).hex() in seen or commitment(bytes(32), guess).hex() in seen for data in tries
        )
        hits += commitment(bytes(32), document).hex() in seen
    assert hits == 0
    assert not any(word.encode() in leaf.canonical() for word in guesses for leaf in leaves)


def test_v23_the_tree_verifies_after_payload_and_salt_are_gone() -> None:
    kept = {leaf.n: (new_salt(), {"n": leaf.n}) for leaf in LEAVES}
    hashes = [leaf.hash() for leaf in LEAVES]
    nodes = merkle.nodes_of(hashes)
    root = merkle.root_of(nodes, len(hashes))
    del kept[4]
    for index, leaf in enumerate(LEAVES):
        proof = merkle.inclusion_proof(nodes, index, len(hashes))
        assert merkle.verify_inclusion(leaf.hash(), index, len(hashes), proof, root)
    assert check_stream(BYTES).holds


def test_a_whole_stream_holds_and_says_where_it_ends() -> None:
    check = check_stream(BYTES, log=LOG, stream="case-1")
    assert (check.n, check.head, check.fault) == (9, LEAVES[-1].hash().hex(), None)
    assert check_stream([]).head is None


@given(st.sets(st.integers(1, 9), min_size=1, max_size=8))
def test_v21_any_entries_left_out_are_found(dropped: set[int]) -> None:
    rest = [data for n, data in enumerate(BYTES, 1) if n not in dropped]
    check = check_stream(rest)
    if check.fault is None:  # the tail was cut: the count and head of a receipt or of the package tell
        assert (check.n, check.head) != (9, LEAVES[-1].hash().hex())
    else:
        assert check.fault == StreamFault(min(dropped), "gap")


@pytest.mark.parametrize("n", range(1, 10))
def test_v21_a_second_entry_at_a_place_is_found(n: int) -> None:
    forged = replace(LEAVES[n - 1], payload="f" * 64).canonical()
    assert check_stream([*BYTES[:n], forged, *BYTES[n:]]).fault == StreamFault(n + 1, "duplicate")
    replaced = check_stream([*BYTES[: n - 1], forged, *BYTES[n:]])
    assert replaced.fault == (StreamFault(n + 1, "chain") if n < 9 else None)
    assert replaced.head != LEAVES[-1].hash().hex() or n < 9


def test_entries_of_another_stream_or_log_are_found() -> None:
    other = stream(9, "case-2")
    assert check_stream([*BYTES[:4], other[4].canonical()]).fault == StreamFault(5, "other-stream")
    assert check_stream(BYTES, stream="case-2").fault == StreamFault(1, "other-stream")
    assert check_stream(BYTES, log="other/log").fault == StreamFault(1, "other-log")
    assert check_stream([*BYTES[:3], b"{}"]).fault == StreamFault(4, "malformed")


def receipt(n: int) -> Receipt:
    return Receipt(log=LOG, stream="case-1", n=n, head=LEAVES[n - 1].hash().hex(), checkpoint_size=41)


def test_a_receipt_reads_back_as_it_was_signed() -> None:
    note = receipt(4).sign(KEY)
    assert Receipt.open(str(note), VerifierKey.of(KEY)) == receipt(4)


def test_v20_a_forged_receipt_is_refused() -> None:
    thief = Ed25519NoteKey(KEY.name, bytes([4]) * 32)
    with pytest.raises(NoteError, match="not signed"):
        Receipt.open(receipt(4).sign(thief), VerifierKey.of(KEY))
    with pytest.raises(NoteError, match="does not hold"):
        Receipt.open(str(receipt(4).sign(KEY)).replace("n 4", "n 5"), VerifierKey.of(KEY))
    with pytest.raises(NoteError, match="not a receipt"):
        Receipt.open(sign_note("hello\n", KEY), VerifierKey.of(KEY))
    with pytest.raises(NoteError, match="form"):
        replace(receipt(4), stream="two words").sign(KEY)


def test_v21_another_history_contradicts_a_receipt() -> None:
    heads = [leaf.hash().hex() for leaf in LEAVES]
    assert receipt(4).agrees_with(heads)
    assert not receipt(4).agrees_with(heads[:3])
    forked = [leaf.hash().hex() for leaf in stream(9, "case-2")]
    assert not receipt(4).agrees_with(forked)
