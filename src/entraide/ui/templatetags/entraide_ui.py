"""``{% load entraide_ui %}``: draw components.

``{% draw value %}`` draws any component or text.  The others build a small component and draw it:
``pill``, ``button``, ``amount``, ``command``, ``identifier``, ``moment``, ``deadline``, ``notice``, ``person``,
``error_summary``.
``icon`` draws an icon.  Contracts: `entraide.ui.components`.
"""

import json
from collections.abc import Iterable
from datetime import datetime
from typing import Any, TypeGuard

from django import template
from django.forms import BaseForm
from django.template import Context
from django.utils.html import escape, format_html
from django.utils.safestring import SafeString

from entraide.kernel.amounts import Amount
from entraide.kernel.errors import Text
from entraide.ui import components
from entraide.ui.components import Component, Drawable
from entraide.ui.icons import draw_icon
from entraide.ui.words import labelled

register = template.Library()

_DRAWN = "_drawn"


@register.simple_tag(takes_context=True)
def draw(context: Context, value: Drawable) -> SafeString:
    """Draw a component in a context of its own (as an include with ``only``), or a text, escaped.

    A page of hundreds of targets draws the same account, day and state again and again: what is equal is drawn once.
    A text that is marked as safe equals the same text unmarked, so no component may hold one; none is made outside
    this room.
    """
    if not _is_component(value):
        return escape(str(value))
    drawn = _drawn_so_far(context)
    try:
        known = drawn.get(value)
    except TypeError:  # it holds a list, as tables do: it cannot be looked up, and hardly comes twice
        return _drawing(context, value, drawn)
    if known is None:
        known = drawn[value] = _drawing(context, value, drawn)
    return known


def _is_component(value: Drawable) -> TypeGuard[Component]:
    """Return whether a value knows its template.  (`isinstance` with a protocol takes longer than drawing a pill.)"""
    return hasattr(type(value), "template")


def _drawn_so_far(context: Context) -> dict[Component, SafeString]:
    """Return what this page has drawn; kept beside what templates see, in no name that a template can say."""
    known = context.get(_DRAWN)
    if known is None:
        known = context.dicts[0][_DRAWN] = {}
    return known


def _drawing(context: Context, value: Component, drawn: dict[Component, SafeString]) -> SafeString:
    seen = {"c": value, "csrf_token": context.get("csrf_token"), _DRAWN: drawn}
    own = Context(seen, autoescape=context.autoescape, use_l10n=context.use_l10n, use_tz=context.use_tz)
    own.template = context.template
    engine = context.template.engine  # type: ignore[union-attr]  # while rendering there is a template
    return engine.get_template(value.template).render(own)


@register.simple_tag
def icon(name: str) -> SafeString:
    """Draw a Lucide icon; it says nothing to a screen reader, so words stand beside it."""
    return draw_icon(name)


@register.simple_tag(takes_context=True)
def pill(context: Context, label: Any, tone: str = "") -> SafeString:
    """``{% pill "Filed" "info" %}`` or ``{% pill state %}``, where the state knows its `label` and `tone`."""
    if not tone and hasattr(label, "tone"):
        label, tone = label.label, label.tone
    return draw(context, components.Pill(label=label, tone=tone or components.Tone.QUIET))


@register.simple_tag(takes_context=True)
def button(
    context: Context,
    label: Text,
    kind: str = "primary",
    href: str = "",
    name: str = "",
    value: str = "",
    reason: Text = "",
    icon: str = "",
) -> SafeString:
    """``{% button _("File") %}``; with a `reason` it is disabled and says why."""
    shown = components.Button(label=label, kind=kind, href=href, name=name, value=value, reason=reason or "", icon=icon)
    return draw(context, shown)


@register.simple_tag(takes_context=True)
def amount(context: Context, value: Amount, decimals: int | None = None) -> SafeString:
    """Draw an amount of an asset, digit for digit."""
    return draw(context, components.AmountShown(amount=value, decimals=decimals))


@register.simple_tag(takes_context=True)
def command(context: Context, text: str) -> SafeString:
    """Draw a command as it is typed, with a button that copies it."""
    return draw(context, components.Command(text=text))


@register.simple_tag(takes_context=True)
def identifier(context: Context, value: str, href: str = "", short: bool = False, copy: bool = True) -> SafeString:
    """Draw an address, a hash or a reference."""
    return draw(context, components.Identifier(value=str(value), href=href, short=short, copy=copy))


@register.simple_tag(takes_context=True)
def moment(context: Context, at: datetime | None, compact: bool = False) -> SafeString | str:
    """Draw a time; nothing where there is none."""
    return "" if at is None else draw(context, components.Moment(at=at, compact=compact))


@register.simple_tag(takes_context=True)
def notice(
    context: Context, title: Text, body: Drawable = "", tone: str = "info", href: str = "", link: Text = ""
) -> SafeString:
    """Draw a notification banner."""
    return draw(context, components.Notice(title=title, body=body, tone=tone, href=href, link=link))


@register.simple_tag(takes_context=True)
def receipt(context: Context, message: Any) -> SafeString:
    """Draw the receipt that a message of Django's carries; the message is written by `access.web.receipts`."""
    return draw(context, components.Receipt(**json.loads(str(message))))


@register.simple_tag(takes_context=True)
def person(context: Context, name: str, role: Text = "", organisation: Text = "") -> SafeString:
    """Draw a person."""
    return draw(context, components.PersonChip(name=name, role=role, organisation=organisation))


@register.simple_tag(takes_context=True)
def error_summary(context: Context, form: BaseForm | None, takes_focus: bool = True) -> SafeString | str:
    """Draw what is wrong with a form, with a link to each field; nothing while nothing is wrong."""
    if form is None or not form.errors:
        return ""
    return draw(context, components.ErrorSummary(faults=tuple(_faults_of(form)), takes_focus=takes_focus))


def _faults_of(form: BaseForm) -> Iterable[components.Fault]:
    for error in form.non_field_errors():
        yield components.Fault(text=error)
    for bound in form:
        # A group of radio buttons has no element of its own name: the first of them takes the focus.
        first = next((str(widget.id_for_label) for widget in bound.subwidgets), "") if bound.use_fieldset else ""
        is_missing = (
            any(error.code == "required" for error in form.errors[bound.name].as_data()) if bound.errors else False
        )
        for error in bound.errors:
            # "This field is required" alone says too little.
            text = _said_of(bound.label, error) if is_missing else error
            yield components.Fault(text=text, href=f"#{first or bound.id_for_label or bound.auto_id}")


def _said_of(label: Text, error: Text) -> str:
    return f"{label} {error}" if str(label)[-1:] in "?؟." else labelled(label, error)


@register.simple_tag
def lines(text: str) -> SafeString:
    """Draw a person's own words: escaped, line breaks kept, in whatever direction they are written."""
    return format_html('<p class="words" dir="auto">{}</p>', text)
