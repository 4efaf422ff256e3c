"""What every page needs besides its own content."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils import translation

THEME_COOKIE = "entraide_theme"
THEMES = ("light", "dark")
OWN_NAMES: Mapping[str, str] = {"en": "English", "fr": "Français", "es": "Español", "ar": "العربية"}


@dataclass(frozen=True, slots=True)
class Language:
    """A language the pages speak, under its own name."""

    code: str
    name: str
    dir: str
    is_current: bool


@dataclass(frozen=True, slots=True)
class PageSettings:
    """The reader's choices: `theme` is light, dark or empty (as the system); `path` is where she is."""

    theme: str
    language: Language
    languages: tuple[Language, ...]
    path: str


def pages(request: HttpRequest) -> dict[str, Any]:
    """Be the context processor ``entraide.ui.context.pages``: the variable `ui` of `ui/base.html`."""
    current = translation.get_language() or "en"
    languages = tuple(
        Language(
            code=code,
            name=OWN_NAMES.get(code, code),
            dir="rtl" if translation.get_language_info(code)["bidi"] else "ltr",
            is_current=code == current,
        )
        for code, _ in settings.LANGUAGES
        if code in OWN_NAMES
    )
    here = next((language for language in languages if language.is_current), languages[0])
    theme = request.COOKIES.get(THEME_COOKIE, "")
    is_page = request.method == "GET" and not getattr(request, "htmx", False)
    return {
        "ui": PageSettings(
            theme=theme if theme in THEMES else "",
            language=here,
            languages=languages,
            path=request.get_full_path() if is_page else request.path,
        )
    }
