"""What an instance is, is fixed when it is made; kinds never mix; nothing foreign is touched."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from entraide.kernel.errors import NotPossible
from entraide.supervision.instance import Kind, check_origin, open_instance, read_instance
from entraide.supervision.places import Places, places_of

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
LOCAL = "http://localhost:8000"


def test_an_instance_is_made_once_and_read_ever_after(tmp_path: Path) -> None:
    places = Places(tmp_path / "demo")

    made = open_instance(places, Kind.DEMO, LOCAL, now=NOON)
    again = open_instance(places, Kind.DEMO, LOCAL, now=datetime(2027, 1, 1, tzinfo=UTC))

    assert made == again == read_instance(places)
    assert again.created == "2026-11-24T12:00:00+00:00"


def test_the_folders_are_closed_to_other_users(tmp_path: Path) -> None:
    places = Places(tmp_path / "demo")

    open_instance(places, Kind.DEMO, LOCAL, now=NOON)

    for folder in (places.keys, places.signer, places.spool, places.packages, places.run):
        assert oct(folder.stat().st_mode & 0o777) == oct(0o700), folder


@pytest.mark.parametrize("lives", list(Kind))
@pytest.mark.parametrize("asked", list(Kind))
def test_h6_kinds_never_mix(tmp_path: Path, lives: Kind, asked: Kind) -> None:
    if lives is asked:
        pytest.skip("the same kind is no mix")
    origins = {Kind.PRODUCTION: "https://desk.example"}
    places = Places(tmp_path / "desk")
    open_instance(places, lives, origins.get(lives, LOCAL), now=NOON)

    with pytest.raises(NotPossible, match=f"a {lives} lives there, and kinds never mix"):
        open_instance(places, asked, origins.get(asked, LOCAL), now=NOON)


def test_a_folder_with_something_else_in_it_is_left_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "photo.jpg").write_text("holiday")

    with pytest.raises(NotPossible, match="something in it that is not an instance of Entraide"):
        open_instance(Places(tmp_path), Kind.DEMO, LOCAL, now=NOON)

    assert [path.name for path in tmp_path.iterdir()] == ["photo.jpg"]


def test_another_port_on_localhost_is_the_same_place_to_a_passkey(tmp_path: Path) -> None:
    places = Places(tmp_path / "trial")
    made = open_instance(places, Kind.TRIAL, LOCAL, now=NOON)

    assert open_instance(places, Kind.TRIAL, "http://localhost:9000", now=NOON) == made


def test_another_host_name_is_refused_because_passkeys_hang_on_it(tmp_path: Path) -> None:
    places = Places(tmp_path / "trial")
    open_instance(places, Kind.TRIAL, LOCAL, now=NOON)

    with pytest.raises(NotPossible, match="its passkeys would not work under another name"):
        open_instance(places, Kind.TRIAL, "https://desk.example", now=NOON)


@pytest.mark.parametrize(
    ("kind", "origin", "reason"),
    [
        (Kind.TRIAL, "http://desk.example", "passkeys need https everywhere but on localhost"),
        (Kind.TRIAL, "http://127.0.0.1:8000", "127.0.0.1 is not localhost to a browser"),
        (Kind.TRIAL, "desk.example", "it is not an origin"),
        (Kind.TRIAL, "https://desk.example/path", "it is not an origin"),
        (Kind.DEMO, "https://desk.example", "a demo lives on this machine only"),
        (Kind.PRODUCTION, "http://localhost:8000", "a production desk is not on localhost"),
        (Kind.PRODUCTION, "https://localhost", "a production desk is not on localhost"),
    ],
)
def test_an_origin_that_would_not_work_is_refused(kind: Kind, origin: str, reason: str) -> None:
    with pytest.raises(NotPossible, match=reason):
        check_origin(kind, origin)


@pytest.mark.parametrize(
    ("kind", "origin"),
    [
        (Kind.DEMO, LOCAL),
        (Kind.TRIAL, LOCAL),
        (Kind.TRIAL, "https://desk.example"),
        (Kind.PRODUCTION, "https://d.example"),
    ],
)
def test_an_origin_that_works_is_accepted(kind: Kind, origin: str) -> None:
    check_origin(kind, origin)


def test_an_unreadable_instance_is_said_and_kept(tmp_path: Path) -> None:
    places = Places(tmp_path / "desk")
    open_instance(places, Kind.DEMO, LOCAL, now=NOON)
    (places.home / "instance.json").write_text(json.dumps({"kind": "festival"}))

    with pytest.raises(NotPossible, match="cannot be understood"):
        open_instance(places, Kind.DEMO, LOCAL, now=NOON)


def test_the_place_can_be_chosen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ENTRAIDE_HOME", str(tmp_path / "here"))

    assert places_of("demo").home == tmp_path / "here"


def test_each_kind_has_its_own_place(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ENTRAIDE_HOME", raising=False)

    assert len({places_of(kind).home for kind in Kind}) == len(Kind)


def test_an_instance_of_another_user_is_not_called_broken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    places = Places(tmp_path / "trial")
    open_instance(places, Kind.TRIAL, LOCAL, now=NOON)

    def forbidden(_file: Path) -> str:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "read_text", forbidden)
    with pytest.raises(NotPossible, match="belongs to another user .* Start the desk as that user"):
        open_instance(places, Kind.TRIAL, LOCAL, now=NOON)
