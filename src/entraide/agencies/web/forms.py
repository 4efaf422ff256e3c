"""What is asked about agencies; each field by name, nothing else of what was sent counts."""

from collections.abc import Collection
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from entraide.agencies.facts import AgencyFacts, check_facts
from entraide.agencies.labels import CATEGORY_LABELS
from entraide.agencies.states import AgencyCheck
from entraide.kernel.errors import Invalid
from entraide.ui.places import countries_to_choose
from entraide.ui.words import listed


class SignedList(forms.MultipleChoiceField):
    """Several choices: ticked on the question page, in one hidden value on the page that signs them."""

    widget = forms.CheckboxSelectMultiple

    def to_python(self, value: Any) -> list[str]:
        """Return the choices, however they came."""
        words = value if isinstance(value, list | tuple) else [value or ""]
        return [word for one in words for word in str(one).split(",") if word]


class AgencyForm(forms.Form):
    """The facts of an agency, from a directory and not from its own letter."""

    name = forms.CharField(label=_("Name of the agency"), max_length=200, help_text=_("As it calls itself on orders"))
    country = forms.ChoiceField(
        label=_("Country"),
        choices=countries_to_choose,
        error_messages=dict.fromkeys(("required", "invalid_choice"), _("Select the country of the agency")),
    )
    function = forms.CharField(label=_("What it is there for"), max_length=200, help_text=_("Such as criminal police"))
    domains = forms.CharField(
        label=_("E-mail domains"),
        max_length=600,
        help_text=_("Of its people's addresses; several with a comma between"),
    )
    switchboard = forms.CharField(
        label=_("Switchboard"),
        max_length=40,
        help_text=_("From a public directory, never from the agency's own letter: this number is called back"),
    )

    def clean_domains(self) -> list[str]:
        """Return the domains as a list."""
        return [word.lower() for word in self.cleaned_data["domains"].replace(",", " ").split()]

    @property
    def facts(self) -> AgencyFacts:
        """Return the facts as they are signed."""
        sent = self.cleaned_data
        return AgencyFacts.of(**{name: sent[name] for name in ("country", "function", "domains", "switchboard")})

    def clean(self) -> dict[str, Any]:
        """Say by field what the operation would refuse."""
        if not self.errors:
            try:
                check_facts(self.facts, name=self.cleaned_data.get("name", "-"))
            except Invalid as refusal:
                raise ValidationError({name: str(why) for name, why in refusal.fields.items()}) from None
        return self.cleaned_data

    @property
    def hidden(self) -> dict[str, str]:
        """What the page that signs sends along."""
        facts = self.facts
        return self._more | facts.content | {"domains": ", ".join(facts.domains)}

    @property
    def _more(self) -> dict[str, str]:
        return {"name": self.cleaned_data["name"]}


class ChangeForm(AgencyForm):
    """Other facts of an agency that is here already, and what was checked of them."""

    name = None  # type: ignore[assignment]  # its name is its organisation's
    checked = SignedList(
        label=_("What did you check yourself?"),
        help_text=_("One of the two people calls the agency back, on the number known until now and not on a new one."),
        choices=[(check.value, check.label) for check in AgencyCheck],
        error_messages={"required": _("Say what you checked")},
    )

    @property
    def _more(self) -> dict[str, str]:
        return {"checked": ",".join(self.cleaned_data["checked"])}


class ChecksForm(forms.Form):
    """What was checked outside of this desk."""

    checked = SignedList(
        label=_("What did you check yourself?"),
        help_text=_("Only what you did yourself; it is signed and kept. One of the two people calls the agency back."),
        choices=[(check.value, check.label) for check in AgencyCheck],
        error_messages={"required": _("Say what you checked")},
    )

    @property
    def hidden(self) -> dict[str, str]:
        """What the page that signs sends along."""
        return {"checked": ",".join(self.cleaned_data["checked"])}


class CategoriesForm(forms.Form):
    """For which data the supervisor signs as well."""

    categories = SignedList(
        label=_("Which data wait for the supervisor's signature?"),
        help_text=_("Every emergency waits for it in any case."),
        choices=[
            (category.value, format_lazy("{} · {}", category.value, label))
            for category, label in CATEGORY_LABELS.items()
        ],
        required=False,
    )

    def __init__(self, *args: Any, kept: Collection[str] = (), **options: Any) -> None:
        super().__init__(*args, **options)
        self._kept = frozenset(kept)

    def clean_categories(self) -> list[str]:
        """Return the choice; what only the desk takes away stays."""
        chosen = set(self.cleaned_data["categories"])
        if missing := sorted(self._kept - chosen):
            raise ValidationError(
                _("Only the desk takes a category away: %(codes)s"), params={"codes": listed(missing)}
            )
        return sorted(chosen)

    @property
    def hidden(self) -> dict[str, str]:
        """What the page that signs sends along."""
        return {"categories": ",".join(self.cleaned_data["categories"])}
