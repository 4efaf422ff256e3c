import re
from pathlib import Path

import pytest
from django.test import Client, modify_settings, override_settings
from django.urls import Resolver404, resolve

import entraide
from entraide.ui import components, gallery
from entraide.ui.icons import icon_names
from entraide.ui.zones import zone_named
from tests.ui.conftest import templates

LANGUAGES = ["en", "fr", "es", "ar"]
SOURCE = Path(components.__file__).resolve().parents[1]


def test_every_component_stands_in_the_gallery(pages: Client) -> None:
    shown = {type(piece) for pieces in gallery.everything()["sections"] for piece in pieces[1]}
    shown |= {type(value) for value in gallery.everything().values()}
    every = {
        kind
        for kind in vars(components).values()
        if isinstance(kind, type) and "template" in vars(kind) and kind is not components.Component
    }
    nested = {components.Link}
    assert every - nested <= shown


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_gallery_is_drawn_in_every_language(pages: Client, language: str) -> None:
    pages.cookies["django_language"] = language
    page = pages.get("/gallery/")
    assert page.status_code == 200
    direction = "rtl" if language == "ar" else "ltr"
    assert f'<html lang="{language}" dir="{direction}">' in page.text


def test_no_desk_has_an_address_for_the_gallery() -> None:
    with pytest.raises(Resolver404):
        resolve("/gallery/", urlconf="entraide.project.urls")


@pytest.mark.parametrize("address", ["/gallery/", "/answer/404/", "/answer/500/", "/no-such-page/"])
def test_every_page_of_a_demo_says_that_it_is_not_evidence(pages: Client, address: str) -> None:
    assert "DEMO: not evidence" in pages.get(address).text


def test_every_page_of_a_trial_says_that_nobody_watches(pages: Client) -> None:
    with override_settings(KIND="trial"):
        page = pages.get("/answer/404/").text
    assert "no outside witness" in page
    assert "DEMO" not in page


def test_a_production_page_has_no_such_band(pages: Client) -> None:
    with override_settings(KIND="production"):
        assert 'class="kind' not in pages.get("/answer/404/").text


@pytest.mark.parametrize("status", [400, 403, 404, 405, 409, 413, 422, 429, 500, 503])
def test_an_error_page_says_what_why_and_what_to_do(pages: Client, status: int) -> None:
    page = pages.get(f"/answer/{status}/")
    assert page.status_code == status
    assert page.headers["Cache-Control"] == "no-store"
    assert page.text.count("<p") >= 3


def test_an_error_page_is_drawn_even_when_the_database_is_away(pages: Client) -> None:
    with override_settings(TEMPLATES=templates("tests.ui.conftest.failing")):
        page = pages.get("/answer/503/")
    assert page.status_code == 503
    assert "Something the desk needs does not answer" in page.text


@pytest.mark.parametrize("address", ["/gallery/", "/answer/404/"])
def test_pages_have_no_inline_script_style_or_handler(pages: Client, address: str) -> None:
    html = pages.get(address).text
    assert re.findall(r"<script(?![^>]*(?:\ssrc=|type=\"application/json\"))[^>]*>", html) == []
    assert "<style" not in html
    assert re.findall(r"<[^>]+\s(?:style|on\w+|hx-on[^=]*)=", html) == []


def test_no_template_has_inline_script_style_or_handler() -> None:
    wrong = re.compile(
        r"<style|<[^>]+\s(?:style|on[a-z]+|hx-on[^=]*)=|<script(?![^>]*(?:src=|application/json))|\|safe\b"
    )
    found = [
        f"{path.relative_to(SOURCE)}: {match}"
        for folder in SOURCE.rglob("templates")
        for path in folder.rglob("*.html")
        for match in wrong.findall(path.read_text())
    ]
    assert found == []


def test_every_icon_a_template_names_exists() -> None:
    if not icon_names():
        pytest.skip("the pages are not built here")
    named = {
        name
        for folder in SOURCE.rglob("templates")
        for path in folder.rglob("*.html")
        for name in re.findall(r'(?:{%\s*icon\s+|icon=)"([\w-]+)"', path.read_text())
    } | set(components.TONE_ICONS.values())
    assert named - icon_names() == set()


def _token(pages: Client) -> str:
    found = re.search(r'name="csrf-token" content="(\w+)"', pages.get("/gallery/").text)
    assert found is not None
    return found[1]


def test_the_language_is_chosen_and_the_reader_stays_where_she_was(pages: Client) -> None:
    chosen = {"language": "ar", "next": "/gallery/", "csrfmiddlewaretoken": _token(pages)}
    answer = pages.post("/language/", chosen)
    assert (answer.status_code, answer.headers["Location"]) == (302, "/gallery/")
    assert 'dir="rtl"' in pages.get("/gallery/").text


def test_choosing_a_language_leads_nowhere_else(pages: Client) -> None:
    chosen = {"language": "fr", "next": "https://elsewhere.example/", "csrfmiddlewaretoken": _token(pages)}
    assert pages.post("/language/", chosen).headers["Location"] == "/"


@pytest.mark.parametrize("address", ["/language/", "/theme/"])
def test_a_choice_opened_by_its_bare_address_leads_to_the_first_page(pages: Client, address: str) -> None:
    answer = pages.get(address)
    assert (answer.status_code, answer.headers["Location"]) == (302, "/")
    assert not answer.cookies


def test_choices_of_another_site_are_not_taken(pages: Client) -> None:
    assert pages.post("/language/", {"language": "fr"}).status_code == 403


def test_the_reader_s_theme_is_kept_and_can_be_given_back(pages: Client) -> None:
    token = _token(pages)
    pages.post("/theme/", {"theme": "dark", "next": "/gallery/", "csrfmiddlewaretoken": token})
    assert ' data-theme="dark"' in pages.get("/gallery/").text
    pages.post("/theme/", {"theme": "", "next": "/gallery/", "csrfmiddlewaretoken": token})
    assert " data-theme=" not in pages.get("/gallery/").text


def test_progress_is_asked_for_until_it_ends(pages: Client) -> None:
    working, done = pages.get("/work/working/"), pages.get("/work/done/")
    assert (working.status_code, done.status_code) == (200, 286)
    assert "HX-Refresh" not in working.headers and done.headers["HX-Refresh"] == "true"
    assert 'hx-trigger="every 2s"' in working.text
    assert "hx-" not in done.text


def test_a_form_ties_hint_and_error_to_its_field(pages: Client) -> None:
    html = pages.get("/gallery/").text
    assert 'aria-describedby="id_reference_helptext id_reference_error"' in html
    assert 'id="id_reference_helptext"' in html and 'id="id_reference_error"' in html
    assert '<a href="#id_urgency_0">' in html, "the summary leads to the first of the radio buttons"


def test_the_package_is_where_templates_are_looked_for() -> None:
    assert Path(next(iter(entraide.__path__))) == SOURCE


def test_times_are_drawn_in_the_zone_the_browser_has_named(pages: Client) -> None:
    with modify_settings(MIDDLEWARE={"append": "entraide.ui.zones.ReaderZoneMiddleware"}):
        pages.cookies["entraide_zone"] = "Asia/Tokyo"
        assert "21:00</span> <bdi" in pages.get("/gallery/").text


@pytest.mark.parametrize(
    "name", ["", "Nowhere/City", "../../etc/passwd", "/etc/passwd", "Europe", "a" * 500, "\0", "UTC\r\n"]
)
def test_a_zone_that_is_none_is_passed_over(name: str) -> None:
    assert zone_named(name) is None
