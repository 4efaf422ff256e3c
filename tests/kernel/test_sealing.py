"""Sealing: nothing opens in another place, with another key, or after a change; a destroyed key stays destroyed."""

import io
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from entraide.kernel.errors import NotPossible, Unavailable
from entraide.kernel.sealing import DataKey, FileKeyStore, SealBroken

CASE = uuid4()
KEY = DataKey(CASE, bytes(32))


@given(st.binary(max_size=200), st.text(max_size=20))
def test_what_is_sealed_for_a_place_opens_there(plaintext, place):
    assert KEY.open(KEY.seal(plaintext, place=place), place=place) == plaintext


@given(st.data())
def test_any_changed_byte_is_refused(data):
    sealed = bytearray(KEY.seal(b"witness statement", place="a"))
    position = data.draw(st.integers(0, len(sealed) - 1))
    sealed[position] ^= data.draw(st.integers(1, 255))
    with pytest.raises(SealBroken):
        KEY.open(bytes(sealed), place="a")


def test_a_value_moved_to_another_place_or_case_does_not_open():
    sealed = KEY.seal(b"x", place="row 1")
    with pytest.raises(SealBroken):
        KEY.open(sealed, place="row 2")
    with pytest.raises(SealBroken):
        DataKey(uuid4(), bytes(32)).open(sealed, place="row 1")


@pytest.mark.parametrize("size", [0, 1, (1 << 18) - 1, 1 << 18, (1 << 18) + 1, 3 << 18])
def test_a_sealed_file_opens_whole_and_never_short(size):
    plaintext = bytes(range(256)) * (size // 256) + bytes(size % 256)
    out = io.BytesIO()
    assert KEY.seal_stream([plaintext[:70_000], plaintext[70_000:]], out, place="f") == size
    assert b"".join(KEY.open_stream(io.BytesIO(out.getvalue()), place="f")) == plaintext
    with pytest.raises(SealBroken):
        list(KEY.open_stream(io.BytesIO(out.getvalue()[:-1]), place="f"))


def test_dropping_the_last_chunk_of_a_sealed_file_is_refused():
    out = io.BytesIO()
    KEY.seal_stream([bytes((1 << 18) + 5)], out, place="f")
    first_chunk_only = out.getvalue()[: 5 + 5 + 12 + (1 << 18) + 16]
    with pytest.raises(SealBroken):
        list(KEY.open_stream(io.BytesIO(first_chunk_only), place="f"))


def test_the_store_gives_the_same_key_again_also_to_another_process(tmp_path):
    sealed = FileKeyStore(tmp_path / "keys").create(CASE).seal(b"x", place="p")
    store = FileKeyStore(tmp_path / "keys")
    assert store.create(CASE).open(sealed, place="p") == b"x"
    assert store.get(CASE).open(sealed, place="p") == b"x"


def test_a_destroyed_key_is_gone_and_is_never_made_anew(tmp_path):
    store = FileKeyStore(tmp_path)
    store.create(CASE)
    store.destroy(CASE)
    store.destroy(CASE)
    for ask in (store.get, store.create):
        with pytest.raises(NotPossible):
            ask(CASE)
    assert str(CASE) not in {path.name for path in (tmp_path / "cases").rglob("*")}


def test_what_lay_on_the_disk_is_overwritten_before_a_key_is_gone(tmp_path):
    store = FileKeyStore(tmp_path / "keys")
    store.create(CASE)
    [file] = [path for path in (tmp_path / "keys" / "cases").rglob("*") if path.is_file()]
    same_place = tmp_path / "another name of the same bytes"
    same_place.hardlink_to(file)
    before = same_place.read_bytes()
    store.destroy(CASE)
    assert len(same_place.read_bytes()) == len(before)
    assert same_place.read_bytes() != before


def test_a_copy_of_the_case_keys_without_the_key_encryption_key_opens_nothing(tmp_path):
    FileKeyStore(tmp_path).create(CASE)
    (tmp_path / "kek").write_bytes(bytes(32))
    with pytest.raises(Unavailable):
        FileKeyStore(tmp_path)


def test_the_blind_index_is_stable_keyed_and_separates_kinds(tmp_path):
    one, other = FileKeyStore(tmp_path / "a"), FileKeyStore(tmp_path / "b")
    assert one.blind_index("email", "x@y") == FileKeyStore(tmp_path / "a").blind_index("email", "x@y")
    assert one.blind_index("email", "x@y") != one.blind_index("phone", "x@y")
    assert one.blind_index("email", "x@y") != other.blind_index("email", "x@y")
