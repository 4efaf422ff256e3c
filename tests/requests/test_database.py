"""What the database itself keeps: rows by role, two people by constraint, no act without entry, ciphertext only."""

import threading
from contextlib import contextmanager, suppress
from uuid import uuid4

import psycopg
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from entraide.access.api import verify_signed_act
from entraide.database import acting_in, reading_as
from entraide.kernel.errors import NotPermitted, Refusal
from entraide.requests import api, operations
from entraide.requests.models import LegalRequest
from entraide.requests.signatures import submitted_filing, verify_filing
from entraide.requests.states import RequestState
from tests.plugins.desk import close_connections
from tests.requests.material import ADDRESS
from tests.requests.story import ACCOUNT, WORKER, Story, an_exchange

S = RequestState
DEEP = {"categories": ["S1", "T2"]}


@contextmanager
def as_role(story, role, *, organisation=None, actor="somebody"):
    """Open a raw connection as a serving role that says who it acts for."""
    with psycopg.connect(story.desk.url(f"entraide_{role}")) as connection:
        connection.execute(
            "SELECT set_config('entraide.actor', %s, true), set_config('entraide.organisation', %s, true)",
            [actor, str(organisation or "")],
        )
        yield connection


def n_rows(connection, table):
    return connection.execute(f"SELECT count(*) FROM requests_{table}").fetchone()[0]


OWN_TABLES = ["legalrequest", "draft", "instrument", "filing", "target"]
INTERNAL = ["lookup", "accountmatch", "assignment", "decisiondraft", "decisionproposal", "approval"]


def test_v11_the_desks_roles_have_no_row_of_what_has_not_reached_the_desk(story):
    story.to(S.AWAITING_COUNTERSIGNATURE, **DEEP)
    for role in ("web", "worker"):
        with as_role(story, role) as connection:
            tables = [table for table in OWN_TABLES if table != "draft"]
            assert [n_rows(connection, table) for table in tables] == [0, 0, 0, 0]
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                n_rows(connection, "draft")
    story.countersign()
    with as_role(story, "web") as connection:
        assert n_rows(connection, "filing") == 1


def test_v11_the_agencys_role_sees_its_own_rows_and_nothing_of_the_desks(story):
    story.to(S.APPROVED)
    with as_role(story, "agency", organisation=story.cast.agency_id) as connection:
        assert n_rows(connection, "filing") == 1
    for table in INTERNAL:
        with (
            as_role(story, "agency", organisation=story.cast.agency_id) as connection,
            pytest.raises(psycopg.errors.InsufficientPrivilege),
        ):
            n_rows(connection, table)
    for organisation in (story.cast.other_agency_id, None):
        with as_role(story, "agency", organisation=organisation) as connection:
            assert [n_rows(connection, table) for table in OWN_TABLES] == [0, 0, 0, 0, 0]


def test_the_agencys_role_cannot_write_the_desks_word(story):
    story.to(S.TRIAGE)
    with as_role(story, "agency", organisation=story.cast.agency_id) as connection:
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("UPDATE requests_legalrequest SET state = 'approved'")
        connection.rollback()
    with (
        as_role(story, "agency", organisation=story.cast.agency_id) as connection,
        pytest.raises(psycopg.errors.InsufficientPrivilege),
    ):
        connection.execute("UPDATE requests_legalrequest SET assigned_to_id = NULL")


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE requests_legalrequest SET state = 'approved'",
        "INSERT INTO requests_clockstop (id, request_id, organisation_id, reason, started_at) "
        "SELECT gen_random_uuid(), id, organisation_id, 'x', now() FROM requests_legalrequest",
    ],
)
def test_v18_a_change_without_an_entry_in_the_log_is_not_committed(story, statement):
    story.to(S.TRIAGE)
    with psycopg.connect(story.desk.url("entraide_web")) as connection:
        connection.execute("SELECT set_config('entraide.actor', 'somebody', true)")
        connection.execute(statement)
        with pytest.raises(psycopg.errors.IntegrityConstraintViolation, match="no entry in the log"):
            connection.commit()
    assert story.state is S.TRIAGE


# ------------------------------------------------------------------------ forged approvals

APPROVAL = (
    "INSERT INTO requests_approval (id, request_id, organisation_id, proposal_id, proposer_id, decision_hash, "
    "approver_id, step_up_id, signed_act_id, act_hash, approved_at) "
    "SELECT gen_random_uuid(), request_id, organisation_id, id, {proposer}, {hash}, {approver}, gen_random_uuid(), "
    "signed_act_id, act_hash, now() FROM requests_decisionproposal"
)


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"approver": "proposer_id"}, psycopg.errors.CheckViolation),
        ({"proposer": "gen_random_uuid()"}, psycopg.errors.ForeignKeyViolation),
        ({"proposer": "gen_random_uuid()", "approver": "proposer_id"}, psycopg.errors.ForeignKeyViolation),
        ({"hash": "'\\x00'::bytea"}, psycopg.errors.ForeignKeyViolation),
    ],
)
def test_v12_a_forged_approval_row_is_refused_by_the_database_itself(story, changes, error):
    story.to(S.IN_DECISION)
    parts = {"proposer": "proposer_id", "hash": "decision_hash", "approver": "gen_random_uuid()", **changes}
    with as_role(story, "web") as connection, pytest.raises(error):
        connection.execute(APPROVAL.format(**parts))


def test_v12_forged_rows_that_pass_every_constraint_have_no_effect_without_assertions(story):
    """As a database superuser, even with the approver's name and the proposer's own signed act."""
    story.to(S.IN_DECISION)
    forged = APPROVAL.format(proposer="proposer_id", hash="decision_hash", approver=f"'{story.cast.MARC.id}'")
    story.desk.superuser_sql(
        f"SET session_replication_role = replica; {forged}; "
        "UPDATE requests_decisionproposal SET state = 'approved'; UPDATE requests_legalrequest SET state = 'approved'"
    )
    assert story.state is S.APPROVED
    with acting_in("worker"), reading_as(WORKER), pytest.raises(NotPermitted):
        api.verify_signatures(story.request_id(), verify=verify_signed_act)


def approved_by_four(story):
    """Return a request that was countersigned, and the decision on it approved."""
    story.to(S.AWAITING_COUNTERSIGNATURE, **DEEP)
    return story.countersign().accept().look_up().work_out(**DEEP).propose().approve()


def test_every_signature_that_a_disclosure_rests_on_is_checked_with_its_signer(story):
    approved_by_four(story)
    signers = []
    with acting_in("worker"), reading_as(WORKER):
        api.verify_signatures(story.request_id(), verify=lambda signed, *, act, by: signers.append(by))
    cast = story.cast
    assert signers == [cast.OTTO.id, cast.SABINE.id, cast.ANOUK.id, cast.MARC.id]


def put_back_two_people(desk):
    """Make the constraints of two people anew that a test took away."""
    for table, name, one, other in (
        ("approval", "requests_nobody_approves_his_own", "approver_id", "proposer_id"),
        ("countersignature", "requests_nobody_countersigns_his_own", "countersigner_id", "filer_id"),
    ):
        desk.superuser_sql(
            f"ALTER TABLE requests_{table} DROP CONSTRAINT IF EXISTS {name}; "
            f"ALTER TABLE requests_{table} ADD CONSTRAINT {name} CHECK ({one} <> {other}) NOT VALID"
        )


@pytest.mark.parametrize(
    "changed",
    [
        "ALTER TABLE requests_approval DROP CONSTRAINT requests_nobody_approves_his_own; "
        "UPDATE requests_approval SET approver_id = proposer_id",
        "ALTER TABLE requests_countersignature DROP CONSTRAINT requests_nobody_countersigns_his_own; "
        "UPDATE requests_countersignature SET countersigner_id = (SELECT filer_id FROM requests_filing)",
        "DELETE FROM requests_countersignature",
        "UPDATE requests_legalrequest SET reference = 'R-2026-99999'",
        "UPDATE requests_filing SET version = 2; UPDATE requests_legalrequest SET version = 2; "
        "UPDATE requests_decisionproposal SET request_version = 2",
        "UPDATE requests_filing SET document_hash = sha256('another')",
        "UPDATE requests_filing SET filer_id = gen_random_uuid()",
        "UPDATE requests_approval SET approved_at = approved_at + interval '900 days'",
        "UPDATE requests_approval SET approved_at = approved_at - interval '6 minutes'",
    ],
)
def test_v12_one_who_stands_for_two_or_a_decision_on_something_else_has_no_effect(story, changed):
    """Whatever the signatures say: here every one of them is believed."""
    request_id = approved_by_four(story).request_id()
    story.desk.superuser_sql(f"SET session_replication_role = replica; {changed}")
    try:
        doubt = pytest.raises(NotPermitted, match="missing or about something else")
        with acting_in("worker"), reading_as(WORKER), doubt:
            api.verify_signatures(request_id, verify=lambda signed, *, act, by: None)
    finally:  # the next test shares the database
        put_back_two_people(story.desk)


def test_a_filing_that_somebody_marked_as_submitted_without_its_countersignature_gets_no_further(story):
    story.to(S.AWAITING_COUNTERSIGNATURE, **DEEP)
    story.desk.superuser_sql(
        "SET session_replication_role = replica; UPDATE requests_filing SET submitted_at = now(); "
        "UPDATE requests_target SET submitted_at = now(); UPDATE requests_instrument SET submitted_at = now(); "
        "UPDATE requests_legalrequest SET state = 'submitted', version = 1, submitted_at = now()"
    )
    with pytest.raises(NotPermitted, match="signatures do not hold"):
        operations.accept(story.reference, actor=story.cast.ANOUK.actor, now=story.now)
    assert story.state is S.SUBMITTED


UNMARKED = "SET session_replication_role = replica; UPDATE requests_filing SET needs_countersignature = false; "


def test_a_filing_whose_row_says_that_no_supervisor_is_needed_gets_no_further(story):
    """Whoever broke into the agency's pages writes that row; the rule and what the officer signed for say otherwise."""
    story.to(S.AWAITING_COUNTERSIGNATURE, **DEEP)
    story.desk.superuser_sql(
        f"{UNMARKED} UPDATE requests_filing SET submitted_at = now(); "
        "UPDATE requests_target SET submitted_at = now(); UPDATE requests_instrument SET submitted_at = now(); "
        "UPDATE requests_legalrequest SET state = 'submitted', version = 1, submitted_at = now()"
    )
    with pytest.raises(NotPermitted, match="asks for its supervisor's signature") as refusal:
        operations.accept(story.reference, actor=story.cast.ANOUK.actor, now=story.now)
    assert "Return it for correction" in str(refusal.value)
    assert story.state is S.SUBMITTED


def test_a_supervisors_signature_that_went_missing_after_the_approval_discloses_nothing(story):
    request_id = approved_by_four(story).request_id()
    story.desk.superuser_sql(f"{UNMARKED} DELETE FROM requests_countersignature")

    with acting_in("worker"), reading_as(WORKER), pytest.raises(NotPermitted, match="asks for its supervisor's"):
        api.verify_signatures(request_id, verify=verify_signed_act)


def test_a_filing_under_the_rule_of_another_agency_is_none(story):
    """Its row says whose it is, and so whose rule holds; the officer signed for one agency."""
    story.to(S.SUBMITTED)
    with acting_in("worker"), reading_as(WORKER):
        filing = submitted_filing(LegalRequest.objects.get(pk=story.request_id()))
        assert filing.document  # opened as the row of its own agency
        filing.organisation_id = story.cast.other_agency_id
        with pytest.raises(NotPermitted, match="signatures do not hold"):
            verify_filing(filing)


def test_a_rule_that_became_stricter_is_met_by_filing_anew(story):
    story.to(S.SUBMITTED)
    story.desk.superuser_sql(
        "SET session_replication_role = replica; UPDATE agencies_agency SET countersigned_categories = '{S1,S2}'"
    )
    with pytest.raises(NotPermitted, match="asks for its supervisor's signature"):
        operations.accept(story.reference, actor=story.cast.ANOUK.actor, now=story.now)

    operations.return_for_correction(
        story.reference, reason="Countersign it.", actor=story.cast.ANOUK.actor, now=story.now
    )
    story.file()
    assert story.state is S.AWAITING_COUNTERSIGNATURE
    assert story.countersign().accept().state is S.TRIAGE


def test_an_agencys_role_takes_no_second_signature_away_whatever_else_it_writes(story):
    policy = "UPDATE agencies_agency SET countersigned_categories = "
    with (
        as_role(story, "agency", organisation=story.cast.agency_id) as connection,
        pytest.raises(psycopg.errors.InsufficientPrivilege, match="does not take a second signature away"),
    ):
        connection.execute(f"{policy} '{{S1}}'")
    with as_role(story, "agency", organisation=story.cast.agency_id) as connection:
        connection.execute(f"{policy} array_append(countersigned_categories, 'S1')")
        connection.rollback()


def test_the_filers_own_countersignature_is_refused_by_the_database_itself(story):
    story.to(S.AWAITING_COUNTERSIGNATURE, **DEEP)
    with (
        as_role(story, "agency", organisation=story.cast.agency_id) as connection,
        pytest.raises(psycopg.errors.CheckViolation),
    ):
        connection.execute(
            "INSERT INTO requests_countersignature (id, request_id, organisation_id, filing_id, filer_id, "
            "document_hash, countersigner_id, step_up_id, signed_act_id, act_hash, countersigned_at) "
            "SELECT gen_random_uuid(), request_id, organisation_id, id, filer_id, document_hash, filer_id, "
            "gen_random_uuid(), signed_act_id, act_hash, now() FROM requests_filing"
        )


# ------------------------------------------------------------------------ at once


def at_once(*calls):
    """Run the calls in threads of their own and return what each did."""
    results, start = [None] * len(calls), threading.Barrier(len(calls))

    def run(index, call):
        start.wait()
        try:
            results[index] = call()
        except Refusal as refusal:
            results[index] = refusal
        finally:
            close_connections()

    threads = [threading.Thread(target=run, args=(index, call)) for index, call in enumerate(calls)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    return results


@pytest.mark.parametrize(("connections", "each"), [(4, 1), pytest.param(20, 50, marks=pytest.mark.long)])
def test_f48_many_approvals_at_once_make_one(story, monkeypatch, connections, each):
    monkeypatch.setattr("entraide.access.operations.signing.STEP_UPS_MAX", 1_000)  # else that alone stops them
    story.to(S.IN_DECISION)
    act = story.approval_act()
    signatures = [[story.sign(story.cast.MARC, act) for _ in range(each)] for _ in range(connections)]

    def approve_each(signed_acts):
        results = []
        for signed in signed_acts:
            try:
                results.append(
                    operations.approve(story.reference, **signed, actor=story.cast.MARC.actor, now=story.now)
                )
            except Refusal as refusal:
                results.append(refusal)
        return results

    results = at_once(*(lambda signed_acts=signed_acts: approve_each(signed_acts) for signed_acts in signatures))
    names = [type(result).__name__ for of_one in results for result in of_one]
    assert sorted(names) == ["Done"] + ["NotPossible"] * (connections * each - 1)
    assert story.desk.superuser_sql("SELECT count(*) FROM requests_approval") == [(1,)]
    assert story.events().count("requests:decision:approved") == 1


def test_f47_a_double_click_at_the_same_moment_files_once(story):
    story.draft()
    signed = story.sign(story.cast.OTTO, story.filing_act())
    click = lambda: operations.file(story.reference, **signed, actor=story.cast.OTTO.actor, now=story.now)  # noqa: E731
    results = at_once(click, click, click)
    assert [result.state for result in results] == [S.SUBMITTED] * 3
    assert story.desk.superuser_sql("SELECT count(*) FROM requests_filing") == [(1,)]


def test_f49_withdrawing_and_approving_at_once_leave_one_of_two_whole_outcomes(story):
    story.to(S.IN_DECISION)
    signed = story.sign(story.cast.MARC, story.approval_act())
    at_once(
        lambda: operations.approve(story.reference, **signed, actor=story.cast.MARC.actor, now=story.now),
        lambda: story.withdraw(),
    )
    assert story.state is S.WITHDRAWN  # approved first or not, a withdrawal ends it
    story_events = story.events()
    assert story_events.count("requests:request:withdrawn") == 1


def test_a_withdrawn_requests_decision_is_set_aside_and_can_no_more_be_disclosed(story):
    story.to(S.APPROVED).withdraw()
    with acting_in("worker"):
        operations.overtake_proposal(story.request_id(), actor=WORKER, now=story.now)
        operations.overtake_proposal(story.request_id(), actor=WORKER, now=story.now)
        with reading_as(WORKER), pytest.raises(Refusal):
            api.approved_scope(story.request_id())
    assert story.events()[-1] == "requests:decision:overtaken"


# ------------------------------------------------------------------------ sealing


def test_v27_the_database_and_the_files_hold_ciphertext_only(story):
    canaries = ["canary-narrative", ADDRESS, ADDRESS.lower(), ACCOUNT, "canary-question", "canary-note"]
    story.draft(narrative="canary-narrative").file().accept().look_up()
    operations.ask_question(story.reference, text="canary-question", actor=story.cast.ANOUK.actor, now=story.now)
    operations.take_back_question(story.reference, reason="canary-note", actor=story.cast.ANOUK.actor, now=story.now)
    story.work_out().propose().approve()
    tables = [
        name
        for (name,) in story.desk.superuser_sql(
            "SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename !~ '^django'"
        )
    ]
    dump = "\n".join(
        str(row)
        for table in tables
        for row in story.desk.superuser_sql(f"SELECT encode({table}::text::bytea, 'escape') FROM {table}")
    )
    assert story.reference in dump
    found = [canary for canary in canaries if canary in dump or canary.encode().hex() in dump]
    assert found == []
    kept = b"".join(path.read_bytes() for path in (story.desk.home / "files").rglob("*") if path.is_file())
    assert kept and b"%PDF" not in kept


# ------------------------------------------------------------------------ V12 as a state machine


class FourEyes(RuleBasedStateMachine):
    """Whatever people do in whatever order, what is approved was signed by two over exactly the same document."""

    story: Story  # set by the test

    def __init__(self):
        super().__init__()
        self.one = Story(self.story.desk, self.story.cast, self.story.exchange)
        self.one.to(S.TRIAGE)
        self.signed = None

    def attempt(self, call):
        with suppress(Refusal):
            call()

    @rule(what=st.sampled_from(["produce", "refused"]))
    def work_out(self, what):
        changes = {} if what == "produce" else {"answer": what, "ground": "not_ordered"}
        self.attempt(lambda: self.one.work_out(**changes))

    @rule()
    def propose(self):
        self.attempt(self.one.propose)

    @rule(name=st.sampled_from(["MARC", "ANOUK", "AUDE"]))
    def sign(self, name):
        def sign():
            self.signed = self.one.sign(getattr(self.one.cast, name), self.one.approval_act())

        self.attempt(sign)

    @precondition(lambda self: self.signed is not None)
    @rule(name=st.sampled_from(["MARC", "ANOUK"]))
    def approve(self, name):
        actor = getattr(self.one.cast, name).actor
        self.attempt(lambda: operations.approve(self.one.reference, **self.signed, actor=actor, now=self.one.now))

    @rule(verb=st.sampled_from(["reject", "take_back_proposal", "reopen"]), name=st.sampled_from(["MARC", "ANOUK"]))
    def undo(self, verb, name):
        actor = getattr(self.one.cast, name).actor
        self.attempt(lambda: getattr(operations, verb)(self.one.reference, reason="x", actor=actor, now=self.one.now))

    @rule()
    def forge(self):
        """A broken web tier writes the second row itself."""
        forged = APPROVAL.format(proposer="proposer_id", hash="decision_hash", approver=f"'{uuid4()}'")
        with as_role(self.one, "web") as connection:
            try:
                connection.execute(f"{forged} WHERE state = 'open' AND request_id = %s", [self.one.request_id()])
                connection.commit()
            except psycopg.Error:
                connection.rollback()

    @invariant()
    def two_people_over_one_document_or_nothing(self):
        if not hasattr(self, "one") or self.one.state is not S.APPROVED:
            return
        with acting_in("worker"), reading_as(WORKER):
            scope = api.approved_scope(self.one.request_id())
            assert scope.proposer_id == self.one.cast.ANOUK.id
            assert scope.approver_id == self.one.cast.MARC.id
            api.verify_signatures(self.one.request_id(), verify=verify_signed_act)


@pytest.mark.parametrize(("n_examples", "n_steps"), [(4, 12), pytest.param(60, 40, marks=pytest.mark.long)])
def test_v12_four_eyes_hold_in_any_order_of_acts(desk, cast, n_examples, n_steps):
    FourEyes.story = Story(desk, cast, an_exchange(at=desk.now))
    run_state_machine_as_test(
        FourEyes,
        settings=settings(
            max_examples=n_examples,
            stateful_step_count=n_steps,
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
