import re
from pathlib import Path

import pytest

from entraide.ui import build

SHEETS = sorted(build.CSS.glob("*.css"))
_PHYSICAL = re.compile(
    r"(?<![-\w])(?:(?:margin|padding|border|inset|scroll-margin|scroll-padding)-(?:left|right|top|bottom)"
    r"|left|right|(?:min-|max-)?(?:width|height)|border-(?:top|bottom)-(?:left|right)-radius)\s*:"
    r"|(?:text-align|float|clear)\s*:\s*(?:left|right)"
)
_COLOUR = re.compile(r"#[0-9a-fA-F]{3,8}\b|\b(?:rgb|hsl|oklch|oklab|lab|lch|color|light-dark|color-mix)a?\(")
_TOKEN = re.compile(r"(--[\w-]+):\s*([^;]+);")


def _rules(text: str) -> str:
    without_comments = re.sub(r"/\*.*?\*/", "", text, flags=re.S)
    return re.sub(r"@media[^{]+", "@media ", without_comments)  # a media query may ask for widths


@pytest.mark.parametrize("sheet", SHEETS, ids=lambda path: path.name)
def test_one_sheet_serves_both_directions_because_it_names_no_side(sheet: Path) -> None:
    assert _PHYSICAL.findall(_rules(sheet.read_text())) == []


def test_the_lint_for_sides_would_find_one() -> None:
    assert _PHYSICAL.search("p { margin-left: 1px; }") and _PHYSICAL.search("p { text-align: right; }")
    assert not _PHYSICAL.search("p { margin-inline-start: 1px; max-inline-size: 2rem; border-inline: 0; }")


@pytest.mark.parametrize("sheet", SHEETS, ids=lambda path: path.name)
def test_colours_are_hex_tokens_that_old_browsers_know(sheet: Path) -> None:
    found = set(_COLOUR.findall(_rules(sheet.read_text())))
    if sheet.name == "tokens.css":
        assert all(colour.startswith("#") for colour in found)
    else:
        assert found <= {"#00000040", "#000000"}, "a shadow and ink on paper; everything else is a token"


def _tokens(opening: str) -> dict[str, str]:
    text = (build.CSS / "tokens.css").read_text()
    start = text.index(opening) + len(opening)
    return dict(_TOKEN.findall(text[start : text.index("}", start)]))


LIGHT = {name: value for name, value in _tokens(":root {").items() if value.startswith("#")}
DARK = _tokens(':root[data-theme="dark"] {')


def test_the_reader_s_dark_and_the_system_s_dark_are_one() -> None:
    assert _tokens(':root:not([data-theme="light"]) {') == DARK
    assert DARK.keys() == LIGHT.keys()


def _luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _contrast(one: str, other: str) -> float:
    bright, dim = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (bright + 0.05) / (dim + 0.05)


PAIRS = [
    *((ink, ground) for ink in ("--ink", "--ink-soft", "--link", "--bad") for ground in ("--paper", "--ground")),
    *((f"--{tone}", f"--{tone}-ground") for tone in ("good", "warn", "bad", "info", "quiet")),
    *((f"--{tone}", "--paper") for tone in ("good", "warn", "bad", "info", "quiet")),
    *(("--ink", f"--{tone}-ground") for tone in ("good", "warn", "bad", "info", "quiet")),
    ("--ink-soft", "--quiet-ground"),
    ("--act-ink", "--act"),
    ("--act-ink", "--act-hover"),
    ("--mast-ink", "--mast"),
    ("--mast-soft", "--mast"),
    ("--demo-ink", "--demo"),
    ("--focus-ink", "--focus"),
]


@pytest.mark.parametrize(("ink", "ground"), PAIRS)
@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
def test_words_stand_out_from_their_ground(theme: dict[str, str], ink: str, ground: str) -> None:
    assert _contrast(theme[ink], theme[ground]) >= 4.5


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
def test_edges_of_fields_stand_out_from_their_ground(theme: dict[str, str]) -> None:
    assert _contrast(theme["--line-firm"], theme["--paper"]) >= 3
