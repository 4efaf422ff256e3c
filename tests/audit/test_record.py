"""Entries in the transaction of the act."""

from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from django.db import IntegrityError, ProgrammingError, connections, transaction
from django.test import override_settings

from entraide.audit import api as audit
from entraide.audit.models import SignerKey
from entraide.database import key_store, operation, reading_as
from entraide.evidence.bag import ExchangeKeys
from entraide.evidence.leaves import Leaf, check_stream, commitment, opens
from entraide.evidence.merkle import leaf_hash, verify_inclusion
from entraide.evidence.notes import Checkpoint, VerifierKey, open_note
from entraide.evidence.receipts import Receipt
from entraide.kernel.actors import Actor, Face, Role
from entraide.kernel.canonical import canonical, sha256
from entraide.kernel.clock import iso_ms
from entraide.kernel.errors import NotFound, NotPossible, Unavailable
from entraide.kernel.ids import uuid7
from entraide.kernel.sealing import SealBroken
from tests.plugins.desk import NOON, Desk

SETUP = Actor.system("setup")
POLICE, OTHER_POLICE = UUID(int=1), UUID(int=2)
OTTO = Actor(
    face=Face.AGENCY,
    name="Otto Officer",
    roles=frozenset({Role.OFFICER}),
    person_id=UUID(int=11),
    organisation_id=POLICE,
)
IVO = Actor(face=Face.AGENCY, name="Ivo Other", person_id=UUID(int=12), organisation_id=OTHER_POLICE)
ANOUK = Actor(face=Face.STAFF, name="Anouk Analyst", person_id=UUID(int=13), organisation_id=UUID(int=3))

audit.register_events({"tests:thing:done": "Something was done.", "tests:thing:noted": "Something was noted."})


@operation
def open_case(case_id: UUID, *, actor: Actor, now: Any = NOON, organisation_id: UUID = POLICE) -> UUID:
    return audit.open_stream(audit.StreamKind.CASE, organisation_id=organisation_id, case_id=case_id, now=now)


@operation
def act(stream_id: UUID, *, actor: Actor, now: Any = NOON, kind: str = "tests:thing:done", **rest: Any) -> audit.Entry:
    return audit.record(kind, stream_id=stream_id, actor=actor, now=now, **rest)


def entered(entry: audit.Entry) -> audit.Entered:
    with reading_as(OTTO):
        return audit.entered(entry.id)


@pytest.fixture
def case_id(desk: Desk) -> UUID:
    return uuid7()


@pytest.fixture
def case(case_id: UUID) -> UUID:
    return open_case(case_id, actor=OTTO)


def test_the_first_entry_of_the_log_says_what_kind_of_desk_this_is(desk: Desk) -> None:
    with reading_as(SETUP):
        entries = audit.entries_of(audit.instance_stream())

    assert [(entry.n, entry.kind) for entry in entries] == [(1, "audit:instance:created")]
    assert entries[0].payload == {"kind": "demo", "log": "demo.invalid/log", "origin": "http://localhost:8000"}
    assert entries[0].actor is not None
    assert entries[0].actor["key"] == "system:setup"
    assert check_stream([entry.leaf for entry in entries]).holds


def test_a_desk_cannot_become_another_kind_of_desk(desk: Desk) -> None:
    audit.create_instance("demo", now=NOON)

    with pytest.raises(NotPossible, match="holds a desk of kind demo"):
        audit.create_instance("production", now=NOON)

    assert audit.instance().kind == "demo"


def test_a_stream_counts_from_one_and_each_entry_names_the_one_before(case: UUID) -> None:
    written = [act(case, actor=OTTO, payload={"n": n}) for n in range(1, 4)]

    with reading_as(OTTO):
        entries, head = audit.entries_of(case), audit.stream(case)

    assert [entry.n for entry in entries] == [1, 2, 3]
    assert [entry.payload for entry in entries] == [{"n": 1}, {"n": 2}, {"n": 3}]
    assert check_stream([entry.leaf for entry in entries], log="demo.invalid/log", stream=head.handle).holds
    assert [entry.id for entry in entries] == [entry.id for entry in written]
    assert head.head_hash == entries[-1].leaf_hash


def test_the_commitments_are_those_of_the_verifier(case: UUID) -> None:
    payload = {"é": ["x", 1, None, True], "a": {"b": "c"}}
    entry = act(case, actor=OTTO, payload=payload)

    with reading_as(OTTO):
        salt, document = audit.salted_payload_of(entry.id)
        leaf = Leaf.parse(audit.entry(entry.id).leaf)

    assert document == canonical(payload)
    assert leaf.payload == commitment(salt, payload).hex()


def test_the_database_writes_a_leaf_in_its_canonical_form(case: UUID) -> None:
    hashes = [None, bytes(32), bytes(range(32)), b"\xff" * 32] * 3
    times = [NOON + timedelta(microseconds=step) for step in (0, 1, 999, 1000, 999_999, 86_400_000_000)] * 2
    for act_hash, now in zip(hashes, times, strict=True):
        act(case, actor=OTTO, act_hash=act_hash, now=now)

    with reading_as(OTTO):
        written = audit.entries_of(case)
    leaves = [Leaf.parse(entry.leaf) for entry in written]  # refuses what is not canonical

    assert [leaf.n for leaf in leaves] == list(range(1, 13))
    assert [leaf.hash() for leaf in leaves] == [entry.leaf_hash for entry in written]
    assert [leaf.prev for leaf in leaves] == [None, *(entry.leaf_hash.hex() for entry in written[:-1])]
    assert [leaf.act for leaf in leaves] == [act_hash and act_hash.hex() for act_hash in hashes]
    assert [leaf.t for leaf in leaves] == [iso_ms(now) for now in times]


def test_a_stream_that_one_actor_wrote_to_does_not_exist_for_another(case: UUID) -> None:
    act(case, actor=OTTO)

    with pytest.raises(NotPossible, match="no such stream"):
        act(case, actor=IVO)

    with reading_as(OTTO):
        assert [entry.n for entry in audit.entries_of(case)] == [1]


def test_an_entry_that_finds_no_stream_takes_its_act_with_it(case: UUID) -> None:
    """Whatever was remembered of the stream: the database is asked again, with the commit."""
    act(case, actor=OTTO)
    somebody_else = replace(OTTO, organisation_id=OTHER_POLICE)

    @operation
    def pretend(*, actor: Actor) -> None:
        audit.record("tests:thing:done", stream_id=case, actor=OTTO, now=NOON)  # who is not the one at the door

    with pytest.raises((ProgrammingError, IntegrityError)):
        pretend(actor=somebody_else)

    with reading_as(OTTO):
        assert [entry.n for entry in audit.entries_of(case)] == [1]


def test_entries_of_one_operation_keep_their_order_and_those_of_a_part_taken_back_are_not_written(case: UUID) -> None:
    @operation
    def act_thrice(*, actor: Actor) -> list[UUID]:
        written = []
        for n in range(3):
            with suppress(KeyError), transaction.atomic(using="agency"):
                entry = audit.record("tests:thing:done", stream_id=case, actor=actor, now=NOON, payload={"n": n})
                if n == 1:
                    raise KeyError
                written.append(entry.id)
        return written

    written = act_thrice(actor=OTTO)

    with reading_as(OTTO):
        entries = audit.entries_of(case)
    assert [(entry.n, entry.id, entry.payload) for entry in entries] == [
        (1, written[0], {"n": 0}),
        (2, written[1], {"n": 2}),
    ]
    assert check_stream([entry.leaf for entry in entries]).holds


def test_an_event_nobody_explains_is_refused(case: UUID) -> None:
    with pytest.raises(ValueError, match=r"tests:thing:undone.*events\.py"):
        act(case, actor=OTTO, kind="tests:thing:undone")


def test_outside_an_operation_nothing_is_written(case: UUID) -> None:
    with pytest.raises(RuntimeError, match="inside an operation only"):
        audit.record("tests:thing:done", stream_id=case, actor=OTTO, now=NOON)


def test_an_act_without_its_entry_does_not_commit(desk: Desk) -> None:
    @operation
    def publish(*, actor: Actor, with_entry: bool) -> None:
        row = SignerKey(purpose="log", verifier="x", published_at=NOON)
        row.save(force_insert=True)
        if with_entry:
            audit.record("tests:thing:done", stream_id=audit.instance_stream(), actor=actor, now=NOON, subject=row)

    with pytest.raises(IntegrityError, match="no entry in the log for this change of audit_signerkey"):
        publish(actor=SETUP, with_entry=False)
    assert desk.superuser_sql("SELECT count(*) FROM audit_signerkey") == [(0,)]

    publish(actor=SETUP, with_entry=True)
    assert desk.superuser_sql("SELECT count(*) FROM audit_signerkey") == [(1,)]


def test_an_entry_about_something_else_does_not_vouch_for_an_act(desk: Desk) -> None:
    @operation
    def publish(*, actor: Actor) -> None:
        row, other = (SignerKey(purpose="log", verifier=name, published_at=NOON) for name in "xy")
        row.save(force_insert=True)
        audit.record("tests:thing:done", stream_id=audit.instance_stream(), actor=actor, now=NOON, subject=other)

    with pytest.raises(IntegrityError, match="no entry in the log"):
        publish(actor=SETUP)


def test_an_entry_of_an_earlier_transaction_does_not_vouch_for_a_later_change(desk: Desk) -> None:
    row = SignerKey(purpose="log", verifier="x", published_at=NOON)

    @operation
    def publish(*, actor: Actor) -> None:
        row.save(force_insert=True)
        audit.record("tests:thing:done", stream_id=audit.instance_stream(), actor=actor, now=NOON, subject=row)

    publish(actor=SETUP)
    with pytest.raises(Exception, match="no entry in the log"):
        desk.superuser_sql("UPDATE audit_signerkey SET purpose = 'receipts'")


@pytest.mark.parametrize("statement", range(6))
def test_an_abort_at_any_statement_leaves_neither_act_nor_entry(desk: Desk, case: UUID, statement: int) -> None:
    """V18: statements of the operation are counted, and the one with this number fails."""

    class Aborted(Exception):
        pass

    seen = iter(range(100))

    def abort(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if next(seen) == statement:
            raise Aborted(sql)
        return execute(sql, params, many, context)

    before = desk.superuser_sql("SELECT count(*), sum(head_n) FROM audit_entry, audit_stream")
    with connections["default"].execute_wrapper(abort):
        try:
            _act_with_row(actor=ANOUK, stream_id=case)
            is_done = True
        except Aborted:
            is_done = False

    entries = desk.superuser_sql("SELECT count(*) FROM audit_entry WHERE kind = 'tests:thing:done'")[0][0]
    rows = desk.superuser_sql("SELECT count(*) FROM audit_signerkey")[0][0]
    assert (entries, rows) == ((1, 1) if is_done else (0, 0))
    if not is_done:
        assert desk.superuser_sql("SELECT count(*), sum(head_n) FROM audit_entry, audit_stream") == before


@operation
def _act_with_row(*, actor: Actor, stream_id: UUID) -> None:
    row = SignerKey(purpose="log", verifier="x", published_at=NOON)
    row.save(force_insert=True)
    audit.record("tests:thing:done", stream_id=stream_id, actor=actor, now=NOON, subject=row)


def test_the_agency_sees_its_own_streams_and_no_other_agency_does(case: UUID) -> None:
    entry = act(case, actor=OTTO, payload={"secret": "of Otto"})

    with reading_as(OTTO):
        assert [view.payload for view in audit.entries_of(case)] == [{"secret": "of Otto"}]
    with reading_as(IVO):
        assert audit.entries_of(case) == []
        with pytest.raises(NotFound):
            audit.payload_of(entry.id)
    with pytest.raises(NotPossible, match="no such stream"):
        act(case, actor=IVO)


def test_a_demo_whose_row_was_turned_into_production_does_not_start(desk: Desk) -> None:
    """Of what kind a desk is stands in the log's first entry too, which no row can change."""
    with override_settings(KIND="production"):
        desk.superuser_sql("SET session_replication_role = replica; UPDATE audit_instance SET kind = 'production'")

        with pytest.raises(NotPossible, match="demo"):
            audit.create_instance("production", now=NOON)
        with pytest.raises(NotPossible, match="demo"):
            audit.check_instance("production")


def test_the_agency_sees_that_the_desk_acted_but_neither_who_nor_the_details_unless_shared(case: UUID) -> None:
    act(case, actor=ANOUK, payload={"note": "internal"})
    act(case, actor=ANOUK, payload={"question": "which account?"}, is_shared=True)

    with reading_as(OTTO):
        views = audit.entries_of(case)

    assert [(view.actor, view.payload) for view in views] == [(None, None), (None, {"question": "which account?"})]
    with reading_as(ANOUK):
        assert [view.payload for view in audit.entries_of(case)] == [
            {"note": "internal"},
            {"question": "which account?"},
        ]


def test_what_the_desk_keeps_to_itself_does_not_open_for_an_agency_by_a_change_of_its_row(
    desk: Desk, case: UUID
) -> None:
    entry = act(case, actor=ANOUK, payload={"note": "of the desk"})
    desk.superuser_sql("UPDATE audit_entrypayload SET is_shared = true WHERE entry_id = %s", entry.id)
    desk.superuser_sql("UPDATE audit_entryactor SET face = 'agency' WHERE entry_id = %s", entry.id)

    with reading_as(OTTO):
        with pytest.raises(SealBroken):
            audit.payload_of(entry.id)
        with pytest.raises(SealBroken):
            audit.actor_of(entry.id)


def test_a_payload_that_was_exchanged_for_another_is_found(desk: Desk, case: UUID) -> None:
    one, two = (act(case, actor=OTTO, payload={"amount": amount}) for amount in ("1", "2"))
    desk.superuser_sql(
        "UPDATE audit_entrypayload p SET sealed = q.sealed FROM audit_entrypayload q "
        "WHERE p.entry_id = %s AND q.entry_id = %s",
        one.id,
        two.id,
    )

    with reading_as(OTTO), pytest.raises(SealBroken):
        audit.payload_of(one.id)


def test_erasing_a_case_leaves_who_acted_and_a_chain_that_holds(case: UUID, case_id: UUID) -> None:
    entry = act(case, actor=OTTO, payload={"narrative": "a robbery"})
    key_store().destroy(case_id)

    with reading_as(ANOUK):
        with pytest.raises(audit.Erased):
            audit.payload_of(entry.id)
        assert audit.actor_of(entry.id)["name"] == "Otto Officer"
        view = audit.entries_of(case)[0]
        assert (view.payload, view.is_erased) == (None, True)
        assert check_stream([view.leaf for view in audit.entries_of(case)]).holds

    act(case, actor=ANOUK, kind="audit:case:erased", payload={"final_on": "2026-12-01"})
    with reading_as(ANOUK):
        assert audit.entries_of(case)[-1].payload == {"final_on": "2026-12-01"}


def test_readings_are_entered_once_in_five_minutes_for_each_purpose(case: UUID) -> None:
    for minute in (0, 1, 4):
        audit.record_reading(
            "narrative", stream_id=case, actor=ANOUK, purpose="triage", now=NOON + timedelta(minutes=minute)
        )
    audit.record_reading("narrative", stream_id=case, actor=ANOUK, purpose="decision", now=NOON)
    audit.record_reading("narrative", stream_id=case, actor=OTTO, purpose="triage", now=NOON)
    audit.record_reading("narrative", stream_id=case, actor=ANOUK, purpose="triage", now=NOON + timedelta(minutes=6))

    with reading_as(ANOUK):
        entries = audit.entries_of(case)

    assert [entry.kind for entry in entries] == ["audit:data:read"] * 4
    assert entries[0].payload == {"what": "narrative", "purpose": "triage"}


def test_a_reading_that_cannot_be_entered_raises_so_that_nothing_is_shown(desk: Desk, case: UUID) -> None:
    desk.superuser_sql("ALTER TABLE audit_entry ADD CONSTRAINT nothing_goes CHECK (false) NOT VALID")
    try:
        with pytest.raises((IntegrityError, Unavailable)):
            audit.record_reading("narrative", stream_id=case, actor=ANOUK, purpose="triage", now=NOON)
    finally:
        desk.superuser_sql("ALTER TABLE audit_entry DROP CONSTRAINT nothing_goes")


def test_a_receipt_names_stream_place_and_head_and_is_signed_by_a_published_key(desk: Desk, case: UUID) -> None:
    desk.start_signer()
    assert sorted(audit.publish_keys(now=NOON)) == ["log", "packages", "receipts"]
    assert audit.publish_keys(now=NOON) == []
    entry = entered(act(case, actor=OTTO))

    paper = Receipt.open(audit.receipt(entry), *audit.published_keys("receipts"))

    assert (paper.stream, paper.n, paper.head) == (entry.stream, 1, entry.leaf_hash.hex())


def test_the_receipt_of_an_entry_is_the_same_whenever_it_is_asked_for(desk: Desk, case: UUID) -> None:
    desk.start_signer()
    audit.publish_keys(now=NOON)
    entry = act(case, actor=OTTO)
    shown = audit.receipt(entered(entry))

    act(case, actor=OTTO)
    desk.sequence()

    assert audit.receipt(entered(entry)) == shown


def test_an_entry_has_a_proof_once_the_tree_over_it_is_signed(desk: Desk, case: UUID) -> None:
    entries = [act(case, actor=OTTO) for _ in range(5)]
    with reading_as(OTTO):
        assert audit.proof_of(entries[2].id) is None

    desk.sequence()
    audit.publish_keys(now=NOON)

    for entry in entries:
        with reading_as(OTTO):
            found = audit.proof_of(entry.id)
        assert found is not None
        way = found.proof
        tree = Checkpoint.parse(open_note(way.note, *audit.published_keys("log")))
        assert verify_inclusion(leaf_hash(found.leaf), way.index, tree.size, list(way.hashes), tree.root)
        assert opens(Leaf.parse(found.leaf).payload, found.salt, found.payload)
    with reading_as(IVO):
        assert audit.log_proof_of(entries[2].id) is None


def test_what_stands_beside_a_package_is_signed_by_the_package_key(desk: Desk) -> None:
    desk.start_signer()

    beside = audit.trust()

    keys = ExchangeKeys.open(beside.keys_note, beside.package_key)
    assert (keys.kind, beside.policy.logs) == ("demo", (keys.log,))
    assert audit.package_key_pem().startswith(b"-----BEGIN PUBLIC KEY-----")
    manifest = b"ab" * 32 + b"  bagit.txt\n"
    Ed25519PublicKey.from_public_bytes(beside.package_key).verify(audit.sign_package(manifest), manifest)
    with pytest.raises(NotPossible, match="not the tag manifest"):
        audit.sign_package(b"anything else")


def test_a_locked_stream_gives_the_next_place_to_whoever_locked_it(case: UUID) -> None:
    @operation
    def seal(*, actor: Actor) -> tuple[int, UUID]:
        head = audit.lock_stream(case)
        return head.head_n, audit.record("tests:thing:done", stream_id=case, actor=actor, now=NOON).id

    act(case, actor=OTTO)
    before, entry_id = seal(actor=ANOUK)

    with reading_as(ANOUK):
        assert (before, audit.entry(entry_id).n) == (1, 2)
        assert len(list(audit.leaves_of(case, up_to=1))) == 1


def test_the_log_is_named_as_the_settings_name_it(desk: Desk) -> None:
    from django.conf import settings

    from entraide.audit import place

    assert place.log_origin() == settings.LOG_ORIGIN == "demo.invalid/log"
    assert isinstance(VerifierKey, type)


def test_a_leaf_tells_nothing_to_whoever_guesses_what_was_entered(desk: Desk, case: UUID, case_id: UUID) -> None:
    """V23: the log's bytes, a dictionary with the right answers in it, and no hit, before and after erasure."""
    names = [f"Person {number}" for number in range(500)]
    entry = act(case, actor=OTTO, payload={"name": names[123]})
    desk.sequence()
    with reading_as(OTTO):
        leaf = audit.entry(entry.id).leaf
        salt, _ = audit.salted_payload_of(entry.id)

    guesses = {
        digest.hex()
        for name in names
        for document in ({"name": name}, name, {"name": name, "n": 1})
        for digest in (sha256(canonical(document)), sha256(name.encode()), commitment(bytes(32), document))
    }
    committed = Leaf.parse(leaf)
    assert commitment(salt, {"name": names[123]}).hex() == committed.payload  # there is something to be found
    assert guesses.isdisjoint({committed.payload, committed.actor})
    assert names[123].encode() not in leaf
    assert b"Otto" not in leaf

    key_store().destroy(case_id)
    with reading_as(ANOUK):
        proof = audit.log_proof_of(entry.id)
    assert proof is not None
    assert verify_inclusion(committed.hash(), proof.index, proof.checkpoint.size, proof.hashes, proof.checkpoint.root)
