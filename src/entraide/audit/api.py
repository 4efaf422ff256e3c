"""The door of the log for other rooms."""

from entraide.audit.events import register_events, registered_events, sentence_of
from entraide.audit.instance import (
    InstanceView,
    check_instance,
    create_instance,
    find_instance,
    instance,
    note_demo_loaded,
)
from entraide.audit.keys import Proof, last_checkpoint, proof_of, publish_keys, published_keys, receipt, signer
from entraide.audit.models import StreamKind
from entraide.audit.queries import (
    EntryView,
    Erased,
    StreamView,
    actor_of,
    entries_by_ids,
    entries_of,
    entry,
    payload_of,
    salted_payload_of,
    stream,
    stream_of_case,
    stream_of_organisation,
)
from entraide.audit.recording import Entry, instance_stream, open_stream, record, record_reading

__all__ = [
    "Entry",
    "EntryView",
    "Erased",
    "InstanceView",
    "Proof",
    "StreamKind",
    "StreamView",
    "actor_of",
    "check_instance",
    "create_instance",
    "entries_by_ids",
    "entries_of",
    "entry",
    "find_instance",
    "instance",
    "instance_stream",
    "last_checkpoint",
    "note_demo_loaded",
    "open_stream",
    "payload_of",
    "proof_of",
    "publish_keys",
    "published_keys",
    "receipt",
    "record",
    "record_reading",
    "register_events",
    "registered_events",
    "salted_payload_of",
    "sentence_of",
    "signer",
    "stream",
    "stream_of_case",
    "stream_of_organisation",
]
