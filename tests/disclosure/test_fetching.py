"""The file itself: who gets it, until when, which part of it, and what a cache may keep."""

from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client
from tests.desk.pages import HOST, at_desk
from tests.disclosure.test_packages import build, sealed, seen
from tests.requests.story import Story
from tests.story.conftest import identity, story

from entraide.disclosure import building, operations
from entraide.disclosure.acts import download_act
from entraide.kernel import clock

__all__ = ["identity", "story"]  # fixtures


def bytes_of(answer: object) -> bytes:
    return b"".join(answer.streaming_content)  # type: ignore[attr-defined]


def test_V29_the_file_goes_to_one_sign_in_for_a_day_in_any_part_and_into_no_cache(
    story: Story, identity: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package_id = sealed(story, identity)
    build(package_id)
    story.desk.work()
    otto, token = story.cast.OTTO.signed_in(story.now)
    view = seen(story, package_id)
    step_up_id, assertion = otto.sign(download_act(view.reference, bytes.fromhex(view.file_sha256)), story.now)
    fetch = operations.begin_download(
        package_id, step_up_id=step_up_id, assertion=assertion, actor=otto.actor, now=story.now
    )
    whole, href = building.package_file(package_id).read_bytes(), f"/packages/{package_id}/file/{fetch.id}/"
    hers = Client(**HOST)  # type: ignore[arg-type]
    hers.cookies[settings.SIGN_IN_COOKIE] = token

    answer = hers.get(href)
    assert (answer.status_code, bytes_of(answer)) == (200, whole)
    assert "no-store" in answer["Cache-Control"] and answer["Content-Disposition"].startswith("attachment;")
    assert answer["X-Content-Type-Options"] == "nosniff"
    for asked, first, last in (
        ("bytes=0-0", 0, 0),
        ("bytes=5-", 5, len(whole) - 1),
        ("bytes=7-99999999", 7, len(whole) - 1),
    ):
        part = hers.get(href, headers={"Range": asked})
        assert (part.status_code, bytes_of(part)) == (206, whole[first : last + 1])
        assert part["Content-Range"] == f"bytes {first}-{last}/{len(whole)}"
    for asked in (f"bytes={len(whole)}-", "bytes=9-3"):
        assert hers.get(href, headers={"Range": asked}).status_code == 416
    for asked in ("bytes=0-1,3-4", "bytes=-5", "lines=1-2", "bytes=--", "bytes=" + "9" * 400 + "-"):
        part = hers.get(href, headers={"Range": asked})
        assert (part.status_code, bytes_of(part)) == (200, whole)  # not understood: all of it, never another file
    for method in ("head", "post", "put", "delete"):
        assert getattr(hers, method)(href).status_code == 405

    absent = hers.get(f"/packages/{package_id}/file/{package_id}/")
    strangers = [at_desk(player) for player in (story.cast.OTTO, story.cast.IVO)]  # Otto by another sign-in
    for client in strangers:
        assert client.get(href).status_code == absent.status_code == 404
    for player in (story.cast.SABINE, story.cast.ANOUK, story.cast.AUDE):
        assert at_desk(player).get(href).status_code in (403, 404)
    assert Client(**HOST).get(href).status_code == 302  # type: ignore[arg-type]
    later = story.now + timedelta(hours=24, minutes=1)
    monkeypatch.setattr(clock, "now", lambda: later)
    assert hers.get(href).status_code in (302, 404)
