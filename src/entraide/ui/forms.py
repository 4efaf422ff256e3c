"""Django's forms drawn our way."""

from django.forms.renderers import DjangoTemplates


class FieldRenderer(DjangoTemplates):
    """``FORM_RENDERER = "entraide.ui.forms.FieldRenderer"``.

    ``{{ form }}`` draws every field, ``{{ field.as_field_group }}`` one: label, hint, error, widget, with
    ``aria-describedby`` to hint and error and a fieldset around radio buttons and check boxes.
    """

    form_template_name = "ui/forms/form.html"
    field_template_name = "ui/forms/field.html"
    formset_template_name = "ui/forms/formset.html"
