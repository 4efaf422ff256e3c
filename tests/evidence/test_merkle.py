"""V17: the Merkle code conforms to the published vectors and to a second implementation."""

import base64
import json
import tarfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from entraide.evidence import merkle
from tests.naive import merkle as naive

LEAVES = [n.to_bytes(4, "big") * (n % 7) for n in range(1024)]
HASHES = [merkle.leaf_hash(leaf) for leaf in LEAVES]
NODES = merkle.nodes_of(HASHES)


def vectors(path: Path, kind: str) -> Iterator[tuple[str, dict[str, Any]]]:
    with tarfile.open(path, "r|gz") as archive:
        for member in archive:
            if member.isfile() and member.name.startswith(f"testdata/{kind}/"):
                content = archive.extractfile(member)
                assert content is not None
                yield member.name, json.load(content)


def b64(text: str | None) -> bytes:
    return base64.b64decode(text or "")


def hashes(case: dict[str, Any]) -> list[bytes]:
    return [b64(item) for item in case["proof"] or []]


CHECKS: dict[str, tuple[int, Callable[[dict[str, Any]], bool]]] = {
    "inclusion": (
        98,
        lambda c: merkle.verify_inclusion(b64(c["leafHash"]), c["leafIdx"], c["treeSize"], hashes(c), b64(c["root"])),
    ),
    "consistency": (
        98,
        lambda c: merkle.verify_consistency(c["size1"], c["size2"], hashes(c), b64(c["root1"]), b64(c["root2"])),
    ),
    "subtreeinclusion": (
        204,
        lambda c: merkle.verify_subtree_inclusion(
            b64(c["leafHash"]), c["leafIdx"], c["start"], c["end"], hashes(c), b64(c["root"])
        ),
    ),
    "subtreeconsistency": (
        118,
        lambda c: merkle.verify_subtree_consistency(
            c["start"], c["end"], c["size"], hashes(c), b64(c["root1"]), b64(c["root2"])
        ),
    ),
}


@pytest.mark.parametrize("kind", CHECKS)
def test_v17_every_published_vector_is_judged_as_published(kind: str, shared_data: Callable[[str], Path]) -> None:
    path = shared_data("vectors/merkle/transparency-dev-merkle-testdata.tar.gz")
    count, check = CHECKS[kind]
    wrong, seen = [], 0
    for name, case in vectors(path, kind):
        seen += 1
        if check(case) == case["wantErr"]:
            wrong.append(name)
    assert (wrong, seen) == ([], count)


def test_v17_roots_agree_with_the_naive_tree_for_every_size_up_to_512() -> None:
    frontier = merkle.Frontier()
    for size in range(513):
        expected = naive.mth(LEAVES[:size])
        assert merkle.root_of(NODES, size) == expected
        assert frontier.root() == expected
        assert merkle.Frontier.at(NODES, size).hashes == frontier.hashes
        frontier.append(HASHES[size])


def hold_inclusion(index: int, size: int, root: bytes) -> list[bytes]:
    proof = merkle.inclusion_proof(NODES, index, size)
    assert merkle.verify_inclusion(HASHES[index], index, size, proof, root)
    assert not merkle.verify_inclusion(HASHES[index + 1], index, size, proof, root)
    return proof


def test_v17_inclusion_proofs_hold_for_the_leaves_tried_of_every_size_up_to_512() -> None:
    for size in range(1, 513):
        root = merkle.root_of(NODES, size)
        for index in range(0, size, 1 + size // 16):
            hold_inclusion(index, size, root)
    for size in (1, 2, 3, 7, 8, 9, 63, 64, 65, 200, 511, 512):
        for index in range(size):
            assert merkle.inclusion_proof(NODES, index, size) == naive.path(index, LEAVES[:size])


@pytest.mark.long
def test_v17_inclusion_proofs_hold_for_every_leaf_of_every_size_up_to_512() -> None:
    for size in range(1, 513):
        root = merkle.root_of(NODES, size)
        for index in range(size):
            assert hold_inclusion(index, size, root) == naive.path(index, LEAVES[:size])


def hold_consistency(old: int, new: int) -> None:
    proof = merkle.consistency_proof(NODES, old, new)
    assert proof == naive.proof(old, LEAVES[:new])
    roots = merkle.root_of(NODES, old), merkle.root_of(NODES, new)
    assert merkle.verify_consistency(old, new, proof, *roots)
    if old < new:
        assert not merkle.verify_consistency(old, new, proof, roots[1], roots[0])


def test_v17_consistency_proofs_hold_between_every_pair_of_sizes_up_to_128_and_agree_with_the_naive_ones() -> None:
    for new in range(1, 129):
        for old in range(1, new + 1):
            hold_consistency(old, new)


@pytest.mark.long
def test_v17_consistency_proofs_hold_between_every_pair_of_sizes_up_to_512_and_agree_with_the_naive_ones() -> None:
    for new in range(1, 513):
        for old in range(1, new + 1):
            hold_consistency(old, new)


@given(st.integers(129, 512), st.data())
def test_v17_consistency_proofs_of_larger_trees_agree_with_the_naive_ones(new: int, data: st.DataObject) -> None:
    old = data.draw(st.integers(1, new))
    proof = merkle.consistency_proof(NODES, old, new)
    assert proof == naive.proof(old, LEAVES[:new])
    assert merkle.verify_consistency(old, new, proof, merkle.root_of(NODES, old), merkle.root_of(NODES, new))


@given(st.integers(1, 512), st.data())
def test_a_proof_with_one_flipped_bit_is_refused(size: int, data: st.DataObject) -> None:
    index = data.draw(st.integers(0, size - 1))
    root = merkle.root_of(NODES, size)
    blob = bytearray(b"".join([HASHES[index], *merkle.inclusion_proof(NODES, index, size), root]))
    bit = data.draw(st.integers(0, 8 * len(blob) - 1))
    blob[bit // 8] ^= 1 << bit % 8
    leaf, *proof, root = [bytes(blob[i : i + 32]) for i in range(0, len(blob), 32)]
    assert not merkle.verify_inclusion(leaf, index, size, proof, root)


def test_asking_for_a_proof_that_cannot_exist_is_an_error() -> None:
    for index, size in ((0, 0), (3, 3), (-1, 3)):
        with pytest.raises(ValueError, match="has no leaf"):
            merkle.inclusion_proof(NODES, index, size)
    for old, new in ((0, 3), (4, 3)):
        with pytest.raises(ValueError, match="no consistency proof"):
            merkle.consistency_proof(NODES, old, new)
    with pytest.raises(ValueError, match="complete subtrees"):
        merkle.Frontier(3, [HASHES[0]])


def test_tiles_are_addressed_as_the_specification_writes_them() -> None:
    assert merkle.tile_path(0, 1234067) == "tile/0/x001/x234/067"
    assert merkle.tile_path(1, 0, 17) == "tile/1/000.p/17"
    assert merkle.tile_path(0, 999) == "tile/0/999"
    assert merkle.tile_path(0, 1000) == "tile/0/x001/000"
    tiles = list(merkle.tiles_of(70_000))
    assert [t for t in tiles if t[2] < 256] == [(0, 273, 112), (1, 1, 17), (2, 0, 1)]
    assert sum(1 for t in tiles if t[0] == 0 and t[2] == 256) == 273
    assert list(merkle.tiles_of(256)) == [(0, 0, 256), (1, 0, 1)]
    assert list(merkle.tiles_of(300, since=300)) == []
    assert list(merkle.tiles_of(301, since=300)) == [(0, 1, 45)]


def test_a_tree_grown_tile_by_tile_and_stopped_at_any_size_is_the_same_tree() -> None:
    leaves = [merkle.leaf_hash(n.to_bytes(4, "big")) for n in range(70_000)]
    stored: dict[tuple[int, int, int], bytes] = {}

    def read(level: int, index: int, width: int) -> bytes:
        return stored[level, index, width]

    size = 0
    for stop in (1, 255, 256, 257, 600, 65_535, 65_536, 65_537, 70_000):
        builder = merkle.TileBuilder(size, read)
        for leaf in leaves[size:stop]:
            builder.append(leaf)
        changed = {(level, index, len(data) // 32): data for level, index, data in builder.changed()}
        assert set(changed) == set(merkle.tiles_of(stop, since=size))
        stored.update(changed)
        assert builder.changed() == []
        frontier = merkle.Frontier()
        frontier.extend(leaves[:stop])
        nodes = merkle.nodes_from_tiles(read, stop)
        assert merkle.root_of(nodes, stop) == frontier.root()
        proof = merkle.inclusion_proof(nodes, size, stop)
        assert merkle.verify_inclusion(leaves[size], size, stop, proof, frontier.root())
        size = stop


def test_a_tile_of_the_wrong_length_is_refused() -> None:
    nodes = merkle.nodes_from_tiles(lambda level, index, width: b"short", 3)
    with pytest.raises(ValueError, match=r"tile/0/000\.p/3 has 5 bytes"):
        merkle.root_of(nodes, 3)
    with pytest.raises(ValueError, match="has 0 bytes"):
        merkle.TileBuilder(3)
