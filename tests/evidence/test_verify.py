"""The verifiers: what holds, what does not, and that both say the same."""

import base64
import hashlib
import json
import random
import re
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from entraide.evidence.bag import public_key_pem
from entraide.evidence.example import RECEIPT_KEY, make
from entraide.evidence.leaves import Leaf
from entraide.evidence.notes import COSIGNATURE, Ed25519NoteKey, LogProof, VerifierKey, cosign
from entraide.evidence.parts import Part
from entraide.evidence.verify import Report
from tests.dice import seed
from tests.evidence.packages import (
    KEY,
    PRODUCTION,
    Contents,
    codes,
    contents_of,
    judged,
    judged_by_both,
    judged_by_one_file,
    sample,
)

WHOLE = contents_of(sample())
TAGMANIFEST = "bag/tagmanifest-sha256.txt"
EVIDENCE = make(kind="production", **PRODUCTION)
EVIDENCE_KEY = PRODUCTION["package_key"].public_key


def with_files(changes: dict[str, bytes | None]) -> Contents:
    merged = {**WHOLE, **changes}
    return {name: data for name, data in merged.items() if data is not None}


def resaved(contents: Contents) -> Contents:
    """Return the bag with every manifest computed anew, as a forger without the key would save it."""
    contents = dict(contents)
    data = sorted(name for name in contents if name.startswith("bag/data/"))

    def lines(names: list[str]) -> bytes:
        return b"".join(
            f"{hashlib.sha256(contents[name]).hexdigest()}  {name.removeprefix('bag/')}\n".encode() for name in names
        )

    contents["bag/manifest-sha256.txt"] = lines(data)
    tags = ["bag/bag-info.txt", "bag/bagit.txt", "bag/manifest-sha256.txt", "bag/statement.json"]
    contents[TAGMANIFEST] = lines(tags)
    return contents


def test_an_untouched_package_holds_for_both_verifiers() -> None:
    report = judged_by_both(WHOLE)
    assert report["holds"] and report["demo"] and report["files"] == []
    assert [step["outcome"] for step in report["steps"]] == ["pass"] * 4 + ["absent"] * 2 + ["pass"]


def test_v26_v20_every_flipped_byte_of_every_file_is_found_and_named() -> None:
    draw = random.Random(26)
    tried = 0
    for name, data in WHOLE.items():
        for place in range(len(data)):
            changed = bytearray(data)
            changed[place] ^= 1 << draw.randrange(8)
            contents = {**WHOLE, name: bytes(changed)}
            report = judged(contents)
            assert not report["holds"] and name in report["files"], (name, place)
            if place % 97 == 0:  # the second verifier is slower; the long profile asks it about every byte
                assert judged_by_one_file(contents) == report, (name, place)
            tried += 1
    assert tried == sum(map(len, WHOLE.values()))


@pytest.mark.long
def test_v26_every_flipped_bit_is_found_and_in_every_byte_by_the_second_verifier_too() -> None:
    """The second verifier is asked about one bit of each byte: it takes nine times as long, and says the same."""
    draw = random.Random(seed())
    for name, data in WHOLE.items():
        for place in range(len(data)):
            asked_too = draw.randrange(8)
            for bit in range(8):
                changed = bytearray(data)
                changed[place] ^= 1 << bit
                contents = {**WHOLE, name: bytes(changed)}
                report = judged_by_both(contents) if bit == asked_too else judged(contents)
                assert not report["holds"] and name in report["files"], (name, place, bit)


@given(st.sampled_from(sorted(WHOLE)), st.data())
@settings(max_examples=60, deadline=None)
def test_v26_any_other_alteration_is_found(name: str, data: st.DataObject) -> None:
    before = WHOLE[name]
    start = data.draw(st.integers(0, len(before)))
    end = data.draw(st.integers(start, min(len(before), start + 40)))
    after = before[:start] + data.draw(st.binary(max_size=40)) + before[end:]
    report = judged_by_both({**WHOLE, name: after})
    assert report["holds"] is (after == before)
    assert (name in report["files"]) is (after != before)


@pytest.mark.parametrize("name", sorted(WHOLE))
def test_v26_a_file_left_out_is_named(name: str) -> None:
    report = judged_by_both(with_files({name: None}))
    if name == "seal/stream.jsonl":  # disclosing the history is optional, and its absence is said
        assert report["holds"] and report["steps"][6]["findings"] == [{"code": "stream-none"}]
    else:
        assert not report["holds"] and name in report["files"]


@pytest.mark.parametrize(
    "name",
    ["bag/extra.txt", "bag/data/extra.csv", "bag/manifest-md5.txt", "bag/fetch.txt", "seal/extra", "extra", "bag/x/y"],
)
def test_v26_a_file_added_is_named_though_bagit_itself_would_not_notice(name: str) -> None:
    report = judged_by_both(with_files({name: b"x"}))
    assert codes(report) == ["file-unlisted"] and report["files"] == [name]


def test_v26_manifests_computed_anew_do_not_hide_a_change() -> None:
    forged = resaved(with_files({"bag/data/letter.txt": b"Something else.\n"}))
    report = judged_by_both(forged)
    assert "signature-false" in codes(report) and report["files"][0] == TAGMANIFEST
    assert resaved(WHOLE) == WHOLE


def test_v26_a_manifest_signed_by_another_key_is_not_the_exchange() -> None:
    thief = Ed25519NoteKey("demo.invalid/package", bytes([66]) * 32)
    forged = resaved(with_files({"bag/data/letter.txt": b"Something else.\n"}))
    forged["seal/tagmanifest.ed25519"] = thief.sign(forged[TAGMANIFEST])
    assert "signature-false" in codes(judged_by_both(forged))
    forged["seal/exchange.pem"] = public_key_pem(thief.public_key)
    report = judged_by_both(forged)
    assert codes(report)[:2] == ["key-differs", "signature-false"]
    without_key = judged_by_both(forged, key=None)
    assert not without_key["holds"] and without_key["key"] == "copy"


def test_a_package_made_whole_by_another_exchange_fails_only_against_the_given_key() -> None:
    other = contents_of(make(package_key=Ed25519NoteKey("demo.invalid/package", bytes([66]) * 32)))
    assert judged_by_both(other, key=None)["holds"]
    report = judged_by_both(other)
    assert codes(report)[:2] == ["key-differs", "signature-false"]


def test_v27_a_swapped_statement_or_recipient_is_found() -> None:
    other = contents_of(make(recipient="age1" + "q" * 58))
    for names in (["bag/statement.json"], ["bag/statement.json", TAGMANIFEST]):
        report = judged_by_both(with_files({name: other[name] for name in names}))
        assert not report["holds"] and names[-1] in report["files"]
    swapped = with_files(
        {name: other[name] for name in ("bag/statement.json", TAGMANIFEST, "seal/tagmanifest.ed25519")}
    )
    report = judged_by_both(swapped)  # a genuine statement of another package, with its genuine signature
    assert codes(report) == ["entry-false"] and report["files"] == ["seal/entry.json"]


def lines(name: str) -> list[bytes]:
    return WHOLE[name].splitlines(keepends=True)


@pytest.mark.parametrize("n", range(1, 6))
def test_v21_a_history_with_an_entry_missing_doubled_or_swapped_is_found_at_that_entry(n: int) -> None:
    history = lines("seal/stream.jsonl")
    without = judged_by_both(with_files({"seal/stream.jsonl": b"".join(history[: n - 1] + history[n:])}))
    doubled = judged_by_both(with_files({"seal/stream.jsonl": b"".join(history[:n] + history[n - 1 :])}))
    assert [finding["n"] for finding in without["steps"][6]["findings"]] == [n]
    assert [finding["n"] for finding in doubled["steps"][6]["findings"]] == [n + 1]
    for report in (without, doubled):
        assert codes(report) == ["stream-false"] and "seal/stream.jsonl" in report["files"]


def test_v21_a_history_cut_or_lengthened_is_found() -> None:
    history = lines("seal/stream.jsonl")
    last = Leaf.parse(history[-1].rstrip())
    more = replace(last, n=6, prev=last.hash().hex()).canonical() + b"\n"
    for data, n in ((b"", 1), (b"".join(history[:3]), 4), (b"".join([*history, more]), 6), (b"\n", 1)):
        report = judged_by_both(with_files({"seal/stream.jsonl": data}))
        assert codes(report) == ["stream-false"]
        assert report["steps"][6]["findings"][0]["n"] == n


def test_v21_a_forked_history_contradicts_the_receipt_the_officer_kept() -> None:
    genuine = str(sample().receipt.sign(RECEIPT_KEY)).encode()
    report = judged_by_both(WHOLE, receipts=(("kept.note", genuine),))
    assert report["holds"] and report["steps"][6]["findings"][-1] == {"n": 1, "code": "receipts-hold"}

    forked = str(replace(sample().receipt, head="0" * 64).sign(RECEIPT_KEY)).encode()
    report = judged_by_both(WHOLE, receipts=(("kept.note", genuine), ("forked.note", forked)))
    assert codes(report)[-1] == "receipt-false" and report["files"] == ["forked.note"]


def test_v20_a_forged_receipt_is_named() -> None:
    thief = Ed25519NoteKey(RECEIPT_KEY.name, bytes([66]) * 32)
    forged = str(sample().receipt.sign(thief)).encode()
    other_stream = str(replace(sample().receipt, stream="another").sign(RECEIPT_KEY)).encode()
    for data in (forged, other_stream, b"", b"\xff"):
        report = judged_by_both(WHOLE, receipts=(("forged.note", data),))
        assert not report["holds"] and report["files"] == ["forged.note"]


def test_without_a_history_a_receipt_is_still_compared_with_what_the_seal_names() -> None:
    short = with_files({"seal/stream.jsonl": None})
    leaf = Leaf.parse(sample().seal.leaf)
    before = replace(sample().receipt, n=4, head=leaf.prev or "")
    later = replace(sample().receipt, n=9, head="1" * 64)
    for receipt, holds in ((before, True), (replace(before, head="0" * 64), False), (later, True)):
        data = str(receipt.sign(RECEIPT_KEY)).encode()
        assert judged_by_both(short, receipts=(("kept.note", data),))["holds"] is holds


@pytest.mark.parametrize(("n", "has_history"), [(2, False), (9, False), (9, True)])
def test_a_receipt_that_nothing_here_can_contradict_is_not_said_to_agree(n: int, has_history: bool) -> None:
    """Or a fork would be hidden by not disclosing the history."""
    contents = WHOLE if has_history else with_files({"seal/stream.jsonl": None})
    forked = str(replace(sample().receipt, n=n, head="0" * 64).sign(RECEIPT_KEY)).encode()
    step = judged_by_both(contents, receipts=(("forked.note", forked),))["steps"][6]
    assert step["findings"][-1] == {"n": 1, "code": "receipts-uncompared"}
    assert "receipts-hold" not in {finding["code"] for finding in step["findings"]}
    assert step["outcome"] == ("pass" if has_history else "absent")


def test_an_entry_of_another_package_or_kind_does_not_serve() -> None:
    entry = json.loads(WHOLE["seal/entry.json"])
    leaf = Leaf.parse(base64.b64decode(entry["leaf"]))
    for change in ({"kind": "disclosure:package:opened"}, {"n": 6}, {"stream": "another"}, {"prev": "0" * 64}):
        other = replace(leaf, **change)  # type: ignore[arg-type]
        data = json.dumps(
            {**entry, "leaf": base64.b64encode(other.canonical()).decode()}, sort_keys=True, separators=(",", ":")
        )
        report = judged_by_both(with_files({"seal/entry.json": data.encode()}))
        assert report["steps"][1]["outcome"] == "fail" and report["steps"][2]["outcome"] == "fail"


def test_a_proof_for_another_place_or_tree_is_refused() -> None:
    proof = sample().seal.proof
    for other in (
        replace(proof, index=proof.index + 1),
        replace(proof, index=9),
        replace(proof, hashes=proof.hashes[:-1]),
        replace(proof, hashes=(*proof.hashes, bytes(32))),
        replace(proof, hashes=proof.hashes[::-1]),
    ):
        report = judged_by_both(with_files({"seal/package.tlog-proof": str(other).encode()}))
        assert codes(report) == ["inclusion-false"]


def test_a_checkpoint_of_another_log_is_refused() -> None:
    thief = Ed25519NoteKey("demo.invalid/log", bytes([66]) * 32)
    forged = contents_of(make(log_key=thief))
    mixed = {**forged, "seal/exchange-keys.note": WHOLE["seal/exchange-keys.note"]}
    assert "checkpoint-false" in codes(judged_by_both(mixed))
    proof = with_files({"seal/package.tlog-proof": forged["seal/package.tlog-proof"]})
    assert set(codes(judged_by_both(proof))) == {"checkpoint-false", "inclusion-false"}


WITNESSES = [Ed25519NoteKey(f"witness.example/{n}", bytes([90 + n]) * 32) for n in range(3)]
QUORUM = "\n".join(
    [*(f"witness w{n} {VerifierKey.of(key, COSIGNATURE)}" for n, key in enumerate(WITNESSES)),
     "group two 2 w0 w1 w2", "quorum two"]
)  # fmt: skip


@pytest.mark.parametrize(("seen", "holds"), [((), False), ((0,), False), ((0, 2), True), ((0, 1, 2), True)])
def test_as_many_witnesses_are_demanded_as_the_policy_says(seen: tuple[int, ...], holds: bool) -> None:
    made = make(quorum=QUORUM)
    note = made.seal.proof.note
    for number in seen:
        note = cosign(note, WITNESSES[number], at_s=1_800_000_000)
    proof = LogProof(made.seal.proof.index, made.seal.proof.hashes, note)
    report = judged_by_both({**contents_of(made), "seal/package.tlog-proof": str(proof).encode()})
    assert report["holds"] is holds
    assert report["steps"][4]["findings"][0]["code"] == ("witnesses-hold" if holds else "witnesses-short")


@pytest.mark.parametrize(("language", "between"), [("en", ", "), ("fr", ", "), ("es", ", "), ("ar", "، ")])
def test_several_names_stand_apart_as_the_language_of_the_report_does_it(language: str, between: str) -> None:
    made = make(quorum=QUORUM)
    note = cosign(cosign(made.seal.proof.note, WITNESSES[0], at_s=1_800_000_000), WITNESSES[1], at_s=1_800_000_000)
    proof = LogProof(made.seal.proof.index, made.seal.proof.hashes, note)
    signed = {**contents_of(made), "seal/package.tlog-proof": str(proof).encode()}
    report = Report(judged_by_both({**signed, "b.txt": b"", "a.txt": b""}))
    assert f" w0{between}w1." in report.text(language)
    assert between.join(["a.txt", "b.txt"]) in report.text(language).splitlines()[-1]


def test_no_line_of_a_french_report_begins_with_its_punctuation() -> None:
    said = Report(judged_by_both({**contents_of(make()), "added.txt": b""})).text("fr")
    assert "signé\N{NO-BREAK SPACE}: added.txt" in said
    assert not re.search(" [:;?!]", said)


def test_a_false_witness_spoils_the_checkpoint() -> None:
    made = make(quorum=QUORUM)
    note = made.seal.proof.note
    for key in WITNESSES[:2]:
        note = cosign(note, key, at_s=1_800_000_000)
    broken = note.signatures[-1]
    broken = replace(broken, signature=broken.signature[:-1] + bytes([broken.signature[-1] ^ 1]))
    note = replace(note, signatures=(*note.signatures[:-1], broken))
    proof = LogProof(made.seal.proof.index, made.seal.proof.hashes, note)
    report = judged_by_both({**contents_of(made), "seal/package.tlog-proof": str(proof).encode()})
    assert codes(report) == ["checkpoint-false", "witnesses-short"]


def test_a_demo_is_known_by_any_of_its_names_even_when_its_statement_says_otherwise() -> None:
    disguised = contents_of(make(kind="production"))
    report = judged_by_both(disguised)
    assert report["holds"] and report["demo"]
    assert Report(report).text().startswith("DEMO: not evidence\n")
    assert (Report(report).exit_status, Report(report, require_evidence=True).exit_status) == (0, 1)
    relabelled = contents_of(make(kind="demo", **PRODUCTION))
    assert judged_by_both(relabelled, key=EVIDENCE_KEY)["demo"]


def test_evidence_holds_as_evidence() -> None:
    report = judged_by_both(contents_of(EVIDENCE), key=EVIDENCE_KEY)
    assert report["holds"] and not report["demo"]
    assert "DEMO" not in Report(report).text()
    assert Report(report, require_evidence=True).exit_status == 0
    assert "comes from the holder of that key" in Report(report).text()


def test_a_package_that_fails_is_not_said_to_come_from_the_holder_of_the_key() -> None:
    changed = {**contents_of(EVIDENCE), "bag/data/letter.txt": b"Something else.\n"}
    given = judged_by_both(changed, key=EVIDENCE_KEY)
    assert not given["holds"]
    assert "It does NOT show that this package comes from the holder of that key." in Report(given).text()
    copied = judged_by_both(changed, key=None)
    assert "It shows neither WHO signed it nor that nothing was changed." in Report(copied).text()
    foreign = judged_by_both(contents_of(EVIDENCE), key=EVIDENCE_KEY[::-1])
    assert "the package comes from the holder" not in Report(foreign).text()


def test_a_trial_says_that_nobody_outside_watches() -> None:
    report = judged_by_both(contents_of(make(kind="trial", **PRODUCTION)), key=EVIDENCE_KEY)
    assert report["holds"] and "nobody outside the exchange watches" in Report(report).text()


def test_the_kinds_in_statement_and_keys_must_agree() -> None:
    mixed = dict(contents_of(EVIDENCE))
    mixed["seal/exchange-keys.note"] = contents_of(make(kind="trial", **PRODUCTION))["seal/exchange-keys.note"]
    report = judged_by_both(mixed, key=EVIDENCE_KEY)
    assert codes(report) == ["file-changed", "checkpoint-false"]


def test_without_the_exchange_key_only_integrity_is_claimed() -> None:
    report = judged_by_both(WHOLE, key=None)
    assert report["holds"] and report["key"] == "copy"
    assert "it does not show WHO signed it" in Report(report).text()


def test_names_from_a_package_cannot_redraw_the_screen() -> None:
    report = judged_by_both(with_files({"bag/\x1b[2J\u202egnp.txt": b""}))
    text = Report(report).text()
    assert "\\u001b[2J\\u202egnp.txt" in text and "\x1b" not in text and "\u202e" not in text


def test_what_a_package_says_of_itself_cannot_write_a_verdict() -> None:
    said = json.loads(WHOLE["bag/statement.json"])
    said |= {"reference": "R\x1b[2J\nPASS  1", "copy_id": "C\r1"}
    said["recipient"]["name"] = "Otto.\n\nThe package holds.\u202e\ud800"
    forged = with_files({"bag/statement.json": json.dumps(said).encode()})
    text = Report(judged_by_both(forged)).text()
    assert "The package holds." not in text.splitlines()
    assert not [letter for letter in text if letter != "\n" and not letter.isprintable()]
    assert sum(line.startswith("PASS  1") for line in text.splitlines()) == 0


def test_a_large_part_is_checked_in_pieces() -> None:
    big = Part.of_bytes("data/big.bin", bytes(range(256)) * 12_000)
    assert judged_by_both(contents_of(make(extra_parts=[big])))["holds"]


@given(st.dictionaries(st.sampled_from(sorted(WHOLE)), st.binary(max_size=60), min_size=1, max_size=6))
@settings(max_examples=60, deadline=None)
def test_rubbish_never_raises_and_never_holds(rubbish: dict[str, bytes]) -> None:
    assert not judged_by_both({**WHOLE, **rubbish})["holds"]
    assert not judged_by_both(rubbish, key=None)["holds"]


def test_nested_rubbish_never_raises() -> None:
    deep = b"[" * 200_000
    for name in WHOLE:
        assert not judged_by_both({**WHOLE, name: deep})["holds"]


def test_the_key_of_the_sample_is_the_one_given() -> None:
    assert public_key_pem(KEY) == WHOLE["seal/exchange.pem"]
