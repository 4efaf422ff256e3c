"""Giving entries their place in the one tree, and having the tree signed.  No Django here.

Positions are given to *visible* entries without one: identifiers and sequences are no commit order, and a transaction
with a low number may commit late.  A stream's own order is kept, since its head lock makes n commit before n + 1.
"""

import hashlib
from collections import defaultdict, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import psycopg

from entraide.audit.signing import SignerClient
from entraide.audit.tiles import nodes, tile_reader
from entraide.evidence.merkle import (
    HASH_BYTES,
    TILE_WIDTH,
    Frontier,
    TileBuilder,
    consistency_proof,
    root_of,
)
from entraide.kernel.faults import fault

LOCK = 0x656E7472  # any number; only "one sequencer at a time" rests on it, the tables rest on their unique keys
BATCH = 10_000

# An entry whose transaction is older than every one that was still running when the last complete round began is either
# placed or was rolled back; without that bound each round would compare the whole log.
_WAITING = """
SELECT e.id, e.stream_id, e.n, e.leaf, e.leaf_hash FROM audit_entry e
WHERE e.xact >= %s::xid8 AND NOT EXISTS (SELECT 1 FROM audit_position p WHERE p.entry_id = e.id)
ORDER BY e.xact, e.n, e.id LIMIT %s
"""
_PLACED = """
SELECT s.id, (
    SELECT e.n FROM audit_entry e JOIN audit_position p ON p.entry_id = e.id
    WHERE e.stream_id = s.id ORDER BY e.n DESC LIMIT 1
) FROM unnest(%s::uuid[]) AS s (id)
"""


class LogDamaged(Exception):
    """An entry that is not what was entered, or a hole in a stream: nothing is placed or signed over it."""


@dataclass(frozen=True, slots=True)
class _Waiting:
    id: Any
    stream: Any
    n: int
    leaf_hash: bytes


class Sequencer:
    """One sequencer on one connection.

    Parameters
    ----------
    connection : psycopg.Connection
        In the role `entraide_sequencer`; not in autocommit.
    signer : SignerClient
    """

    def __init__(self, connection: psycopg.Connection, signer: SignerClient, *, batch: int = BATCH) -> None:
        self._connection, self._signer, self._batch = connection, signer, batch
        self._horizon = "0"
        self._builder: TileBuilder | None = None

    def is_the_one(self) -> bool:
        """Take the lock of sequencers if it is free, and say whether it is ours; it ends with the connection."""
        row = self._connection.execute("SELECT pg_try_advisory_lock(%s)", [LOCK]).fetchone()
        self._connection.commit()
        return bool(row and row[0])

    def round(self) -> int:
        """Place what waits, commit, have the tree signed; return how many entries were placed."""
        placed, batch = 0, self._batch
        while True:
            count, is_all = self.place(batch)
            placed += count
            if is_all:
                break
            # Each of these entries follows one that a transaction with a higher number wrote: look further on.
            batch = self._batch if count else 2 * batch
        self.sign()
        return placed

    def place(self, batch: int = BATCH) -> tuple[int, bool]:
        """Place up to `batch` waiting entries in one transaction; return how many, and whether none is left.

        Raises
        ------
        LogDamaged
            If a leaf does not have the hash that is stored with it, or a stream lacks an entry.
        """
        try:
            with self._connection.transaction():
                return self._place(batch)
        except BaseException:
            self._builder = None
            raise

    def sign(self) -> int | None:
        """Have the tree signed if it grew since the last checkpoint; return its size, or None if it did not.

        Raises
        ------
        Unavailable, NotPossible
            If the signer does not answer, or will not sign this tree.
        """
        with self._connection.transaction():
            size, signed = self._size(), self._signed()
            if size <= signed:
                return None
            tree = nodes(self._fetch, size)
            root = root_of(tree, size)
        last_size, _ = self._signer.state()
        with self._connection.transaction():
            proof = consistency_proof(tree, last_size, size) if 0 < last_size <= size else []
        note = self._signer.sign_checkpoint(size, root, proof)
        fault("sequencer.before_checkpoint")
        with self._connection.transaction():
            self._connection.execute(
                "INSERT INTO audit_checkpoint (size, root, note, at) VALUES (%s, %s, %s, clock_timestamp()) "
                "ON CONFLICT DO NOTHING",
                [size, root, str(note)],
            )
        return size

    def _place(self, batch: int) -> tuple[int, bool]:
        self._connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        row = self._connection.execute("SELECT pg_snapshot_xmin(pg_current_snapshot())::text").fetchone()
        oldest = row[0] if row else "0"
        rows = self._fetch(_WAITING, [self._horizon, batch])
        is_all = len(rows) < batch
        ordered = self._in_stream_order(rows, is_all=is_all)
        if ordered:
            self._append(ordered)
        fault("sequencer.before_commit")
        if is_all:
            self._horizon = oldest
        return len(ordered), is_all

    def _in_stream_order(self, rows: Sequence[Sequence[Any]], *, is_all: bool) -> list[_Waiting]:
        """Return the entries that may be placed now, checked, each stream in its own order without a gap."""
        by_stream: dict[Any, list[_Waiting]] = defaultdict(list)
        turns = []
        for entry_id, stream, n, leaf, leaf_hash in rows:
            if hashlib.sha256(b"\x00" + leaf).digest() != bytes(leaf_hash):
                raise LogDamaged(f"entry {entry_id} (n = {n}) does not have the hash that is stored with it")
            by_stream[stream].append(_Waiting(entry_id, stream, n, bytes(leaf_hash)))
            turns.append(stream)
        placed = {stream: n or 0 for stream, n in self._fetch(_PLACED, [list(by_stream)])}
        queues = {stream: deque(sorted(waiting, key=lambda item: item.n)) for stream, waiting in by_stream.items()}
        ordered = []
        for stream in turns:
            if queues[stream][0].n == placed[stream] + 1:
                ordered.append(queues[stream].popleft())
                placed[stream] += 1
            elif is_all:
                raise LogDamaged(f"stream {stream}: entry n = {placed[stream] + 1} is missing")
        return ordered

    def _append(self, ordered: list[_Waiting]) -> None:
        size = self._size()
        if self._builder is None or self._builder.size != size:
            self._builder = TileBuilder(size, tile_reader(self._fetch))
        for item in ordered:
            self._builder.append(item.leaf_hash)
        self._connection.execute(
            "INSERT INTO audit_position (position, entry_id, leaf_hash) "
            "SELECT * FROM unnest(%s::bigint[], %s::uuid[], %s::bytea[])",
            [
                list(range(size, size + len(ordered))),
                [item.id for item in ordered],
                [item.leaf_hash for item in ordered],
            ],
        )
        full = [tile for tile in self._builder.changed() if len(tile[2]) == TILE_WIDTH * HASH_BYTES]
        if full:
            levels, indices, data = ([tile[part] for tile in full] for part in range(3))
            self._connection.execute(
                'INSERT INTO audit_tile (level, "index", data, root) '
                "SELECT * FROM unnest(%s::int[], %s::bigint[], %s::bytea[], %s::bytea[])",
                [levels, indices, data, [root_of_tile(tile[2]) for tile in full]],
            )

    def _size(self) -> int:
        return int(self._fetch("SELECT coalesce(max(position) + 1, 0) FROM audit_position", [])[0][0])

    def _signed(self) -> int:
        return int(self._fetch("SELECT coalesce(max(size), 0) FROM audit_checkpoint", [])[0][0])

    def _fetch(self, statement: str, values: Sequence[Any]) -> Sequence[Sequence[Any]]:
        return self._connection.execute(statement, values).fetchall()


def root_of_tile(data: bytes) -> bytes:
    """Return the hash over a full tile: one hash of the tile level above."""
    frontier = Frontier()
    frontier.extend(data[i : i + HASH_BYTES] for i in range(0, len(data), HASH_BYTES))
    return frontier.root()


def run(
    connect: Callable[[], psycopg.Connection],
    signer: SignerClient,
    *,
    wait: Callable[[], bool],
    say: Callable[[str], None],
) -> None:
    """Sequence until `wait` says that it is enough; the database, the signer and another sequencer may come and go."""
    from entraide.kernel.errors import Refusal

    sequencer: Sequencer | None = None
    connection: psycopg.Connection | None = None
    is_ours = False
    told = ""

    def tell(sentence: str) -> None:
        """Say what stands in the way once, not at every beat for as long as it does."""
        nonlocal told
        if sentence != told:
            say(sentence)
        told = sentence

    while wait():
        try:
            if connection is None or sequencer is None or connection.closed:
                connection = connect()
                sequencer, is_ours = Sequencer(connection, signer), False
            is_ours = is_ours or sequencer.is_the_one()
            if is_ours:
                sequencer.round()
            told = ""
        except Refusal as refusal:
            tell(str(refusal))
        except LogDamaged as damage:
            tell(f"the log is damaged and is not signed any further: {damage}. Run ./entraide log verify")
        except psycopg.Error as error:
            tell(f"the database does not answer ({type(error).__name__}); waiting for it")
            if connection is not None:
                connection.close()
            connection = None
    if connection is not None:
        connection.close()
