"""Every way a request can change: who may, when, and what the log says of it."""

from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import pytest

from entraide.access.api import verify_signed_act
from entraide.audit import api as audit
from entraide.database import acting_in, reading_as
from entraide.kernel import faults
from entraide.kernel.actors import Role
from entraide.kernel.errors import Invalid, NotFound, NotPermitted, NotPossible, Refusal
from entraide.requests import api, operations, policies, queries
from entraide.requests.document import countersign_act, withdraw_act
from entraide.requests.models import LegalRequest
from entraide.requests.states import REQUEST, RequestState, RequestVerb
from tests.requests.material import ADDRESS, filled, target
from tests.requests.story import WAYS, WORKER, Story, a_pdf, in_operation

S, V = RequestState, RequestVerb
BOTH_ROLES = frozenset({Role.OFFICER, Role.SUPERVISOR, Role.ANALYST, Role.APPROVER})
NO_SIGNATURE = {"step_up_id": uuid4(), "assertion": "{}"}


@pytest.fixture(autouse=True)
def nothing_armed():
    yield
    faults.disarm()


def test_the_whole_story_leaves_one_entry_for_each_act(story):
    story.to(S.CLOSED)
    assert story.events() == [
        "requests:draft:started", "requests:instrument:attached", "requests:request:filed",
        "requests:request:accepted", "requests:lookup:answered", "requests:decision:proposed",
        "requests:decision:approved", "requests:production:started", "requests:request:delivered",
        "requests:request:closed",
    ]  # fmt: skip


# Each verb as its operation, called by somebody who may, with a signature that is none: what the table forbids must be
# refused before anybody asks for the signature.
CALLS = {
    V.DISCARD: lambda s: operations.discard_draft(s.reference, actor=s.cast.OTTO.actor, now=s.now),
    V.FILE: lambda s: operations.file(s.reference, **NO_SIGNATURE, actor=s.cast.OTTO.actor, now=s.now),
    V.COUNTERSIGN: lambda s: operations.countersign(s.reference, **NO_SIGNATURE, actor=s.cast.SABINE.actor, now=s.now),
    V.RETURN_TO_DRAFT: lambda s: operations.send_back(
        s.reference, reason="Name the court.", actor=s.cast.SABINE.actor, now=s.now
    ),
    V.ACCEPT: lambda s: operations.accept(s.reference, actor=s.cast.ANOUK.actor, now=s.now),
    V.HAND_OVER: lambda s: operations.hand_over(
        s.reference, to=s.cast.ANOUK.id, note="", actor=s.cast.MARC.actor, now=s.now
    ),
    V.LOOK_UP: lambda s: operations.look_up_again(s.reference, actor=s.cast.ANOUK.actor, now=s.now),
    V.RETURN_FOR_CORRECTION: lambda s: operations.return_for_correction(
        s.reference, reason="A page is missing.", actor=s.cast.ANOUK.actor, now=s.now
    ),
    V.ASK: lambda s: operations.ask_question(s.reference, text="Which account?", actor=s.cast.ANOUK.actor, now=s.now),
    V.ANSWER: lambda s: operations.answer_question(s.reference, text="The first.", actor=s.cast.OTTO.actor, now=s.now),
    V.TAKE_BACK_QUESTION: lambda s: operations.take_back_question(
        s.reference, reason="Found it.", actor=s.cast.ANOUK.actor, now=s.now
    ),
    V.PROPOSE: lambda s: operations.propose(s.reference, **NO_SIGNATURE, actor=s.cast.ANOUK.actor, now=s.now),
    V.TAKE_BACK_PROPOSAL: lambda s: operations.take_back_proposal(
        s.reference, reason="A slip.", actor=s.cast.ANOUK.actor, now=s.now
    ),
    V.REJECT: lambda s: operations.reject(s.reference, reason="Too broad.", actor=s.cast.MARC.actor, now=s.now),
    V.APPROVE: lambda s: operations.approve(s.reference, **NO_SIGNATURE, actor=s.cast.MARC.actor, now=s.now),
    V.REOPEN: lambda s: operations.reopen(s.reference, reason="Wrong account.", actor=s.cast.MARC.actor, now=s.now),
    V.START_PRODUCTION: lambda s: in_operation(operations.mark_in_production, s),
    V.STOP_PRODUCTION: lambda s: in_operation(operations.mark_production_stopped, s),
    V.DELIVER: lambda s: in_operation(operations.mark_delivered, s),
    V.CLOSE: lambda s: in_operation(operations.mark_closed, s),
    V.WITHDRAW: lambda s: operations.withdraw(
        s.reference, reason="Closed.", **NO_SIGNATURE, actor=s.cast.OTTO.actor, now=s.now
    ),
}
ONE_OPERATION = {V.FILE_FOR_COUNTERSIGNATURE: V.FILE, V.RETURN_TO_CORRECTION: V.RETURN_TO_DRAFT}
DEEP = {"categories": ["S1", "T2"]}


def test_every_verb_of_the_table_has_an_operation():
    assert set(CALLS) | set(ONE_OPERATION) == set(RequestVerb)


@pytest.mark.parametrize("state", list(RequestState))
def test_v13_from_each_state_every_operation_the_table_does_not_have_is_refused_and_changes_nothing(story, state):
    story.to(state, **(DEEP if state is S.AWAITING_COUNTERSIGNATURE else {}))
    before = story.events()
    possible = {ONE_OPERATION.get(verb, verb) for verb in REQUEST.verbs_from(state)}
    assert possible != set(CALLS)
    for verb, call in CALLS.items():
        if verb in possible:
            continue
        with pytest.raises((NotPossible, NotPermitted, NotFound)):
            call(story)
        assert (story.state, story.events()) == (state, before), verb


UNSIGNED = [verb for verb in CALLS if verb not in (V.FILE, V.COUNTERSIGN, V.PROPOSE, V.APPROVE, V.WITHDRAW)]


@pytest.mark.parametrize("verb", UNSIGNED)
def test_v13_each_unsigned_step_of_the_table_is_taken_and_entered(story, verb):
    step = next(step for step in REQUEST.steps if step.verb is verb)
    story.to(step.source, **(DEEP if step.source is S.AWAITING_COUNTERSIGNATURE else {}))
    n_before = len(story.events())
    if verb is V.HAND_OVER:
        with pytest.raises(NotPossible, match="theirs already"):
            CALLS[verb](story)
        return
    CALLS[verb](story)
    assert story.state is step.target
    assert len(story.events()) == n_before + 1


# ------------------------------------------------------------------------ wrong person


@pytest.mark.parametrize("verb", list(RequestVerb))
def test_who_may_do_what_equals_the_written_table(story, verb):
    story.to(S.TRIAGE)
    may = {
        V.DISCARD: "OTTO", V.FILE: "OTTO", V.FILE_FOR_COUNTERSIGNATURE: "OTTO", V.COUNTERSIGN: "SABINE",
        V.RETURN_TO_DRAFT: "SABINE", V.RETURN_TO_CORRECTION: "SABINE", V.ACCEPT: "ANOUK", V.HAND_OVER: "ANOUK MARC",
        V.LOOK_UP: "ANOUK", V.RETURN_FOR_CORRECTION: "ANOUK", V.ASK: "ANOUK", V.ANSWER: "OTTO SABINE",
        V.TAKE_BACK_QUESTION: "ANOUK", V.PROPOSE: "ANOUK", V.TAKE_BACK_PROPOSAL: "ANOUK", V.REJECT: "MARC",
        V.APPROVE: "MARC", V.REOPEN: "ANOUK MARC", V.START_PRODUCTION: "ANOUK MARC", V.STOP_PRODUCTION: "ANOUK MARC",
        V.DELIVER: "ANOUK MARC", V.CLOSE: "ANOUK MARC", V.WITHDRAW: "OTTO SABINE",
    }[verb].split()  # fmt: skip
    with reading_as(story.cast.ANOUK.actor):
        request = LegalRequest.objects.get(reference=story.reference)
    everybody = ["OTTO", "SABINE", "ADA", "IVO", "ANOUK", "MARC", "AUDE", "DORA"]
    allowed = [
        name
        for name in everybody
        if policies.why_not(verb, getattr(story.cast, name).actor, request, proposer=story.cast.ANOUK.id) is None
    ]
    assert allowed == may


@pytest.mark.parametrize(
    ("state", "may_see"),
    [
        (S.DRAFT, "OTTO"),
        (S.AWAITING_COUNTERSIGNATURE, "OTTO SABINE"),
        (S.TRIAGE, "OTTO SABINE ANOUK MARC AUDE"),
    ],
)
def test_v08_the_query_set_narrows_by_itself_what_the_database_lets_through(story, state, may_see):
    story.to(state, **(DEEP if state is S.AWAITING_COUNTERSIGNATURE else {}))
    with reading_as(story.cast.OTTO.actor):  # the door of the one who sees it in every state
        assert LegalRequest.objects.exists()
        seen = [
            name
            for name in ("OTTO", "SABINE", "ADA", "IVO", "ANOUK", "MARC", "AUDE", "DORA")
            if LegalRequest.objects.visible_to(
                replace(getattr(story.cast, name).actor, roles=BOTH_ROLES)
                if name == "IVO"  # of another agency, whatever he is there
                else getattr(story.cast, name).actor
            ).exists()
        ]
    assert seen == may_see.split()


@pytest.mark.parametrize("verb", [V.APPROVE, V.REJECT, V.COUNTERSIGN, V.RETURN_TO_DRAFT])
def test_v12_whoever_holds_both_roles_still_is_no_second_person(story, verb):
    one, state = (
        (story.cast.ANOUK, S.IN_DECISION)
        if verb in (V.APPROVE, V.REJECT)
        else (story.cast.OTTO, S.AWAITING_COUNTERSIGNATURE)
    )
    story.to(state, **(DEEP if state is S.AWAITING_COUNTERSIGNATURE else {}))
    with pytest.raises(NotPermitted, match="of their own"):
        _as(replace(one.actor, roles=BOTH_ROLES), verb, story.reference, story)
    assert story.state is state


@pytest.mark.parametrize("verb", [V.APPROVE, V.COUNTERSIGN])
def test_v12_the_table_counts_other_persons_whatever_the_policy_lets_through(story, monkeypatch, verb):
    one, state = (
        (story.cast.ANOUK, S.IN_DECISION) if verb is V.APPROVE else (story.cast.OTTO, S.AWAITING_COUNTERSIGNATURE)
    )
    story.to(state, **(DEEP if verb is V.COUNTERSIGN else {}))
    monkeypatch.setattr(policies, "check", lambda *who, **what: None)
    with pytest.raises(NotPossible, match="must approve"):
        _as(replace(one.actor, roles=BOTH_ROLES), verb, story.reference, story)
    assert story.state is state


@pytest.mark.parametrize("verb", list(CALLS))
def test_v08_another_agencys_request_looks_exactly_like_one_that_does_not_exist(story, verb):
    story.to(S.TRIAGE)
    ivo = story.cast.IVO.actor

    def refusal_of(reference):
        with pytest.raises(Refusal) as refused:
            _as(ivo, verb, reference, story)
        return type(refused.value), str(refused.value)

    assert refusal_of(story.reference) == refusal_of("R-26-000000")


def _as(actor, verb, reference, story):
    """Call the operation of `verb` as `actor`."""
    signed = {**NO_SIGNATURE, "actor": actor, "now": story.now}
    plain = {"actor": actor, "now": story.now}
    match verb:
        case V.FILE | V.COUNTERSIGN | V.PROPOSE | V.APPROVE:
            return getattr(operations, verb.value)(reference, **signed)
        case V.WITHDRAW:
            return operations.withdraw(reference, reason="x", **signed)
        case V.DISCARD:
            return operations.discard_draft(reference, **plain)
        case V.RETURN_TO_DRAFT:
            return operations.send_back(reference, reason="x", **plain)
        case V.HAND_OVER:
            return operations.hand_over(reference, to=story.cast.ANOUK.id, note="", **plain)
        case V.LOOK_UP:
            return operations.look_up_again(reference, **plain)
        case V.ASK:
            return operations.ask_question(reference, text="x", **plain)
        case V.ANSWER:
            return operations.answer_question(reference, text="x", **plain)
        case V.RETURN_FOR_CORRECTION | V.TAKE_BACK_QUESTION | V.TAKE_BACK_PROPOSAL | V.REJECT | V.REOPEN:
            return getattr(operations, verb.value)(reference, reason="x", **plain)
        case V.ACCEPT:
            return operations.accept(reference, **plain)
        case _:  # the desk's own steps, by identifier; an officer reads instead
            return queries.read_request(reference, actor=actor, now=story.now)


def test_a_colleague_who_is_no_supervisor_sees_nothing_and_a_supervisor_no_drafts(story):
    story.draft()
    with reading_as(story.cast.SABINE.actor):
        assert api.requests_for(story.cast.SABINE.actor).rows == ()
    with reading_as(story.cast.ADA.actor):
        assert api.requests_for(story.cast.ADA.actor).rows == ()
    story.file()
    with reading_as(story.cast.SABINE.actor):
        assert [row.reference for row in api.requests_for(story.cast.SABINE.actor).rows] == [story.reference]
    with reading_as(story.cast.DORA.actor):
        assert api.requests_for(story.cast.DORA.actor).rows == ()


# ------------------------------------------------------------------------ step-up, V03


def test_a_step_up_for_one_document_does_not_serve_another(story):
    story.draft()
    signed = story.sign(story.cast.OTTO, story.filing_act())
    operations.save_draft(story.reference, {"narrative": "Something else."}, actor=story.cast.OTTO.actor, now=story.now)
    with pytest.raises(NotPermitted):
        operations.file(story.reference, **signed, actor=story.cast.OTTO.actor, now=story.now)
    assert story.state is S.DRAFT


def test_an_officers_signature_is_no_countersignature(story):
    story.to(S.AWAITING_COUNTERSIGNATURE, **DEEP)
    with reading_as(story.cast.SABINE.actor):
        document, _act = operations.prepare_countersigning(story.reference, actor=story.cast.SABINE.actor)
    by_officer = story.sign(story.cast.OTTO, countersign_act(document))
    for actor in (story.cast.OTTO.actor, story.cast.SABINE.actor):
        with pytest.raises(NotPermitted):
            operations.countersign(story.reference, **by_officer, actor=actor, now=story.now)
    assert story.state is S.AWAITING_COUNTERSIGNATURE


def test_a_proposers_signature_is_no_approval_and_a_withdrawal_names_its_reason(story):
    story.to(S.IN_DECISION)
    by_proposer = story.sign(story.cast.ANOUK, story.approval_act())
    with pytest.raises(NotPermitted):
        operations.approve(story.reference, **by_proposer, actor=story.cast.MARC.actor, now=story.now)
    signed = story.sign(story.cast.OTTO, withdraw_act(story.reference, version=1, reason="One."))
    with pytest.raises(NotPermitted):
        operations.withdraw(story.reference, reason="Another.", **signed, actor=story.cast.OTTO.actor, now=story.now)
    assert story.state is S.IN_DECISION


# ------------------------------------------------------------------------ doubles and races, F47–F49


def test_f47_a_double_click_files_one_request(story):
    story.draft()
    signed = story.sign(story.cast.OTTO, story.filing_act())
    first = operations.file(story.reference, **signed, actor=story.cast.OTTO.actor, now=story.now)
    second = operations.file(story.reference, **signed, actor=story.cast.OTTO.actor, now=story.now)
    assert (second.request_id, second.state) == (first.request_id, first.state)
    assert (first.entry_id is not None, second.entry_id) == (True, None)
    assert story.events().count("requests:request:filed") == 1


def test_f49_an_edit_during_approval_leaves_the_approval_without_effect(story):
    story.to(S.IN_DECISION)
    signed = story.sign(story.cast.MARC, story.approval_act())
    operations.take_back_proposal(story.reference, reason="A slip.", actor=story.cast.ANOUK.actor, now=story.now)
    with pytest.raises(NotPossible):
        operations.approve(story.reference, **signed, actor=story.cast.MARC.actor, now=story.now)
    withheld = {"ground": "not_ordered", "answer": "refused", "accounts": [], "categories": []}
    story.work_out(**withheld).propose()
    with pytest.raises(NotPermitted):  # what he signed is not what is proposed now
        operations.approve(story.reference, **signed, actor=story.cast.MARC.actor, now=story.now)
    assert story.state is S.IN_DECISION


def test_v12_a_proposal_dies_when_what_it_rests_on_changed(story):
    story.to(S.IN_DECISION)
    signed = story.sign(story.cast.MARC, story.approval_act())
    story.desk.superuser_sql("SET session_replication_role = replica; DELETE FROM requests_accountmatch")
    with pytest.raises(NotPossible, match="changed since it was proposed"):
        operations.approve(story.reference, **signed, actor=story.cast.MARC.actor, now=story.now)


@pytest.mark.parametrize(
    ("point", "state"),
    [("requests.after_filing", S.DRAFT), ("requests.after_proposal", S.TRIAGE), ("audit.entry_ready", S.DRAFT)],
)
def test_a_failure_in_the_middle_leaves_nothing_and_the_story_goes_on(story, point, state):
    story.to(state)
    if state is S.TRIAGE:
        story.work_out()
    before = story.events()
    faults.arm(point, "raise")
    with pytest.raises(faults.FaultInjected):
        story.file() if state is S.DRAFT else story.propose()
    faults.disarm()
    assert (story.state, story.events()) == (state, before)
    story.file() if state is S.DRAFT else story.propose()
    assert story.state in (S.SUBMITTED, S.IN_DECISION)


# ------------------------------------------------------------------------ countersigning, drafts


def test_what_awaits_countersignature_is_not_the_desks_to_see(story):
    story.to(S.AWAITING_COUNTERSIGNATURE, **DEEP)
    for player in (story.cast.ANOUK, story.cast.MARC, story.cast.AUDE):
        with pytest.raises(NotFound):
            queries.read_request(story.reference, actor=player.actor, now=story.now)
    with reading_as(story.cast.SABINE.actor):
        assert [one.verb for one in api.waiting_for(story.cast.SABINE.actor)] == [V.COUNTERSIGN]
    story.countersign()
    assert story.state is S.SUBMITTED
    with reading_as(story.cast.ANOUK.actor):
        assert [one.verb for one in api.waiting_for(story.cast.ANOUK.actor)] == [V.ACCEPT]


def test_a_request_sent_back_is_a_draft_again_with_a_reason_the_desk_never_reads(story):
    story.to(S.AWAITING_COUNTERSIGNATURE, **DEEP)
    operations.send_back(story.reference, reason="Name the court.", actor=story.cast.SABINE.actor, now=story.now)
    view = queries.read_request(story.reference, actor=story.cast.OTTO.actor, now=story.now)
    assert [(one.kind, one.text, one.author) for one in view.messages] == [
        ("sent_back", "Name the court.", "Sabine Keller")
    ]
    story.file().countersign()
    assert queries.read_request(story.reference, actor=story.cast.ANOUK.actor, now=story.now).messages == ()


def test_a_corrected_request_is_a_second_version_and_the_clock_goes_on_where_it_stood(story):
    story.to(S.SUBMITTED)
    first = queries.read_request(story.reference, actor=story.cast.ANOUK.actor, now=story.now)
    operations.return_for_correction(
        story.reference, reason="A page is missing.", actor=story.cast.ANOUK.actor, now=story.now
    )
    stopped = queries.read_request(story.reference, actor=story.cast.OTTO.actor, now=story.now)
    assert (stopped.row.due_at, stopped.clock.stopped_at) == (None, story.now)
    later = story.now + timedelta(days=3)
    operations.save_draft(story.reference, {"narrative": "Now with the page."}, actor=story.cast.OTTO.actor, now=later)
    operations.attach_instrument(story.reference, a_pdf("2"), "2.pdf", actor=story.cast.OTTO.actor, now=later)
    with reading_as(story.cast.ANOUK.actor):  # the desk works on what was signed, not on what is being typed
        view = queries.request_view(story.reference, actor=story.cast.ANOUK.actor, now=later)
        assert (view.filing.version, view.instrument.name) == (1, "order.pdf")
    object.__setattr__(story.desk, "now", later)
    story.file()
    view = queries.read_request(story.reference, actor=story.cast.ANOUK.actor, now=later)
    assert (view.row.version, view.filing.document["narrative"]) == (2, "Now with the page.")
    assert view.row.due_at == first.row.due_at + timedelta(days=3)


def test_a_question_stops_the_clock_until_it_is_answered(story):
    story.to(S.QUESTION_ASKED)
    due = story.now + timedelta(days=10)
    with reading_as(story.cast.OTTO.actor):
        [waiting] = api.waiting_for(story.cast.OTTO.actor)
    assert (waiting.verb, waiting.request.due_at, waiting.request.is_overdue(due + timedelta(days=99))) == (
        V.ANSWER, None, False,
    )  # fmt: skip
    operations.answer_question(
        story.reference, text="The first one.", actor=story.cast.OTTO.actor, now=story.now + timedelta(hours=5)
    )
    view = queries.read_request(story.reference, actor=story.cast.OTTO.actor, now=story.now)
    assert [(one.kind, one.side, one.author) for one in view.messages] == [
        ("question", "desk", ""), ("answer", "agency", "Otto Brandt"),
    ]  # fmt: skip
    assert view.row.due_at is not None and story.state is S.TRIAGE


def test_saving_a_draft_twice_changes_nothing_and_grows_no_log(story):
    story.draft()
    before = story.events()
    again = operations.save_draft(story.reference, filled(), actor=story.cast.OTTO.actor, now=story.now)
    more = operations.save_draft(story.reference, {"narrative": "More."}, actor=story.cast.OTTO.actor, now=story.now)
    assert (more.version, story.events()) == (again.version + 1, before)


def test_v10_a_draft_cannot_carry_what_is_not_asked(story):
    story.draft()
    operations.save_draft(
        story.reference, {"state": "approved", "officer_id": str(uuid4())}, actor=story.cast.OTTO.actor, now=story.now
    )
    with reading_as(story.cast.OTTO.actor):
        content, _instrument = queries.draft_of(story.reference, actor=story.cast.OTTO.actor)
    assert content.keys() == filled().keys()


def test_an_unfinished_draft_is_refused_field_by_field(story):
    done = operations.start_draft(actor=story.cast.OTTO.actor, now=story.now)
    with reading_as(story.cast.OTTO.actor), pytest.raises(Invalid) as refused:
        operations.prepare_filing(done.reference, actor=story.cast.OTTO.actor, now=story.now)
    assert {"targets", "instrument", "narrative"} <= set(refused.value.fields)


# ------------------------------------------------------------------------ look-ups


def lookups(story):
    view = queries.read_request(story.reference, actor=story.cast.ANOUK.actor, now=story.now)
    return [(one.lookup.value, one.lookup_code, [match.account_id for match in one.matches]) for one in view.targets]


def test_while_the_exchange_is_down_the_request_says_so_and_resumes(story):
    story.draft().file().accept()
    story.exchange.faults.down = 1
    with pytest.raises(Refusal):
        story.look_up()
    assert [state for state, _code, _accounts in lookups(story)] == ["failed"]
    story.look_up()
    assert lookups(story) == [("found", "", ["A-1000"])]
    assert [kind for kind in story.events() if kind.startswith("requests:lookup")] == [
        "requests:lookup:failed",
        "requests:lookup:answered",
    ]


def test_a_worker_that_dies_after_the_answer_asks_again_and_nothing_is_doubled(story):
    story.draft().file().accept()
    faults.arm("requests.after_lookup", "raise")
    with pytest.raises(faults.FaultInjected):
        story.look_up()
    faults.disarm()
    story.look_up().look_up()
    assert lookups(story) == [("found", "", ["A-1000"])]
    assert story.events().count("requests:lookup:answered") == 1


def test_an_answer_that_comes_when_the_request_has_moved_on_is_dropped(story):
    story.draft().file().accept()
    nothing = {"answer": "refused", "ground": "not_ordered", "accounts": [], "categories": []}
    story.work_out(**nothing).propose().look_up()
    assert lookups(story) == [("waiting", "", [])]


def test_each_look_up_carries_its_purpose(story):
    story.to(S.TRIAGE)
    assert [(one.purpose.reference, one.purpose.act) for one in story.exchange.log] == [
        (story.reference, "requests:triage:looked_up")
    ]


def test_an_identifier_that_does_not_hold_is_never_asked(story):
    story.draft(targets=[target(value=ADDRESS[:-1] + "D", as_written=True)]).file().accept().look_up()
    assert lookups(story) == [("not_searchable", "unusable", [])]
    assert story.exchange.log == []


def test_the_worker_does_look_ups_by_itself(story):
    story.draft().file().accept()
    story.desk.work()
    assert lookups(story) == [("found", "", ["A-1000"])]


# ------------------------------------------------------------------------ reading and search


def test_v24_reading_is_in_the_log_and_where_it_cannot_be_nothing_is_shown(story):
    story.to(S.SUBMITTED)
    queries.read_request(story.reference, actor=story.cast.ANOUK.actor, now=story.now, purpose="triage")
    assert story.events()[-1] == "audit:data:read"
    faults.arm("audit.entry_ready", "raise")
    with pytest.raises(faults.FaultInjected):
        queries.read_request(story.reference, actor=story.cast.MARC.actor, now=story.now)


def test_an_analyst_does_not_read_what_is_assigned_to_another(story):
    story.to(S.TRIAGE)
    other = replace(story.cast.ANOUK.actor, person_id=story.cast.AUDE.id)
    with pytest.raises(NotPermitted, match="assigned to another"):
        queries.read_request(story.reference, actor=other, now=story.now)


@pytest.mark.parametrize("text", ["pv 2026", "PV 2026/117", "fraud", "FRAÚD penal", "117"])
def test_requests_are_found_by_reference_and_offence_whatever_the_accents(story, text):
    story.to(S.SUBMITTED)
    actor = story.cast.ANOUK.actor
    with reading_as(actor):
        assert [row.reference for row in api.requests_for(actor, api.RequestQuestion(text=text)).rows] == [
            story.reference
        ]
        assert api.requests_for(actor, api.RequestQuestion(text="murder")).rows == ()
        assert api.requests_for(actor, api.RequestQuestion(text="' ); --")).rows == ()


def test_the_desk_sees_that_another_request_asks_about_the_same(story):
    story.to(S.TRIAGE)
    other = Story(story.desk, story.cast, story.exchange).draft(agency_reference="Other").file().accept().look_up()
    view = queries.read_request(other.reference, actor=story.cast.ANOUK.actor, now=story.now)
    assert [(one.reference, one.n, one.same) for one in view.overlaps] == [
        (story.reference, 1, "account"), (story.reference, 1, "identifier"),
    ]  # fmt: skip
    assert "instrument_seen" in {finding.code for finding in view.findings}
    assert queries.read_request(other.reference, actor=story.cast.OTTO.actor, now=story.now).overlaps == ()


def test_a_page_gets_each_verb_with_the_policys_own_reason(story):
    story.to(S.IN_DECISION)
    view = queries.read_request(story.reference, actor=story.cast.ANOUK.actor, now=story.now)
    assert {one.verb: str(one.why_not) for one in view.verbs if one.why_not} == {
        V.APPROVE: "only an approver of the desk may do this",
        V.REJECT: "only an approver of the desk may do this",
        V.WITHDRAW: "only the officer whose request it is may do this",
    }


# ------------------------------------------------------------------------ the door


def test_what_was_approved_can_be_verified_over_exactly_what_was_signed(story):
    story.to(S.APPROVED)
    checked = []

    def verify(signed_act_id, *, act, by):
        verify_signed_act(signed_act_id, act=act, by=by)
        checked.append(by)

    with acting_in("worker"), reading_as(WORKER):
        api.verify_signatures(story.request_id(), verify=verify)
        scope = api.approved_scope(story.request_id())
        case = api.case_of(story.request_id())
    assert checked == [story.cast.OTTO.id, story.cast.ANOUK.id, story.cast.MARC.id]
    assert (scope.scope.accounts(), case.reference, case.language) == (("A-1000",), story.reference, "en")


def test_every_target_is_answered_in_words_in_each_language(story):
    story.to(S.APPROVED)
    with acting_in("worker"):
        for language in ("en", "fr", "es", "ar"):
            [answer] = api.answers_in_words(story.request_id(), language=language)
            assert answer.value == ADDRESS and len(answer.words) > 20


def test_erasing_leaves_the_log_and_takes_everything_else(story):
    story.to(S.CLOSED)
    operations.erase(story.reference, actor=story.cast.AUDE.actor, now=story.now)
    operations.erase(story.reference, actor=story.cast.AUDE.actor, now=story.now)
    view = queries.read_request(story.reference, actor=story.cast.AUDE.actor, now=story.now)
    assert (view.filing, view.targets, view.row.offence) == (None, (), "")
    assert not list((story.desk.home / "files").rglob("????????-*"))
    with reading_as(story.cast.AUDE.actor):
        entries = audit.entries_of(view.stream_id)
    assert [entry.n for entry in entries] == list(range(1, len(entries) + 1))
    assert entries[2].is_erased and entries[2].kind == "requests:request:filed"


def test_a_draft_is_not_the_supervisors_to_erase_nor_an_open_request_anybodys(story):
    story.to(S.TRIAGE)
    for player, error in ((story.cast.AUDE, NotPossible), (story.cast.ANOUK, NotPermitted)):
        with pytest.raises(error):
            operations.erase(story.reference, actor=player.actor, now=story.now)


def test_every_way_is_walked():
    assert set(WAYS) == set(RequestState)
