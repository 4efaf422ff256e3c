"""Every pair of a state and a verb is either in the table or refused with what is allowed instead."""

import itertools

import pytest

from entraide.kernel.errors import NotPossible
from entraide.kernel.workflow import Workflow
from entraide.requests import states
from entraide.requests.states import LOOKUP, PROPOSAL, REQUEST, RequestState, RequestVerb

S, V = RequestState, RequestVerb
TWO = ("somebody",)


def pairs(workflow: Workflow, verbs):
    return itertools.product(workflow.states(), verbs)


VERBS = {REQUEST: RequestVerb, LOOKUP: states.LookupVerb, PROPOSAL: states.ProposalVerb}


@pytest.mark.parametrize("workflow", states.WORKFLOWS, ids=lambda workflow: workflow.name)
def test_v13_only_written_transitions_pair_by_pair(workflow):
    table = {(step.source, step.verb): step for step in workflow.steps}
    n_refused = 0
    for state, verb in pairs(workflow, VERBS[workflow]):
        if (state, verb) in table:
            assert workflow.step(state, verb, approvers=TWO).target is table[state, verb].target
        else:
            n_refused += 1
            with pytest.raises(NotPossible, match="Allowed here:"):
                workflow.step(state, verb, approvers=TWO)
    assert n_refused == len(workflow.states()) * len(VERBS[workflow]) - len(table)


@pytest.mark.parametrize("verb", [V.APPROVE, V.COUNTERSIGN])
def test_what_needs_a_second_person_is_refused_without_one(verb):
    state = next(step.source for step in REQUEST.steps if step.verb is verb)
    with pytest.raises(NotPossible, match="must approve"):
        REQUEST.step(state, verb)


def test_every_state_is_in_a_table_has_a_label_and_a_tone():
    assert set(REQUEST.states()) == set(RequestState) == set(states.STATE_LABELS) == set(states.STATE_TONES)
    assert set(LOOKUP.states()) == set(states.LookupState) == set(states.LOOKUP_LABELS) == set(states.LOOKUP_TONES)
    assert set(PROPOSAL.states()) == set(states.ProposalState)


def test_every_verb_is_in_a_table():
    for workflow, verbs in VERBS.items():
        assert {step.verb for step in workflow.steps} == set(verbs)


def test_every_state_is_reached_and_only_the_ended_ones_lead_nowhere():
    reached, rest = {REQUEST.start}, True
    while rest:
        rest = {step.target for step in REQUEST.steps if step.source in reached} - reached
        reached |= rest
    assert reached == set(RequestState)
    assert {state for state in S if not list(REQUEST.verbs_from(state))} == states.ENDED


def test_the_drawing_names_every_step_once():
    lines = REQUEST.drawing().splitlines()
    assert len([line for line in lines if "[*]" not in line]) == len(REQUEST.steps) + 1
    assert "    in_decision --> approved: approve (+1)" in lines
    assert "    awaiting_countersignature --> submitted: countersign (+1)" in lines


def test_no_state_the_agency_may_write_is_the_desks_word():
    by_desk = {V.APPROVE, V.PROPOSE, V.START_PRODUCTION, V.DELIVER, V.CLOSE, V.ASK}
    assert {step.target for step in REQUEST.steps if step.verb in by_desk}.isdisjoint(states.WRITTEN_BY_AGENCY)
