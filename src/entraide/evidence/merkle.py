"""The Merkle tree of the log (RFC 6962, RFC 9162): hashes, proofs, and the tiles it is stored in.

A tree is never held as a whole.  Whoever keeps it offers a `NodeSource`: a function that returns the hash of the
complete subtree number `index` at height `level` (level 0 are the leaf hashes).  From that every root and every proof
can be had; `nodes_of` makes one from a list of leaf hashes, `nodes_from_tiles` from stored tiles.
"""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TypeAlias

HASH_BYTES = 32
TILE_HEIGHT = 8
TILE_WIDTH = 1 << TILE_HEIGHT
EMPTY_ROOT = hashlib.sha256(b"").digest()

NodeSource: TypeAlias = Callable[[int, int], bytes]
"""`source(level, index)` is the hash over leaves ``index << level`` to ``(index + 1) << level``."""

TileReader: TypeAlias = Callable[[int, int, int], bytes]
"""`read(level, index, width)` is the tile at C2SP tile level `level`: `width` hashes, one after the other."""


def leaf_hash(data: bytes) -> bytes:
    """Return the hash of a leaf that holds `data`."""
    return hashlib.sha256(b"\x00" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return the hash of the node over `left` and `right`."""
    return hashlib.sha256(b"\x01" + left + right).digest()


def nodes_of(leaf_hashes: Sequence[bytes]) -> NodeSource:
    """Return a source over a list of leaf hashes; complete subtrees are computed once and kept."""
    known: dict[tuple[int, int], bytes] = {}

    def node(level: int, index: int) -> bytes:
        if level == 0:
            return leaf_hashes[index]
        found = known.get((level, index))
        if found is None:
            found = known[level, index] = node_hash(node(level - 1, 2 * index), node(level - 1, 2 * index + 1))
        return found

    return node


def root_of(nodes: NodeSource, size: int) -> bytes:
    """Return the root of the tree over the first `size` leaves."""
    return _range_hash(nodes, 0, size) if size else EMPTY_ROOT


def inclusion_proof(nodes: NodeSource, index: int, size: int) -> list[bytes]:
    """Return the proof that leaf `index` is in the tree of `size` leaves, the leaf's sibling first.

    Raises
    ------
    ValueError
        If there is no such leaf.
    """
    if not 0 <= index < size:
        raise ValueError(f"a tree of {size} leaves has no leaf {index}")
    proof: list[bytes] = []
    begin, end = 0, size
    while end - begin > 1:
        middle = begin + _split(end - begin)
        if index < middle:
            proof.append(_range_hash(nodes, middle, end))
            end = middle
        else:
            proof.append(_range_hash(nodes, begin, middle))
            begin = middle
    return proof[::-1]


def consistency_proof(nodes: NodeSource, old_size: int, new_size: int) -> list[bytes]:
    """Return the proof that the tree of `new_size` leaves only appends to the tree of `old_size` leaves.

    Raises
    ------
    ValueError
        If `old_size` is not between 1 and `new_size`: nothing can be proved about an empty tree.
    """
    if not 1 <= old_size <= new_size:
        raise ValueError(f"there is no consistency proof from {old_size} to {new_size} leaves")
    proof: list[bytes] = []
    begin, end, old_is_whole = 0, new_size, True
    while old_size != end:
        middle = begin + _split(end - begin)
        if old_size <= middle:
            proof.append(_range_hash(nodes, middle, end))
            end = middle
        else:
            proof.append(_range_hash(nodes, begin, middle))
            begin, old_is_whole = middle, False
    if not old_is_whole:
        proof.append(_range_hash(nodes, begin, end))
    return proof[::-1]


def verify_inclusion(leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> bool:
    """Say whether `proof` shows the leaf hash `leaf` at `index` of the tree (RFC 9162, 2.1.3.2)."""
    if not 0 <= index < size or len(leaf) != HASH_BYTES or len(root) != HASH_BYTES:
        return False
    fn, sn, reached = index, size - 1, leaf
    for sibling in proof:
        if sn == 0 or len(sibling) != HASH_BYTES:
            return False
        if fn & 1 or fn == sn:
            reached = node_hash(sibling, reached)
            while not fn & 1 and fn:
                fn >>= 1
                sn >>= 1
        else:
            reached = node_hash(reached, sibling)
        fn >>= 1
        sn >>= 1
    return sn == 0 and reached == root


def verify_consistency(old_size: int, new_size: int, proof: Sequence[bytes], old_root: bytes, new_root: bytes) -> bool:
    """Say whether `proof` shows that the new tree only appends to the old one (RFC 9162, 2.1.4.2)."""
    if not 0 < old_size <= new_size:
        return False
    if old_size == new_size:
        return not proof and old_root == new_root
    return verify_subtree_consistency(0, old_size, new_size, proof, old_root, new_root)


def is_subtree(start: int, end: int) -> bool:
    """Say whether leaves `start` to `end` are a subtree: not empty, and aligned to the next power of two."""
    return 0 <= start < end and start % (1 << (end - start - 1).bit_length()) == 0


def verify_subtree_inclusion(
    leaf: bytes, index: int, start: int, end: int, proof: Sequence[bytes], root: bytes
) -> bool:
    """Say whether `proof` shows the leaf hash at `index` of the log inside the subtree of leaves `start` to `end`."""
    return is_subtree(start, end) and verify_inclusion(leaf, index - start, end - start, proof, root)


def verify_subtree_consistency(
    start: int, end: int, size: int, proof: Sequence[bytes], subtree_root: bytes, root: bytes
) -> bool:
    """Say whether `proof` shows that the subtree over leaves `start` to `end` is part of the tree of `size` leaves.

    With `start` 0 this is the consistency proof of RFC 9162; the general form is the one of Merkle tree certificates.
    """
    if 0 <= start == end <= size:
        return not proof and subtree_root == EMPTY_ROOT  # an empty subtree is part of every tree
    if not is_subtree(start, end) or end > size or any(len(item) != HASH_BYTES for item in proof):
        return False
    fn, sn, tn = start, end - 1, size - 1
    ends_with_the_tree = sn == tn
    while fn != sn and (ends_with_the_tree or sn & 1):
        fn, sn, tn = fn >> 1, sn >> 1, tn >> 1
    rest = list(proof)
    if fn != sn:
        if not rest:
            return False
        small = large = rest.pop(0)
    else:
        small = large = subtree_root
    for sibling in rest:
        if tn == 0:
            return False
        if sn & 1 or sn == tn:
            if fn < sn:
                small = node_hash(sibling, small)
            large = node_hash(sibling, large)
            while not sn & 1 and sn:
                fn, sn, tn = fn >> 1, sn >> 1, tn >> 1
        else:
            large = node_hash(large, sibling)
        fn, sn, tn = fn >> 1, sn >> 1, tn >> 1
    return tn == 0 and small == subtree_root and large == root


class Frontier:
    """The right edge of a growing tree: enough to append leaves and tell the root, in ⌈log2 n⌉ hashes.

    Parameters
    ----------
    size : int
        Leaves already in the tree.
    hashes : Sequence[bytes]
        Roots of its complete subtrees, largest first, as `hashes` returned them; one per set bit of `size`.
    """

    __slots__ = ("_edge", "size")

    def __init__(self, size: int = 0, hashes: Sequence[bytes] = ()) -> None:
        if len(hashes) != size.bit_count() or any(len(item) != HASH_BYTES for item in hashes):
            raise ValueError(f"a tree of {size} leaves has {size.bit_count()} complete subtrees, not {len(hashes)}")
        self.size = size
        self._edge = list(hashes)

    @classmethod
    def at(cls, nodes: NodeSource, size: int) -> "Frontier":
        """Return the right edge of the first `size` leaves of an existing tree."""
        hashes: list[bytes] = []
        begin = 0
        for level in reversed(range(size.bit_length())):
            if size >> level & 1:
                hashes.append(nodes(level, begin >> level))
                begin += 1 << level
        return cls(size, hashes)

    @property
    def hashes(self) -> tuple[bytes, ...]:
        """Roots of the complete subtrees, largest first: with `size`, all there is to keep."""
        return tuple(self._edge)

    def append(self, leaf: bytes) -> None:
        """Append one leaf hash."""
        self.extend((leaf,))

    def extend(self, leaves: Iterable[bytes]) -> None:
        """Append many leaf hashes; a million take about a second."""
        sha256, edge, size = hashlib.sha256, self._edge, self.size
        for leaf in leaves:
            carried, bits = leaf, size
            while bits & 1:
                carried = sha256(b"\x01" + edge.pop() + carried).digest()
                bits >>= 1
            edge.append(carried)
            size += 1
        self.size = size

    def root(self) -> bytes:
        """Return the root of the tree as it stands."""
        if not self._edge:
            return EMPTY_ROOT
        root = self._edge[-1]
        for left in reversed(self._edge[:-1]):
            root = node_hash(left, root)
        return root


# Tiles: https://c2sp.org/tlog-tiles


def tile_path(level: int, index: int, width: int = TILE_WIDTH) -> str:
    """Return where a tile is served, ``tile/0/x001/x234/067`` or, when it is not full, ``tile/0/001.p/7``."""
    if not 0 <= level <= 63 or index < 0 or not 1 <= width <= TILE_WIDTH:
        raise ValueError(f"there is no tile at level {level}, index {index}, width {width}")
    parts = [f"{index % 1000:03d}"]
    while index := index // 1000:
        parts.append(f"x{index % 1000:03d}")
    partial = "" if width == TILE_WIDTH else f".p/{width}"
    return f"tile/{level}/{'/'.join(reversed(parts))}{partial}"


def tiles_of(size: int, since: int = 0) -> Iterator[tuple[int, int, int]]:
    """Yield (level, index, width) of each tile that a tree of `size` leaves has and one of `since` leaves had not."""
    level = 0
    while size:
        for index in range(since // TILE_WIDTH, -(-size // TILE_WIDTH)):
            width = min(TILE_WIDTH, size - index * TILE_WIDTH)
            if index * TILE_WIDTH + width > since:
                yield level, index, width
        size, since, level = size // TILE_WIDTH, since // TILE_WIDTH, level + 1


def nodes_from_tiles(read: TileReader, size: int) -> NodeSource:
    """Return a source over the stored tiles of a tree of `size` leaves; each tile is read once and kept.

    Raises
    ------
    ValueError
        From the source, if a tile does not have the length it must have.
    """
    tiles: dict[tuple[int, int], bytes] = {}

    def tile(level: int, index: int) -> bytes:
        if (level, index) not in tiles:
            width = min(TILE_WIDTH, (size >> level * TILE_HEIGHT) - index * TILE_WIDTH)
            data = read(level, index, width)
            if len(data) != width * HASH_BYTES:
                raise ValueError(f"{tile_path(level, index, width)} has {len(data)} bytes")
            tiles[level, index] = data
        return tiles[level, index]

    def node(level: int, index: int) -> bytes:
        tile_level, above = divmod(level, TILE_HEIGHT)
        if above:
            return node_hash(node(level - 1, 2 * index), node(level - 1, 2 * index + 1))
        number, place = divmod(index, TILE_WIDTH)
        return tile(tile_level, number)[place * HASH_BYTES : (place + 1) * HASH_BYTES]

    return node


class TileBuilder:
    """Extends the tiles of a tree as leaves are appended.

    Parameters
    ----------
    size : int
        Leaves already in the tree.
    read : TileReader
        Returns the stored partial tiles of that tree; called once per level, at the start.
    """

    def __init__(self, size: int = 0, read: TileReader | None = None) -> None:
        self.size = size
        self._open: list[bytearray] = []
        self._full: list[tuple[int, int, bytes]] = []
        self._touched: set[int] = set()
        level = 0
        while size >> level * TILE_HEIGHT:
            index, width = divmod(size >> level * TILE_HEIGHT, TILE_WIDTH)
            self._open.append(bytearray(read(level, index, width)) if width and read else bytearray())
            if len(self._open[level]) != width * HASH_BYTES:
                raise ValueError(f"{tile_path(level, index, width)} has {len(self._open[level])} bytes")
            level += 1

    def append(self, leaf: bytes) -> None:
        """Append one leaf hash."""
        self._add(0, leaf)
        self.size += 1

    def changed(self) -> list[tuple[int, int, bytes]]:
        """Return (level, index, bytes) of every tile that is new or wider than before, and forget them."""
        changed, self._full = self._full, []
        for level in sorted(self._touched):
            if self._open[level]:
                changed.append((level, self.size >> level * TILE_HEIGHT >> TILE_HEIGHT, bytes(self._open[level])))
        self._touched.clear()
        return changed

    def _add(self, level: int, item: bytes) -> None:
        if level == len(self._open):
            self._open.append(bytearray())
        tile = self._open[level]
        tile += item
        self._touched.add(level)
        if len(tile) == TILE_WIDTH * HASH_BYTES:
            index = self.size >> level * TILE_HEIGHT >> TILE_HEIGHT
            self._full.append((level, index, bytes(tile)))
            full = Frontier()
            full.extend(bytes(tile[i : i + HASH_BYTES]) for i in range(0, len(tile), HASH_BYTES))
            tile.clear()
            self._add(level + 1, full.root())


def _split(size: int) -> int:
    """Return the largest power of two smaller than `size`."""
    return 1 << (size - 1).bit_length() - 1


def _range_hash(nodes: NodeSource, begin: int, end: int) -> bytes:
    width = end - begin
    if width & (width - 1) == 0:
        return nodes(width.bit_length() - 1, begin // width)
    middle = begin + _split(width)
    return node_hash(_range_hash(nodes, begin, middle), _range_hash(nodes, middle, end))
