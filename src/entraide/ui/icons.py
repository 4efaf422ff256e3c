"""Lucide icons, drawn into the page."""

import json
from functools import cache

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from entraide.ui.fonts import BUILT


@cache
def _nodes() -> dict[str, list[tuple[str, dict[str, str]]]]:
    path = BUILT / "icons.json"
    return json.loads(path.read_text()) if path.exists() else {}


def icon_names() -> frozenset[str]:
    """Return every icon there is; empty before the first build."""
    return frozenset(_nodes())


@cache
def draw_icon(name: str) -> SafeString:
    """Return the icon as inline SVG that screen readers pass over; before the first build, an empty one.

    Raises
    ------
    LookupError
        If there is no icon of that name.
    """
    nodes = _nodes()
    if nodes and name not in nodes:
        raise LookupError(f"there is no icon {name!r}")
    shapes = format_html_join(
        "", "<{}{}></{}>", ((tag, _attributes(attributes), tag) for tag, attributes in nodes.get(name, ()))
    )
    return format_html(
        '<svg class="icon icon--{}" viewBox="0 0 24 24" width="24" height="24" fill="none" stroke="currentColor"'
        ' stroke-width="2" stroke-linecap="round" stroke-linejoin="round" aria-hidden="true" focusable="false">'
        "{}</svg>",
        name,
        shapes,
    )


def _attributes(attributes: dict[str, str]) -> SafeString:
    return format_html_join("", ' {}="{}"', attributes.items())
