"""F35: a full disk is said in a sentence, and leaves neither a row without its file nor half a file."""

import errno
from pathlib import Path
from typing import NoReturn

import pytest
from django.conf import settings
from django.http import HttpResponse
from django.test import RequestFactory

from entraide.desk.middleware import RefusalMiddleware
from entraide.kernel import durable
from entraide.requests import operations
from tests.plugins.desk import Desk
from tests.plugins.people import Cast
from tests.requests.story import Story, a_pdf, an_exchange


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EDQUOT])
def test_F35_the_page_says_that_the_disk_is_full(desk: Desk, code: int) -> None:
    middleware = RefusalMiddleware(lambda request: HttpResponse())
    page = middleware.process_exception(RequestFactory().post("/"), OSError(code, "no space"))

    assert page is not None and page.status_code == 503
    assert b"disk of this desk is full" in page.content


def test_F35_an_instrument_that_does_not_fit_leaves_no_row(
    desk: Desk, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    story = Story(desk, cast, an_exchange(at=desk.now)).draft()
    rows = desk.superuser_sql("SELECT id FROM requests_instrument")

    def full(handle: int) -> NoReturn:
        raise OSError(errno.ENOSPC, "no space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(durable.os, "fsync", full)
        with pytest.raises(OSError, match="no space"):
            operations.attach_instrument(
                story.reference, a_pdf("another"), "other.pdf", actor=cast.OTTO.actor, now=desk.now
            )

    assert desk.superuser_sql("SELECT id FROM requests_instrument") == rows
    whole = [path for path in Path(settings.HOME, "files").glob("??/*") if path.suffix != ".new"]
    assert [path.name for path in whole] == [str(row[0]) for row in rows]
    assert story.file().state.value == "submitted"
