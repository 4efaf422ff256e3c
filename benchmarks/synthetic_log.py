"""A made-up log of any size, right in every hash, written straight into the tables."""

import hashlib
import secrets
from datetime import datetime, timedelta
from uuid import UUID

import psycopg
from tests.plugins.desk import NOON, DeskDatabase

from entraide.audit.sequencing import root_of_tile
from entraide.evidence.leaves import Leaf
from entraide.evidence.merkle import TILE_WIDTH, Frontier, TileBuilder
from entraide.evidence.notes import Checkpoint, Ed25519NoteKey, VerifierKey, sign_note
from entraide.kernel.clock import iso_ms

ORIGIN = "demo.invalid/log"
ENTRIES_A_STREAM = 20
BATCH = 50_000
SEALED = b"\x00" * 160  # nobody opens it: verifying does without keys, and only looks whether it is there


def fill(database: DeskDatabase, entries: int) -> None:
    """Fill an empty database with `entries` entries in streams of twenty, placed, tiled, and signed a hundred times."""
    key = Ed25519NoteKey(ORIGIN, secrets.token_bytes(32))
    builder, frontier = TileBuilder(), Frontier()
    with psycopg.connect(database.superuser_url()) as connection:
        connection.execute("SET session_replication_role = replica")
        connection.execute(
            "INSERT INTO audit_instance (id, kind, log_origin, created_at) VALUES (1, 'demo', %s, %s)", [ORIGIN, NOON]
        )
        connection.execute(
            "INSERT INTO audit_signerkey (id, purpose, verifier, published_at) VALUES (%s, 'log', %s, %s)",
            [UUID(int=1), str(VerifierKey.of(key)), NOON],
        )
        for first in range(0, entries, BATCH):
            _batch(connection, first, min(first + BATCH, entries), builder, frontier)
            for size in {frontier.size}:
                note = sign_note(Checkpoint(ORIGIN, size, frontier.root()).text, key)
                connection.execute(
                    "INSERT INTO audit_checkpoint (size, root, note, at) VALUES (%s, %s, %s, %s)",
                    [size, frontier.root(), str(note), NOON],
                )
        connection.commit()
        connection.autocommit = True
        connection.execute("ANALYZE")


def _batch(connection: psycopg.Connection, first: int, last: int, builder: TileBuilder, frontier: Frontier) -> None:
    streams, entries, positions = [], [], []
    for position in range(first, last):
        number, place = divmod(position, ENTRIES_A_STREAM)
        stream, handle, n = UUID(int=(1 << 100) + number), f"{number:032x}", place + 1
        at: datetime = NOON + timedelta(milliseconds=position)
        leaf = Leaf(
            log=ORIGIN,
            t=iso_ms(at),
            kind="requests:request:filed",
            stream=handle,
            n=n,
            prev=entries[-1][7].hex() if place else None,
            actor=secrets.token_hex(32),
            payload=secrets.token_hex(32),
        ).canonical()
        leaf_hash = hashlib.sha256(b"\x00" + leaf).digest()
        entry = UUID(int=(2 << 100) + position)
        entries.append((entry, stream, UUID(int=1), n, at, "requests:request:filed", leaf, leaf_hash, []))
        positions.append((position, entry, leaf_hash))
        builder.append(leaf_hash)
        frontier.append(leaf_hash)
        if n == ENTRIES_A_STREAM or position == last - 1:
            streams.append((stream, handle, "case", UUID(int=1), stream, NOON, n, leaf_hash))
    tiles = [(level, index, data, root_of_tile(data)) for level, index, data in builder.changed()]
    full = [tile for tile in tiles if len(tile[2]) == TILE_WIDTH * 32]
    payloads = [(entry[0], UUID(int=1), entry[1], False, SEALED) for entry in entries]
    actors = [(entry[0], UUID(int=1), "staff", SEALED) for entry in entries]
    for table, columns, rows in (
        ("audit_stream", "id, handle, kind, organisation_id, case_id, opened_at, head_n, head_hash", streams),
        ("audit_entry", "id, stream_id, organisation_id, n, at, kind, leaf, leaf_hash, subjects", entries),
        ("audit_entrypayload", "entry_id, organisation_id, key_owner_id, is_shared, sealed", payloads),
        ("audit_entryactor", "entry_id, organisation_id, face, sealed", actors),
        ("audit_position", "position, entry_id, leaf_hash", positions),
        ("audit_tile", 'level, "index", data, root', full),
    ):
        with connection.cursor().copy(f"COPY {table} ({columns}) FROM STDIN") as copy:  # type: ignore[arg-type]
            for row in rows:
                copy.write_row(row)
