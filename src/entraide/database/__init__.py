"""The way to the database: two doors, a role per face, and what migrations say about rows, grants and the log.

Nothing reads or writes but through `reading_as` and `operation`: outside a door row-level security shows no rows.
"""

from entraide.database.doors import acting_in, operation, reading_as
from entraide.database.sealed import SealedJSONField, key_store

__all__ = ["SealedJSONField", "acting_in", "key_store", "operation", "reading_as"]
