"""What of an agency can be changed, as one value: asked for, signed, kept and shown as it stands here."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

from django.utils.translation import gettext as _

from entraide.access import api as access
from entraide.kernel.countries import COUNTRIES
from entraide.kernel.errors import Invalid

_NUMBER = re.compile(r"\+?[0-9][0-9 ()/.-]{4,38}")
_DOMAIN = re.compile(r"(?!-)[a-z0-9-]{1,63}(\.[a-z0-9-]{1,63})+")


@dataclass(frozen=True, slots=True, kw_only=True)
class AgencyFacts:
    """Where an agency is, what it is there for, and by what it is known to be itself."""

    country: str
    function: str
    domains: tuple[str, ...]
    switchboard: str

    @classmethod
    def of(cls, *, country: str, function: str, domains: Sequence[str], switchboard: str) -> Self:
        """Return the facts as they were written down; domains in small letters."""
        small = tuple(domain.lower() for domain in domains)
        return cls(country=country, function=function, domains=small, switchboard=switchboard)

    @property
    def content(self) -> dict[str, Any]:
        """The facts as they are signed and kept, by the names of the columns."""
        return {
            "country": self.country,
            "function": self.function,
            "domains": list(self.domains),
            "switchboard": self.switchboard,
        }


def check_facts(facts: AgencyFacts, *, name: str) -> None:
    """Refuse an agency without its facts, field by field."""
    fields = {}
    if not name.strip() or len(name) > 200:
        fields["name"] = _("Enter a name of at most 200 characters")
    if facts.country not in COUNTRIES:
        fields["country"] = _("Select the country of the agency")
    if not facts.domains or not all(map(_DOMAIN.fullmatch, facts.domains)):
        fields["domains"] = _("Enter at least one domain, such as police.example")
    if not facts.function.strip() or len(facts.function) > 200:
        fields["function"] = _("Say in a few words what the agency is there for")
    if not _NUMBER.fullmatch(facts.switchboard):
        fields["switchboard"] = _("Enter a telephone number from a public directory, such as +33 1 40 00 00 00")
    fields |= access.secrets_in(
        name=name, domains=" ".join(facts.domains), function=facts.function, switchboard=facts.switchboard
    )
    if fields:
        raise Invalid(_("Entering an agency"), why=_("something is missing"), do="", fields=fields)
