"""Files that are whole or not there."""

import stat

import pytest

from entraide.kernel import durable


def test_a_file_that_was_not_written_to_its_end_leaves_what_was_there(tmp_path):
    path = tmp_path / "state.json"
    durable.replace(path, b"old")

    with pytest.raises(ValueError), durable.whole_file(path) as out:
        out.write(b"half of the n")
        raise ValueError

    assert path.read_bytes() == b"old"


def test_a_file_appears_whole_and_for_its_owner_only(tmp_path):
    path = tmp_path / "state.json"

    with durable.whole_file(path) as out:
        out.write(b"new")
        assert not path.exists()

    assert path.read_bytes() == b"new"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [one.name for one in tmp_path.iterdir()] == ["state.json"]


def test_what_a_killed_writer_left_is_written_over(tmp_path):
    path = tmp_path / "state.json"
    (tmp_path / "state.json.new").write_bytes(b"much longer than what comes next")

    durable.replace(path, b"new")

    assert path.read_bytes() == b"new"
