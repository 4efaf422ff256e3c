"""The page where one becomes somebody else in a demo, in the whole desk."""

import re

from django.conf import settings
from django.test import Client

from entraide.access import demo
from entraide.kernel import clock
from tests.desk.pages import HOST
from tests.plugins.people import Cast


def test_the_header_says_who_one_is_at_present(cast: Cast) -> None:
    links = {one.person.id: one.link.removeprefix(settings.ORIGIN) for one in demo.make_links(now=clock.now())}
    client = Client(**HOST)  # type: ignore[arg-type]
    client.get(links[cast.OTTO.id])

    page = client.get("/demo/people/").content.decode()

    header = re.search(r"<header.*?</header>", page, re.S)
    assert header is not None
    assert "Otto Brandt" in header[0] and "Officer" in header[0]
    assert str(cast.OTTO.id) not in header[0]
