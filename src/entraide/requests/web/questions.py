"""The questions as forms: what each page asks, with what it means.

A form here draws and reads; whether an answer will do is said by `document`, in the same words when the request is
filed.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _later
from django.utils.translation import ngettext

from entraide.kernel.errors import Text
from entraide.requests.decision import nameable_columns
from entraide.requests.law import (
    AUTHORITY_LABELS,
    BASIS_LABELS,
    CATEGORIES,
    LANGUAGES,
    PROFILES,
    URGENCY_LABELS,
    AuthorityKind,
    CategoryRule,
    Clock,
    Count,
    Group,
    LegalBasis,
    LegalProfile,
    Urgency,
)
from entraide.ui import components as ui
from entraide.ui.forms import OneOf, SomeOf
from entraide.ui.places import by_name, countries_to_choose, reader_locale
from entraide.ui.words import listed

TITLES: Mapping[str, Text] = {
    "basis": _later("What does the request rest on?"),
    "instrument": _later("Attach the instrument"),
    "authority": _later("Who issued the instrument?"),
    "offence": _later("Which offence is investigated?"),
    "targets": _later("Whom or what do you ask about?"),
    "categories": _later("Which data do you ask for?"),
    "narrative": _later("Why is the data necessary?"),
    "urgency": _later("How soon do you need the answer?"),
}
TASKS: Mapping[str, Text] = {
    "basis": _later("Legal basis and your reference"),
    "instrument": _later("The instrument (PDF)"),
    "authority": _later("Issuing authority and date"),
    "offence": _later("Offence"),
    "targets": _later("Identifiers and periods"),
    "categories": _later("Categories of data"),
    "narrative": _later("What happened"),
    "urgency": _later("Urgency and non-disclosure"),
}
SECTIONS: Mapping[Text, tuple[str, ...]] = {
    _later("The order"): ("basis", "instrument", "authority", "offence"),
    _later("What you ask for"): ("targets", "categories"),
    _later("Why, and how soon"): ("narrative", "urgency"),
}
GROUP_LABELS: Mapping[Group, Text] = {
    Group.SUBSCRIBER: _later("Subscriber data: who holds the account"),
    Group.TRAFFIC: _later("Traffic data: what was done with it"),
    Group.CONTENT: _later("Content: what was written or sent"),
}
# The official languages of the Union, and Arabic; the desk's own come first.
_LANGUAGES = (
    "ar", "bg", "cs", "da", "de", "el", "en", "es", "et", "fi", "fr", "ga", "hr", "hu", "it", "lt", "lv", "mt", "nl",
    "pl", "pt", "ro", "sk", "sl", "sv",
)  # fmt: skip
_DAY = {"type": "date", "min": "1990-01-01", "max": "2100-12-31"}
Choices = list[tuple[str, Text]]


class QuestionForm(forms.Form):
    """One question page.

    Parameters
    ----------
    content : mapping
        The draft; its answers are drawn.
    problems : mapping of answer to sentence
        What is wrong with them, drawn beside the field and in the summary on top.
    """

    use_required_attribute = False

    def __init__(self, content: Mapping[str, Any], problems: Mapping[str, Text] | None = None) -> None:
        super().__init__(initial=dict(content))
        self._problems = {name: text for name, text in (problems or {}).items() if name in self.fields}
        if self._problems:  # drawn from the draft, never from what was sent: a secret is not echoed
            self.is_bound, self.data = True, _as_sent(self.fields, self.initial)

    def full_clean(self) -> None:
        """Say what `document` said; this form has no opinion of its own."""
        self._errors = forms.utils.ErrorDict(renderer=self.renderer)
        self.cleaned_data = {}
        for name, text in self._problems.items():
            self.add_error(name, str(text))

    def show(self, name: str, *, when: str) -> None:
        """Show a field only while others have such values; without scripts it is always there."""
        self.fields[name].when = when  # type: ignore[attr-defined]  # read by the template of a field

    @classmethod
    def answers(cls, post: QueryDict) -> dict[str, Any]:
        """Return what was sent, by the names of the answers; what was not sent is not touched."""
        answers: dict[str, Any] = {}
        for name, field in cls.base_fields.items():
            if isinstance(field, forms.MultipleChoiceField):
                answers[name] = post.getlist(name)
            elif isinstance(field, forms.BooleanField):
                answers[name] = name in post
            elif name in post:
                answers[name] = post[name]
        return answers


def _as_sent(fields: Mapping[str, forms.Field], content: Mapping[str, Any]) -> dict[str, Any]:
    data = {name: content.get(name) for name in fields}
    return {name: value for name, value in data.items() if value not in (None, False)}


class BasisForm(QuestionForm):
    """Legal basis, the agency's own reference, the language of the instrument."""

    legal_basis = forms.ChoiceField(label=_later("Legal basis"), widget=OneOf())
    agency_reference = forms.CharField(
        label=_later("Your agency's reference"),
        help_text=_later("The number under which your case is kept, as it stands on the instrument."),
        widget=forms.TextInput(attrs={"maxlength": 80, "autocomplete": "off", "dir": "auto"}),
    )
    language = forms.ChoiceField(
        label=_later("Language of the instrument"),
        help_text=_later("The desk reads English, French, Spanish and Arabic. Others need a translation."),
    )

    def __init__(self, content: Mapping[str, Any], problems: Mapping[str, Text] | None = None) -> None:
        super().__init__(content, problems)
        hints = {profile.basis.value: _answered_within(profile) for profile in PROFILES.values()}
        choices = [(basis.value, label) for basis, label in BASIS_LABELS.items()]
        self.fields["legal_basis"] = forms.ChoiceField(
            label=_("Legal basis"), choices=choices, widget=OneOf(hints=hints)
        )
        self.fields["language"].choices = [("", _("Select a language")), *languages()]  # type: ignore[attr-defined]
        self.order_fields(["legal_basis", "agency_reference", "language"])


class InstrumentForm(QuestionForm):
    """The file; see `operations.attach_instrument`."""

    instrument = forms.FileField(
        label=_later("Choose a PDF"),
        help_text=_later("Up to 25 MB. If it is signed electronically, send the signed file itself, not a scan of it."),
        widget=forms.FileInput(attrs={"accept": "application/pdf,.pdf"}),
    )


class AuthorityForm(QuestionForm):
    """Who issued the instrument, where and when, and who validated it."""

    authority_kind = forms.ChoiceField(
        label=_later("Kind of authority"),
        widget=OneOf(),
        choices=[(kind.value, text) for kind, text in AUTHORITY_LABELS.items()],
    )  # fmt: skip
    authority_name = forms.CharField(
        label=_later("Name of the authority"),
        help_text=_later("As it stands at the head of the instrument, such as “Tribunal judiciaire de Lyon”."),
        widget=forms.TextInput(attrs={"maxlength": 300, "autocomplete": "off", "dir": "auto"}),
    )
    authority_country = forms.ChoiceField(label=_later("Country of the authority"))
    issued_on = forms.CharField(label=_later("Day it was issued"), widget=forms.DateInput(attrs=_DAY))
    validating_kind = forms.ChoiceField(
        label=_later("Who validated it, if another authority did"),
        required=False,
        choices=[("", _later("Nobody else")), *((kind.value, text) for kind, text in AUTHORITY_LABELS.items())],
    )
    validating_name = forms.CharField(
        label=_later("Name of the validating authority"),
        help_text=_later("Only if another authority validated it."),
        widget=forms.TextInput(attrs={"maxlength": 300, "autocomplete": "off", "dir": "auto"}),
    )

    def __init__(self, content: Mapping[str, Any], problems: Mapping[str, Text] | None = None) -> None:
        super().__init__(content, problems)
        self.fields["authority_country"].choices = countries_to_choose()  # type: ignore[attr-defined]
        self.show("validating_name", when=f"validating_kind={'|'.join(AuthorityKind)}")


class OffenceForm(QuestionForm):
    """The offence and how heavily it is punished."""

    offence = forms.CharField(
        label=_later("Offence and provision"),
        help_text=_later("Such as “Fraud, section 263 of the Criminal Code”."),
        widget=forms.TextInput(attrs={"maxlength": 300, "autocomplete": "off", "dir": "auto"}),
    )
    offence_years = forms.CharField(
        label=_later("Maximum penalty in years"),
        help_text=_later("Decides whether traffic and content data may be ordered."),
        required=False,
        widget=forms.NumberInput(attrs={"min": 0, "max": 99, "inputmode": "numeric", "class": "short"}),
    )
    offence_is_listed = forms.BooleanField(
        label=_later("It is one of the offences for which there is no threshold"),
        help_text=_later(
            "Under the Regulation: fraud with non-cash means of payment, sexual abuse of children, attacks on "
            "information systems, terrorism (Article 5(4))."
        ),
        required=False,
    )


class CategoriesForm(QuestionForm):
    """Categories of data in their groups."""

    categories = forms.MultipleChoiceField(label=_later("Categories"), widget=SomeOf())

    def __init__(self, content: Mapping[str, Any], problems: Mapping[str, Text] | None = None) -> None:
        super().__init__(content, problems)
        rules = CATEGORIES.values()
        labels = {rule.category.value: f"{rule.category.value} · {rule.label}" for rule in rules}
        choices = [
            (
                GROUP_LABELS[group],
                [(code, labels[code]) for code in (rule.category.value for rule in rules if rule.group is group)],
            )
            for group in Group
        ]
        hints = {rule.category.value: _hint_of(rule) for rule in rules}
        widget = SomeOf(hints=hints, group_hints=_who_orders(str(content.get("legal_basis") or "")))
        self.fields["categories"] = forms.MultipleChoiceField(label=_("Categories"), choices=choices, widget=widget)

    def countersigned_by_supervisor(self, categories: Iterable[str]) -> None:
        """Mark the categories that make a supervisor of this agency sign too."""
        pill = ui.Pill(label=_("Your supervisor countersigns"), tone=ui.Tone.WARN)
        self.fields["categories"].widget.notes = dict.fromkeys(categories, pill)


class NarrativeForm(QuestionForm):
    """What happened."""

    narrative = forms.CharField(
        label=_later("What happened, and why this data is necessary"),
        help_text=_later(
            "Say what the person behind each identifier is said to have done, and what the data will show. The desk "
            "decides by this. Never paste a private key or a recovery phrase."
        ),
        widget=forms.Textarea(attrs={"rows": 12, "dir": "auto"}),
    )


class UrgencyForm(QuestionForm):
    """How soon, and until when the person must not learn of it."""

    urgency = forms.ChoiceField(label=_later("Urgency"), widget=OneOf())
    emergency_reason = forms.CharField(
        label=_later("What threatens life or safety"),
        help_text=_later("Only for an emergency."),
        widget=forms.Textarea(attrs={"rows": 3, "dir": "auto"}),
    )
    non_disclosure_until = forms.CharField(
        label=_later("Do not inform the person before"),
        help_text=_later("The last day of the order not to inform the person, if there is one."),
        required=False,
        widget=forms.DateInput(attrs=_DAY),
    )

    def __init__(self, content: Mapping[str, Any], problems: Mapping[str, Text] | None = None) -> None:
        super().__init__(content, problems)
        hints = {
            Urgency.EMERGENCY.value: _(
                "An imminent threat to the life or safety of a person. Your supervisor countersigns."
            )
        }
        if profile := profile_of(content):
            for urgency in Urgency:
                words = _("Answered within %(time)s (%(source)s).") % {
                    "time": clock_in_words(profile.clocks[urgency]), "source": profile.clocks[urgency].source,
                }  # fmt: skip
                hints[urgency.value] = f"{words} {hints.get(urgency.value, '')}".strip()
        self.fields["urgency"] = forms.ChoiceField(
            label=_("Urgency"), choices=[(one.value, label) for one, label in URGENCY_LABELS.items()],
            widget=OneOf(hints=hints),
        )  # fmt: skip
        self.order_fields(["urgency", "emergency_reason", "non_disclosure_until"])
        self.show("emergency_reason", when=f"urgency={Urgency.EMERGENCY}")


FORMS: Mapping[str, type[QuestionForm]] = {
    "basis": BasisForm,
    "instrument": InstrumentForm,
    "authority": AuthorityForm,
    "offence": OffenceForm,
    "categories": CategoriesForm,
    "narrative": NarrativeForm,
    "urgency": UrgencyForm,
}


def profile_of(content: Mapping[str, Any]) -> LegalProfile | None:
    """Return the rules of the legal basis that was chosen."""
    try:
        return PROFILES[LegalBasis(str(content.get("legal_basis") or ""))]
    except ValueError:
        return None


def clock_in_words(clock: Clock) -> str:
    """Return how long a period of law is."""
    if clock.count is Count.HOURS:
        hours = int(clock.length.total_seconds()) // 3600
        return ngettext("%(count)d hour", "%(count)d hours", hours) % {"count": hours}
    days = clock.length.days
    return ngettext("%(count)d day", "%(count)d days", days) % {"count": days}


def languages() -> Choices:
    """Return languages by name, the desk's own first."""
    names = reader_locale().languages
    others = sorted(((code, names[code].capitalize()) for code in _LANGUAGES if code not in LANGUAGES), key=by_name)
    return [*((code, names[code].capitalize()) for code in LANGUAGES), *others]


def _hint_of(rule: CategoryRule) -> str:
    hint = f"{rule.holds}. {rule.minimise}."
    if nameable_columns(rule.category):
        hint += " " + _("If the instrument orders it in full, name it in “What happened”.")
    return hint


def _answered_within(profile: LegalProfile) -> str:
    return _("Answered within %(standard)s, in an emergency within %(emergency)s.") % {
        "standard": clock_in_words(profile.clocks[Urgency.STANDARD]),
        "emergency": clock_in_words(profile.clocks[Urgency.EMERGENCY]),
    }


def _who_orders(basis: str) -> dict[Text, str]:
    profile = profile_of({"legal_basis": basis})
    if profile is None:
        return {}
    return {
        GROUP_LABELS[group]: _("May be ordered by: %(authorities)s.")
        % {"authorities": listed(AUTHORITY_LABELS[kind] for kind in AuthorityKind if kind in kinds)}
        for group, kinds in profile.may_order.items()
    }
