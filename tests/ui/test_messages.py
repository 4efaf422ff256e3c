import re
from pathlib import Path

import polib
import pytest

from entraide.ui import messages
from entraide.ui.messages import Message


def test_python_messages_are_found_with_plural_and_context() -> None:
    source = """
_("one"); gettext_lazy("two"); ngettext("%(n)d day", "%(n)d days", n)
pgettext("month", "May"); npgettext_lazy("court", "case", "cases", n); _(name); _(f"{x}")
"""
    assert list(messages.extract_from_python(source)) == [
        Message("one"),
        Message("two"),
        Message("%(n)d day", plural="%(n)d days"),
        Message("May", context="month"),
        Message("case", context="court", plural="cases"),
    ]


def test_template_messages_are_found_with_plural_context_and_filters() -> None:
    source = """{% load i18n %}{% translate "Hello" %}{% translate "May" context "month" %}{% x _("Filter") %}
{% blocktranslate trimmed with who=name count n=rows|length %}
  {{ who }} has one
{% plural %}
  {{ who }} has {{ n }}
{% endblocktranslate %}"""
    assert list(messages.extract_from_template(source)) == [
        Message("Hello"),
        Message("May", context="month"),
        Message("Filter"),
        Message("%(who)s has one", plural="%(who)s has %(n)s"),
    ]


@pytest.fixture
def house(tmp_path: Path) -> tuple[Path, Path]:
    source, locale = tmp_path / "source", tmp_path / "locale"
    source.mkdir()
    (source / "a.py").write_text('_("Hello %(name)s"); ngettext("%(count)d hour", "%(count)d hours", n)')
    return source, locale


def _translated(locale: Path, source: Path, **texts: str) -> None:
    messages.write_catalogues(locale, source)
    for language in messages.PLURAL_FORMS:
        path = locale / language / "LC_MESSAGES" / "django.po"
        catalogue = polib.pofile(str(path))
        for entry in catalogue:
            if entry.msgid_plural:
                entry.msgstr_plural = {n: f"%(count)d {language}{n}" for n in entry.msgstr_plural}
            else:
                entry.msgstr = texts.get(language, f"{language} %(name)s")
        catalogue.save()


def test_a_whole_catalogue_has_no_problems(house: tuple[Path, Path]) -> None:
    source, locale = house
    _translated(locale, source)
    assert messages.problems(locale, source) == []


def test_what_is_missing_lost_or_no_longer_used_is_said(house: tuple[Path, Path]) -> None:
    source, locale = house
    _translated(locale, source, fr="Bonjour", es="")
    (source / "b.py").write_text('_("New")')
    assert messages.problems(locale, source) == [
        "fr: not in the catalogue: 'New'",
        "fr: other placeholders: 'Hello %(name)s'",
        "es: not in the catalogue: 'New'",
        "es: not translated: 'Hello %(name)s'",
        "ar: not in the catalogue: 'New'",
    ]


def test_one_and_two_may_be_said_in_words_but_many_needs_its_number(house: tuple[Path, Path]) -> None:
    source, locale = house
    _translated(locale, source)
    path = locale / "ar" / "LC_MESSAGES" / "django.po"
    catalogue = polib.pofile(str(path))
    hours = catalogue.find("%(count)d hour")
    hours.msgstr_plural[1], hours.msgstr_plural[2] = "ساعة", "ساعتان"
    catalogue.save()
    assert messages.problems(locale, source) == []
    hours.msgstr_plural[5] = "ساعات"
    catalogue.save()
    assert messages.problems(locale, source) == ["ar: other placeholders: '%(count)d hour'"]


def test_extracting_again_changes_nothing_and_loses_no_translation(house: tuple[Path, Path]) -> None:
    source, locale = house
    _translated(locale, source)
    messages.write_catalogues(locale, source)
    before = (locale / "fr" / "LC_MESSAGES" / "django.po").read_bytes()
    (source / "a.py").write_text("\n\n\n" + (source / "a.py").read_text())  # only line numbers move
    assert messages.write_catalogues(locale, source) == {"fr": 0, "es": 0, "ar": 0}
    assert (locale / "fr" / "LC_MESSAGES" / "django.po").read_bytes() == before


def test_catalogues_are_compiled_once(house: tuple[Path, Path]) -> None:
    source, locale = house
    _translated(locale, source)
    assert messages.compile_catalogues(locale) == 3
    assert messages.compile_catalogues(locale) == 0
    compiled = polib.mofile(str(locale / "ar" / "LC_MESSAGES" / "django.mo"))
    assert compiled.find("%(count)d hour").msgstr_plural[5] == "%(count)d ar5"


def test_a_function_under_another_name_is_known_by_its_own() -> None:
    source = "from django.utils.translation import gettext_lazy as _later\nTITLE = _later('What happened')\n"
    assert [message.text for message in messages.extract_from_python(source)] == ["What happened"]


def test_the_indentation_of_a_template_hides_no_message() -> None:
    source = "  {% if a %}{% translate 'One' %}\n {% else %}{% translate 'Two' %}\n{% endif %}"
    assert [message.text for message in messages.extract_from_template(source)] == ["One", "Two"]


def test_what_is_put_into_an_arabic_sentence_is_isolated(house: tuple[Path, Path]) -> None:
    source, locale = house
    _translated(locale, source, ar="\u0645\u0631\u062d\u0628\u0627 %(name)s", fr="Bonjour %(name)s")
    messages.compile_catalogues(locale)
    read = {name: polib.mofile(str(locale / name / "LC_MESSAGES" / "django.mo")) for name in ("ar", "fr")}
    assert read["ar"].find("Hello %(name)s").msgstr == "\u0645\u0631\u062d\u0628\u0627 \u2068%(name)s\u2069"
    assert read["fr"].find("Hello %(name)s").msgstr == "Bonjour %(name)s"


def test_an_address_within_a_tag_is_not_isolated() -> None:
    assert messages.isolated('<a href="%(href)s">%(name)s</a>') == '<a href="%(href)s">\u2068%(name)s\u2069</a>'


def test_french_punctuation_never_begins_a_line() -> None:
    catalogue = polib.pofile(str(messages.LOCALE / "fr" / "LC_MESSAGES" / "django.po"))
    texts = [text for entry in catalogue for text in (entry.msgstr, *entry.msgstr_plural.values())]
    assert [text for text in texts if re.search(r" [:;?!\u00bb]|\u00ab ", text)] == []
