"""Verifying the whole log: recompute everything from the entries and name the first one that does not hold.

Read in position order, in chunks, by several processes over one snapshot; memory grows with the number of streams only.
No Django here, and nothing is believed that can be recomputed: stored hashes, tiles, heads and roots are all compared.
"""

import hashlib
import multiprocessing
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

import psycopg

from entraide.audit.place import LOG_KEY
from entraide.audit.sequencing import root_of_tile
from entraide.evidence.merkle import HASH_BYTES, TILE_WIDTH, Frontier
from entraide.evidence.notes import Checkpoint, Note, NoteError, VerifierKey, open_note

CHUNK = 1 << 16

# The canonical form of a leaf, member for member; `evidence.leaves.Leaf` says the same at twenty times the cost.
_HASH = r'(null|"[0-9a-f]{64}")'
_WORD = r'"([!#-\[\]-~]{1,256})"'
_LEAF = re.compile(
    rf'\{{"act":{_HASH},"actor":"[0-9a-f]{{64}}","kind":{_WORD},"log":{_WORD},"n":([1-9]\d{{0,15}}),'
    rf'"payload":"[0-9a-f]{{64}}","prev":{_HASH},"stream":{_WORD},'
    r'"t":"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)\.(\d{3})Z","v":1\}'
)

# What no hash covers and what still can be told without a key: the rows beside the entry.  Erasing a case destroys its
# key and no row, so a row that is missing was taken away; one that names a strange key would pass as erased.
_BESIDE = f"""
CASE
    WHEN e.organisation_id IS DISTINCT FROM s.organisation_id THEN 'the row says something else than the leaf'
    WHEN d.entry_id IS NULL THEN 'its sealed content was deleted'
    WHEN a.entry_id IS NULL THEN 'who acted was deleted'
    WHEN d.organisation_id IS DISTINCT FROM s.organisation_id OR a.organisation_id IS DISTINCT FROM s.organisation_id
        THEN 'its sealed content was given to another organisation'
    WHEN d.key_owner_id NOT IN (coalesce(s.case_id, s.organisation_id, '{LOG_KEY}'), '{LOG_KEY}')
        THEN 'its sealed content names a key that is not the one of this stream'
END
"""
_JOINED = """
LEFT JOIN audit_stream s ON s.id = e.stream_id
LEFT JOIN audit_entrypayload d ON d.entry_id = e.id LEFT JOIN audit_entryactor a ON a.entry_id = e.id
"""
_ENTRIES = """
COPY (
    SELECT p.position, p.leaf_hash, e.id, e.stream_id, e.n, e.kind, e.leaf, e.leaf_hash,
        floor(extract(epoch FROM e.at) * 1000)::bigint, s.handle, {beside}
    FROM audit_position p LEFT JOIN audit_entry e ON e.id = p.entry_id {joined}
    WHERE p.position >= {first} AND p.position < {last} ORDER BY p.position
) TO STDOUT (FORMAT binary)
"""
_TYPES = ["int8", "bytea", "uuid", "uuid", "int8", "text", "bytea", "bytea", "int8", "text", "text"]
_WAITING = """
SELECT e.stream_id, e.n, e.kind, e.leaf, e.leaf_hash, floor(extract(epoch FROM e.at) * 1000)::bigint, s.handle,
    {beside}
FROM audit_entry e {joined}
WHERE NOT EXISTS (SELECT 1 FROM audit_position p WHERE p.entry_id = e.id) ORDER BY e.stream_id, e.n
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """The first thing that does not hold.

    `position` is the place in the tree, None for an entry that has none yet and for what is about no entry; `stream` is
    the random handle.
    """

    what: str
    position: int | None = None
    stream: str | None = None
    n: int | None = None
    kind: str | None = None

    def __str__(self) -> str:
        where = [f"position {self.position}"] if self.position is not None else []
        where += [f"stream {self.stream}"] if self.stream else []
        where += [f"n = {self.n}"] if self.n is not None else []
        where += [self.kind] if self.kind else []
        return f"{', '.join(where)}: {self.what}" if where else self.what


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What was verified, and the first fault, if any.

    `entries` have a position, `waiting` have none yet.  `root` is the recomputed root over all positions.
    """

    entries: int
    waiting: int
    streams: int
    checkpoints: int
    root: bytes
    fault: Fault | None

    @property
    def holds(self) -> bool:
        """Whether nothing was found."""
        return self.fault is None


@dataclass(slots=True)
class _Chain:
    """How a stream begins and ends within a chunk."""

    first_n: int
    first_prev: str | None
    first_position: int
    n: int
    head: str
    handle: str
    first_kind: str


@dataclass(slots=True)
class _Chunk:
    """What is known of a range of positions after reading it."""

    first: int
    hashes: bytearray = field(default_factory=bytearray)
    tile_roots: list[bytes] = field(default_factory=list)
    chains: dict[UUID, _Chain] = field(default_factory=dict)
    fault: Fault | None = None


class _Wrong(Exception):
    """What is wrong with one entry."""


def verify(
    url: str,
    *,
    log: str | None = None,
    keys: Sequence[VerifierKey] | None = None,
    since: str | None = None,
    remembered: tuple[int, bytes] | None = None,
    processes: int = 2,
) -> Report:
    """Verify the log in the database at `url` (role `entraide_auditor`).

    Parameters
    ----------
    log : str, optional
        Name of the log; absent: what the desk in the database says.
    keys : Sequence[VerifierKey], optional
        Keys that checkpoints are signed with; absent: the published ones in the database, which whoever owns the
        database could have exchanged.
    since : str, optional
        A signed checkpoint kept elsewhere: the log must extend it.
    remembered : tuple of int and bytes, optional
        Size and root of the last tree the signer remembers.
    """
    with _connected(url) as connection:
        connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        snapshot = str(_one(connection, "SELECT pg_export_snapshot()"))
        name = log or str(_one(connection, "SELECT log_origin FROM audit_instance") or "")
        return _Verification(connection, name, keys, since, remembered).run(url, snapshot, processes)


class _Verification:
    """The sequential part: puts the chunks together and compares with what is stored and signed."""

    def __init__(
        self,
        connection: psycopg.Connection,
        log: str,
        keys: Sequence[VerifierKey] | None,
        since: str | None,
        remembered: tuple[int, bytes] | None,
    ) -> None:
        self._connection, self._log = connection, log
        self._keys = list(keys) if keys is not None else self._published()
        self._frontier = Frontier()
        self._chains: dict[UUID, tuple[int, str, str]] = {}
        self._levels: dict[int, list[bytes]] = defaultdict(list)
        self._checkpoints = 0
        self._good = 0
        self._roots = self._roots_to_meet(since, remembered)

    def run(self, url: str, snapshot: str, processes: int) -> Report:
        """Verify everything; stop at the first fault."""
        size = int(_one(self._connection, "SELECT coalesce(max(position) + 1, 0) FROM audit_position"))
        ranges = [(url, snapshot, self._log, first, min(first + CHUNK, size)) for first in range(0, size, CHUNK)]
        fault, waiting = self._before_first(), 0
        for chunk in () if fault else _read_all(ranges, processes):
            fault = self._take(chunk)
            if fault:
                break
        if fault is None:
            fault = self._beyond(size)
        if fault is None:
            fault, waiting = self._check_waiting_and_heads()
        return Report(
            entries=self._frontier.size,
            waiting=waiting,
            streams=len(self._chains),
            checkpoints=self._checkpoints,
            root=self._frontier.root(),
            fault=fault,
        )

    def _take(self, chunk: _Chunk) -> Fault | None:
        """Add one chunk; return the first fault in it, by position."""
        faults = [fault for fault in (chunk.fault, self._join_chains(chunk), self._check_tiles(chunk)) if fault]
        whole = min((fault.position for fault in faults if fault.position is not None), default=None)
        limit = len(chunk.hashes) // HASH_BYTES if whole is None else whole - chunk.first
        signed = self._grow(chunk, limit)
        if signed:
            return signed
        return min(faults, key=lambda fault: fault.position or 0) if faults else None

    def _join_chains(self, chunk: _Chunk) -> Fault | None:
        """Hang each stream's part in this chunk onto its end so far."""
        found: list[Fault] = []
        for stream, part in chunk.chains.items():
            n, head, _ = self._chains.get(stream, (0, None, ""))
            problem = _break(n, head, part.first_n, part.first_prev)
            if problem:
                found.append(
                    Fault(
                        what=problem,
                        position=part.first_position,
                        stream=part.handle,
                        n=part.first_n,
                        kind=part.first_kind,
                    )
                )
            self._chains[stream] = (part.n, part.head, part.handle)
        return min(found, key=lambda fault: fault.position or 0, default=None)

    def _check_tiles(self, chunk: _Chunk) -> Fault | None:
        """Compare the stored tiles with the hashes of this chunk, and the tiles above with the roots."""
        first = chunk.first // TILE_WIDTH
        stored = {
            index: (bytes(data), bytes(root))
            for index, data, root in self._connection.execute(
                'SELECT "index", data, root FROM audit_tile WHERE level = 0 AND "index" >= %s AND "index" < %s',
                [first, first + len(chunk.tile_roots) + 1],
            )
        }
        for number, root in enumerate([*chunk.tile_roots, None]):
            begin = number * TILE_WIDTH * HASH_BYTES
            data = bytes(chunk.hashes[begin : begin + TILE_WIDTH * HASH_BYTES])
            there = stored.get(first + number)
            if root is None:  # not full here: only what a fault cut short has a stored tile
                is_same = there is None or there[0].startswith(data)
                return None if is_same else self._tile_fault(0, first + number, data, there)
            if there != (data, root):
                return self._tile_fault(0, first + number, data, there)
            fault = self._climb(1, root)
            if fault:
                return fault
        return None

    def _climb(self, level: int, root: bytes) -> Fault | None:
        hashes = self._levels[level]
        hashes.append(root)
        if len(hashes) % TILE_WIDTH:
            return None
        index = len(hashes) // TILE_WIDTH - 1
        data = b"".join(hashes[-TILE_WIDTH:])
        row = self._connection.execute(
            'SELECT data, root FROM audit_tile WHERE level = %s AND "index" = %s', [level, index]
        ).fetchone()
        above = root_of_tile(data)
        if row is None or (bytes(row[0]), bytes(row[1])) != (data, above):
            return self._tile_fault(level, index, data, row)
        return self._climb(level + 1, above)

    def _tile_fault(self, level: int, index: int, data: bytes, stored: Sequence[Any] | None) -> Fault:
        position = index * TILE_WIDTH ** (level + 1)
        if stored is None:
            return Fault(what=f"tile {level}/{index} is missing", position=position)
        there = bytes(stored[0])
        place = next((i for i in range(0, len(data), HASH_BYTES) if data[i : i + 32] != there[i : i + 32]), 0)
        position += place // HASH_BYTES * TILE_WIDTH**level
        what = f"the hash differs from tile {level}/{index}: the entry or the tile was altered after it was placed"
        return Fault(what=what, position=position, **self._who(position))

    def _grow(self, chunk: _Chunk, limit: int) -> Fault | None:
        """Append hashes up to the first fault, comparing the root at each size that was signed."""
        hashes = (bytes(chunk.hashes[i : i + HASH_BYTES]) for i in range(0, limit * HASH_BYTES, HASH_BYTES))
        end = chunk.first + limit
        while self._roots and self._roots[0][0] <= end:
            size, root, what = self._roots.pop(0)
            self._frontier.extend(_some(hashes, size - self._frontier.size))
            if self._frontier.root() != root:
                return self._root_fault(size, what)
            self._good = size
        self._frontier.extend(hashes)
        return None

    def _root_fault(self, size: int, what: str) -> Fault:
        first, last = self._good, size - 1
        where = f"the entry at position {first}" if first == last else f"an entry from position {first} to {last}"
        text = f"{where} is not what was signed: {what} of {size} entries has another root"
        return Fault(what=text, position=first, **self._who(first))

    def _before_first(self) -> Fault | None:
        """Find a position below zero: no chunk reads it, and its entry counts as placed."""
        position = _one(self._connection, "SELECT min(position) FROM audit_position WHERE position < 0")
        return None if position is None else Fault(what="a position before the first", position=int(position))

    def _beyond(self, size: int) -> Fault | None:
        """Find what was signed but is not there any more."""
        if not self._roots:
            return None
        signed, _, what = self._roots[-1]
        return Fault(
            what=f"{what} speaks of {signed} entries, and the log has {size}: the end is missing", position=size
        )

    def _check_waiting_and_heads(self) -> tuple[Fault | None, int]:
        waiting, waiting_entries = 0, _WAITING.format(beside=_BESIDE, joined=_JOINED)
        for stream, n, kind, leaf, leaf_hash, at_ms, handle, beside in self._connection.execute(waiting_entries):
            waiting += 1
            try:
                prev = _check_entry(self._log, n, kind, leaf, leaf_hash, leaf_hash, at_ms, handle)
                before, head, _ = self._chains.get(stream, (0, None, ""))
                problem = _break(before, head, n, prev) or beside
            except _Wrong as wrong:
                problem = str(wrong)
            if problem:
                return Fault(what=problem, stream=handle, n=n, kind=kind), waiting
            self._chains[stream] = (n, bytes(leaf_hash).hex(), handle)
        return self._check_heads(), waiting

    def _check_heads(self) -> Fault | None:
        left = dict(self._chains)
        for stream, handle, n, head in self._connection.execute(
            "SELECT id, handle, head_n, head_hash FROM audit_stream"
        ):
            last, last_head, _ = left.pop(stream, (0, None, ""))
            if (n, head and bytes(head).hex()) != (last, last_head):
                what = f"the head says {n} entries and the stream has {last}: the end is missing or was altered"
                return Fault(what=what, stream=handle, n=min(n, last) + 1)
        for _, (n, _, handle) in left.items():
            return Fault(what="the stream of these entries is missing", stream=handle, n=n)
        return None

    def _who(self, position: int) -> dict[str, Any]:
        row = self._connection.execute(
            "SELECT s.handle, e.n, e.kind FROM audit_position p JOIN audit_entry e ON e.id = p.entry_id "
            "JOIN audit_stream s ON s.id = e.stream_id WHERE p.position = %s",
            [position],
        ).fetchone()
        return {"stream": row[0], "n": row[1], "kind": row[2]} if row else {}

    def _published(self) -> list[VerifierKey]:
        rows = self._connection.execute("SELECT verifier FROM audit_signerkey WHERE purpose = 'log'")
        return [VerifierKey.parse(row[0]) for row in rows]

    def _roots_to_meet(
        self, since: str | None, remembered: tuple[int, bytes] | None
    ) -> list[tuple[int, bytes | None, str]]:
        """Return (size, root, what says so) of every tree that was signed, smallest first.

        A root of None is met by no tree: that is how a checkpoint that does not even hold by itself is reported.
        """
        roots: list[tuple[int, bytes | None, str]] = []
        for size, root, note in self._connection.execute("SELECT size, root, note FROM audit_checkpoint ORDER BY size"):
            self._checkpoints += 1
            signed = self._root_in(note, size, bytes(root))
            what = (
                "the stored checkpoint" if signed else "the stored checkpoint, which no known key signed as it stands,"
            )
            roots.append((size, signed, what))
        if since is not None:
            kept = Checkpoint.parse(open_note(since, *self._keys))
            if kept.origin != self._log:
                raise NoteError(f"the checkpoint is one of {kept.origin}, not of {self._log}")
            roots.append((kept.size, kept.root, "the checkpoint that was kept"))
        if remembered is not None and remembered[0]:
            roots.append((*remembered, "the signer's memory"))
        return sorted(roots, key=lambda item: item[0])

    def _root_in(self, note: str, size: int, root: bytes) -> bytes | None:
        try:
            signed = Checkpoint.parse(open_note(Note.parse(note), *self._keys))
        except NoteError:
            return None
        return root if (signed.origin, signed.size, signed.root) == (self._log, size, root) else None


def _read_all(ranges: Sequence[tuple[str, str, str, int, int]], processes: int) -> Iterator[_Chunk]:
    if processes < 2 or len(ranges) < 2:
        yield from map(_read, ranges)
        return
    with multiprocessing.get_context("spawn").Pool(min(processes, len(ranges))) as pool:
        yield from pool.imap(_read, ranges)


def _read(task: tuple[str, str, str, int, int]) -> _Chunk:
    """Read and check one range of positions; stops at the first entry that does not hold."""
    url, snapshot, log, first, last = task
    chunk = _Chunk(first)
    with _connected(url) as connection:
        connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        connection.execute(f"SET TRANSACTION SNAPSHOT '{snapshot}'")
        statement = _ENTRIES.format(beside=_BESIDE, joined=_JOINED, first=int(first), last=int(last))
        with connection.cursor().copy(statement) as copy:
            copy.set_types(_TYPES)
            chunk.fault = _check_rows(chunk, copy.rows(), log, last)
    whole = len(chunk.hashes) // (TILE_WIDTH * HASH_BYTES)
    width = TILE_WIDTH * HASH_BYTES
    chunk.tile_roots = [root_of_tile(bytes(chunk.hashes[i * width : (i + 1) * width])) for i in range(whole)]
    return chunk


def _check_rows(chunk: _Chunk, rows: Iterable[Sequence[Any]], log: str, last: int) -> Fault | None:
    """Check the rows of a chunk; return the first fault.

    Reading goes on after a fault: comparing the hashes with the stored tile may name an earlier entry, one that was
    altered together with every hash of it, and that only the next entry of its stream contradicts here.
    """
    expected, hashes, chains = chunk.first, chunk.hashes, chunk.chains
    fault: Fault | None = None
    is_gap = False
    for position, placed_hash, entry, stream, n, kind, leaf, leaf_hash, at_ms, handle, beside in rows:
        if is_gap or position != expected:
            is_gap = True  # nothing after it has its place; the copy is read to its end
            continue
        hashes += placed_hash
        expected += 1
        if fault is not None:
            continue
        if entry is None:
            fault = Fault(what="the entry is missing", position=position)
            continue
        try:
            prev = _check_entry(log, n, kind, leaf, leaf_hash, placed_hash, at_ms, handle)
            chain = chains.get(stream)
            if chain is None:
                chains[stream] = _Chain(n, prev, position, n, leaf_hash.hex(), handle, kind)
            else:
                problem = _break(chain.n, chain.head, n, prev)
                if problem:
                    raise _Wrong(problem)
                chain.n, chain.head = n, leaf_hash.hex()
            if beside:
                raise _Wrong(beside)
        except _Wrong as wrong:
            fault = Fault(what=str(wrong), position=position, stream=handle, n=n, kind=kind)
    if fault is None and expected != last:
        fault = Fault(what="the position is missing", position=expected)
    return fault


def _check_entry(
    log: str,
    n: int,
    kind: str,
    leaf: bytes,
    leaf_hash: bytes,
    placed_hash: bytes,
    at_ms: int,
    handle: str | None,
) -> str | None:
    """Check one entry by itself; return the leaf hash (hex) that it names as the one before."""
    if hashlib.sha256(b"\x00" + leaf).digest() != leaf_hash:
        raise _Wrong("the leaf does not have the hash that is stored with it")
    if placed_hash != leaf_hash:
        raise _Wrong("another entry was placed here")
    try:
        found = _LEAF.fullmatch(leaf.decode("ascii"))
    except UnicodeDecodeError:
        found = None
    if found is None:
        raise _Wrong("the leaf is not in its canonical form")
    _, leaf_kind, leaf_log, leaf_n, prev, leaf_stream, second, milli = found.groups()
    if leaf_log != log:
        raise _Wrong(f"the leaf belongs to the log {leaf_log}")
    if leaf_stream != handle:
        raise _Wrong("the leaf belongs to another stream")
    if int(leaf_n) != n or leaf_kind != kind:
        raise _Wrong("the row says something else than the leaf")
    if int(datetime.fromisoformat(second + "+00:00").timestamp()) * 1000 + int(milli) != at_ms:
        raise _Wrong("the row has another time than the leaf")
    return None if prev == "null" else prev[1:-1]


def _break(n: int, head: str | None, next_n: int, prev: str | None) -> str | None:
    """Say what is wrong when entry `next_n`, naming `prev`, follows entry `n` with hash `head`."""
    if next_n <= n:
        return f"place {next_n} of the stream is taken twice"
    if next_n > n + 1:
        return f"the stream lacks its entry n = {n + 1}"
    return None if prev == head else "the entry before is not the one that this one names"


def _some(hashes: Iterator[bytes], count: int) -> Iterator[bytes]:
    for _ in range(count):
        yield next(hashes)


@contextmanager
def _connected(url: str) -> Iterator[psycopg.Connection]:
    with psycopg.connect(url, connect_timeout=10) as connection:
        connection.execute("SELECT set_config('entraide.actor', 'system:auditor', false)")
        connection.commit()
        yield connection


def _one(connection: psycopg.Connection, statement: str) -> Any:
    row = connection.execute(statement).fetchone()
    return row[0] if row else None


def newest_checkpoint(url: str) -> str | None:
    """Return the newest signed checkpoint in the database, or None before the first."""
    with _connected(url) as connection:
        note = _one(connection, "SELECT note FROM audit_checkpoint ORDER BY size DESC LIMIT 1")
        return None if note is None else str(note)
