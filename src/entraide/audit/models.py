"""The tables of the log.  All of them only grow; what a stream's head is moves, and nothing else ever does."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from entraide.kernel.ids import uuid7


class StreamKind(models.TextChoices):
    """What a stream is about."""

    INSTANCE = "instance"
    ORGANISATION = "organisation"
    CASE = "case"


class Stream(models.Model):
    """One chain of entries, counted from 1 without a gap.

    Outside this table a stream is known by its random handle, which says nothing about case or agency.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    handle = models.CharField(max_length=32, unique=True)
    kind = models.CharField(max_length=12, choices=StreamKind.choices)
    organisation_id = models.UUIDField(null=True)
    case_id = models.UUIDField(null=True)
    opened_at = models.DateTimeField()
    head_n = models.BigIntegerField(default=0)
    head_hash = models.BinaryField(null=True)
    previous_hash = models.BinaryField(null=True)  # of the entry before the head; what the head's own leaf names

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["case_id"], condition=Q(kind="case"), name="audit_stream_one_per_case"),
            models.UniqueConstraint(
                fields=["organisation_id"], condition=Q(kind="organisation"), name="audit_stream_one_per_organisation"
            ),
            models.UniqueConstraint(
                fields=["kind"], condition=Q(kind="instance"), name="audit_stream_one_of_the_instance"
            ),
            models.CheckConstraint(
                name="audit_stream_is_about_what_its_kind_says",
                condition=Q(kind="instance", organisation_id=None, case_id=None)
                | Q(kind="organisation", organisation_id__isnull=False, case_id=None)
                | Q(kind="case", case_id__isnull=False),
            ),
            models.CheckConstraint(
                name="audit_stream_head_n_and_hash_go_together",
                condition=Q(head_n=0, head_hash=None) | Q(head_n__gt=0, head_hash__isnull=False),
            ),
        )

    def __str__(self) -> str:
        return f"{self.kind} {self.handle}"


class Entry(models.Model):
    """One leaf of the log, in the bytes that are hashed.

    The column `xact` (the transaction that wrote the row) is added by the migration: nobody but PostgreSQL sets it.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    # No foreign key in the database: nobody may delete a stream, `record` locks the one it writes to, and its
    # check at the end of every act would cost as much as the entry.
    stream = models.ForeignKey(
        Stream, on_delete=models.PROTECT, related_name="entries", db_index=False, db_constraint=False
    )
    organisation_id = models.UUIDField(null=True)
    n = models.BigIntegerField()
    at = models.DateTimeField()
    kind = models.CharField(max_length=80)
    leaf = models.BinaryField()
    leaf_hash = models.BinaryField()
    subjects = ArrayField(models.TextField(), default=list)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["stream", "n"], name="audit_entry_one_at_each_place"),
            models.CheckConstraint(name="audit_entry_counts_from_one", condition=Q(n__gte=1)),
        )

    def __str__(self) -> str:
        return f"{self.kind} (n = {self.n})"


class EntryPayload(models.Model):
    """What an entry says: salt and canonical document, sealed with the key of the case.

    Destroying that key erases it; the row stays, and so does the commitment in the leaf.
    """

    # No foreign key in the database: its check would lock the entry's row once more in every act.
    entry = models.OneToOneField(
        Entry, primary_key=True, on_delete=models.PROTECT, related_name="payload", db_constraint=False
    )
    organisation_id = models.UUIDField(null=True)
    key_owner_id = models.UUIDField()
    is_shared = models.BooleanField()
    sealed = models.BinaryField()

    def __str__(self) -> str:
        return f"payload of {self.entry_id}"


class EntryActor(models.Model):
    """Who acted: salt and canonical document, sealed with the log's own key, so that erasing a case keeps it."""

    entry = models.OneToOneField(
        Entry, primary_key=True, on_delete=models.PROTECT, related_name="actor", db_constraint=False
    )
    organisation_id = models.UUIDField(null=True)
    face = models.CharField(max_length=6)
    sealed = models.BinaryField()

    def __str__(self) -> str:
        return f"actor of {self.entry_id}"


class Position(models.Model):
    """The place of an entry in the tree, given by the sequencer; from 0 without a gap."""

    position = models.BigIntegerField(primary_key=True)
    entry = models.OneToOneField(Entry, on_delete=models.PROTECT, related_name="position")
    leaf_hash = models.BinaryField()

    class Meta:
        constraints = (models.CheckConstraint(name="audit_position_from_zero", condition=Q(position__gte=0)),)

    def __str__(self) -> str:
        return f"position {self.position}"


class Tile(models.Model):
    """A full tile of the tree: 256 hashes, and the root over them, which is one hash of the level above.

    Tiles that are not full yet are made from positions and roots when asked for, so that a stored tile never changes.
    """

    pk = models.CompositePrimaryKey("level", "index")
    level = models.SmallIntegerField()
    index = models.BigIntegerField()
    data = models.BinaryField()
    root = models.BinaryField()

    def __str__(self) -> str:
        return f"tile {self.level}/{self.index}"


class Checkpoint(models.Model):
    """What the signer signed: how many entries, and the root over them."""

    size = models.BigIntegerField(primary_key=True)
    root = models.BinaryField()
    note = models.TextField()
    at = models.DateTimeField()

    class Meta:
        constraints = (models.CheckConstraint(name="audit_checkpoint_of_something", condition=Q(size__gte=1)),)

    def __str__(self) -> str:
        return f"checkpoint of {self.size} entries"


class Instance(models.Model):
    """This desk: one row, made once."""

    id = models.SmallIntegerField(primary_key=True, default=1)
    kind = models.CharField(max_length=10)
    log_origin = models.CharField(max_length=200)
    created_at = models.DateTimeField()
    demo_loaded_at = models.DateTimeField(null=True)

    class Meta:
        constraints = (models.CheckConstraint(name="audit_instance_is_one", condition=Q(id=1)),)

    def __str__(self) -> str:
        return f"{self.kind} desk {self.log_origin}"


class SignerKey(models.Model):
    """A public key of the signer as it was published; an older one of the same purpose is retired by a newer."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    purpose = models.CharField(max_length=10)
    verifier = models.CharField(max_length=400, unique=True)
    published_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.purpose} key {self.verifier}"


class Reading(models.Model):
    """That a person's reading of something was entered in the log in a window of five minutes.

    The mark is a keyed hash over person, stream, purpose and what was read; the entry says them.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    mark = models.BinaryField()
    window = models.BigIntegerField()
    organisation_id = models.UUIDField(null=True)

    class Meta:
        constraints = (models.UniqueConstraint(fields=["mark", "window"], name="audit_reading_once_in_a_window"),)

    def __str__(self) -> str:
        return f"reading in window {self.window}"
