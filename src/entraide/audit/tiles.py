"""Reading the stored tree, through whatever connection the caller has."""

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

from entraide.evidence.merkle import TILE_WIDTH, NodeSource, TileReader, nodes_from_tiles

Fetch: TypeAlias = Callable[[str, Sequence[Any]], Sequence[Sequence[Any]]]
"""Runs one query (``%s`` for each value) and returns its rows."""


def tile_reader(fetch: Fetch) -> TileReader:
    """Return a reader of tiles: full ones as stored, the others made from leaf hashes and from roots of full ones."""

    def read(level: int, index: int, width: int) -> bytes:
        if width == TILE_WIDTH:
            rows = fetch('SELECT data FROM audit_tile WHERE level = %s AND "index" = %s', [level, index])
            return bytes(rows[0][0]) if rows else b""
        if level == 0:
            return bytes(fetch("SELECT audit_leaf_hashes(%s, %s)", [index * TILE_WIDTH, width])[0][0])
        first = index * TILE_WIDTH
        rows = fetch(
            'SELECT root FROM audit_tile WHERE level = %s AND "index" >= %s AND "index" < %s ORDER BY "index"',
            [level - 1, first, first + width],
        )
        return b"".join(bytes(row[0]) for row in rows)

    return read


def nodes(fetch: Fetch, size: int) -> NodeSource:
    """Return the hashes of the tree over the first `size` entries."""
    return nodes_from_tiles(tile_reader(fetch), size)
