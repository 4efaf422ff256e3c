"""Entries in the transaction of the act."""

from tests.plugins.desk import Desk

from entraide.audit import api as audit
from entraide.database import reading_as
from entraide.evidence.leaves import check_stream
from entraide.kernel.actors import Actor

SETUP = Actor.system("setup")


def test_the_first_entry_of_the_log_says_what_kind_of_desk_this_is(desk: Desk) -> None:
    with reading_as(SETUP):
        entries = audit.entries_of(audit.instance_stream())

    assert [(entry.n, entry.kind) for entry in entries] == [(1, "audit:instance:created")]
    assert entries[0].payload == {"kind": "demo", "log": "demo.invalid/log", "origin": "http://localhost:8000"}
    assert entries[0].actor is not None
    assert entries[0].actor["key"] == "system:setup"
    assert check_stream([entry.leaf for entry in entries]).holds
