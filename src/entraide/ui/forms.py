"""Django's forms drawn our way."""

from collections.abc import Mapping
from typing import Any

from django.forms import CheckboxSelectMultiple, RadioSelect
from django.forms.renderers import DjangoTemplates
from django.forms.widgets import ChoiceWidget

from entraide.kernel.errors import Text
from entraide.ui.components import Drawable


class FieldRenderer(DjangoTemplates):
    """``FORM_RENDERER = "entraide.ui.forms.FieldRenderer"``.

    ``{{ form }}`` draws every field, ``{{ field.as_field_group }}`` one: label, hint, error, widget, with
    ``aria-describedby`` to hint and error and a fieldset around radio buttons and check boxes.
    """

    form_template_name = "ui/forms/form.html"
    field_template_name = "ui/forms/field.html"
    formset_template_name = "ui/forms/formset.html"


class Choices(ChoiceWidget):
    """Choices drawn one under the other, each with what it means, in groups where there are any.

    Parameters
    ----------
    hints : mapping of value to text
        What a choice means, under its label.
    notes : mapping of value to component or text
        Something short beside its label, such as a pill.
    group_hints : mapping of group label to text
        What holds for a whole group.
    """

    template_name = "ui/forms/choices.html"
    option_template_name = "ui/forms/choices.html"  # options are drawn by the template above
    use_fieldset = True

    def __init__(
        self,
        *,
        hints: Mapping[str, Drawable] | None = None,
        notes: Mapping[str, Drawable] | None = None,
        group_hints: Mapping[Text, Drawable] | None = None,
        attrs: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(attrs)
        self.hints, self.notes, self.group_hints = hints or {}, notes or {}, group_hints or {}

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        """Return what the template draws."""
        context = super().get_context(name, value, attrs)
        for group, options, _index in context["widget"]["optgroups"]:
            for option in options:
                option["hint"] = self.hints.get(str(option["value"]), "")
                option["note"] = self.notes.get(str(option["value"]), "")
                option["group_hint"] = self.group_hints.get(group, "") if group else ""
        return context

    def id_for_label(self, id_: str, index: str | None = None) -> str:
        """Return the id of one choice; the whole has none, it is a fieldset."""
        return super().id_for_label(id_, index) if index is not None else ""


class OneOf(Choices, RadioSelect):
    """One of several, as radio buttons."""

    template_name = "ui/forms/choices.html"


class SomeOf(Choices, CheckboxSelectMultiple):
    """Any number of several, as check boxes."""

    template_name = "ui/forms/choices.html"
