"""The law as data: who may order what, within which time, and on which grounds an answer may be refused.

Each row carries its source.  A row whose source is the desk's own practice says so; it is a promise, not a statute.
Adding a legal basis is adding a row of `PROFILES`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from entraide.exchange.port import Category
from entraide.kernel.errors import Text


class LegalBasis(StrEnum):
    """What a request rests on."""

    EPOC = "epoc"
    NATIONAL_ORDER = "national_order"
    MLA = "mla"


class Urgency(StrEnum):
    """How soon the answer is owed."""

    STANDARD = "standard"
    EMERGENCY = "emergency"


class AuthorityKind(StrEnum):
    """Who issued or validated an instrument."""

    JUDGE = "judge"
    COURT = "court"
    INVESTIGATING_JUDGE = "investigating_judge"
    PROSECUTOR = "prosecutor"
    CENTRAL_AUTHORITY = "central_authority"
    POLICE = "police"
    OTHER = "other"


class TargetRole(StrEnum):
    """What the person behind a target is in the proceedings."""

    SUSPECT = "suspect"
    VICTIM = "victim"
    WITNESS = "witness"
    MISSING_PERSON = "missing_person"
    OBSERVED = "observed"
    NOT_SAID = "not_said"


class Group(StrEnum):
    """The three depths of data the Regulation distinguishes, from the shallowest."""

    SUBSCRIBER = "subscriber"
    TRAFFIC = "traffic"
    CONTENT = "content"


A, C = AuthorityKind, Category

PRACTICE: Text = _("Practice of the desk")


def regulation(article: str) -> Text:
    """Return the citation of an article of the e-evidence Regulation, in the reader's language when it is shown."""
    return format_lazy(_("Regulation (EU) 2023/1543, Art. {article}"), article=article)


BASIS_LABELS: Mapping[LegalBasis, Text] = {
    LegalBasis.EPOC: _("European Production Order (Regulation (EU) 2023/1543)"),
    LegalBasis.NATIONAL_ORDER: _("National production order"),
    LegalBasis.MLA: _("Mutual legal assistance"),
}
URGENCY_LABELS: Mapping[Urgency, Text] = {Urgency.STANDARD: _("Standard"), Urgency.EMERGENCY: _("Emergency")}
AUTHORITY_LABELS: Mapping[AuthorityKind, Text] = {
    A.JUDGE: _("Judge"),
    A.COURT: _("Court"),
    A.INVESTIGATING_JUDGE: _("Investigating judge"),
    A.PROSECUTOR: _("Public prosecutor"),
    A.CENTRAL_AUTHORITY: _("Central authority"),
    A.POLICE: _("Police authority"),
    A.OTHER: _("Other competent authority"),
}
ROLE_LABELS: Mapping[TargetRole, Text] = {
    TargetRole.SUSPECT: _("Suspect"),
    TargetRole.VICTIM: _("Victim"),
    TargetRole.WITNESS: _("Witness"),
    TargetRole.MISSING_PERSON: _("Missing person"),
    TargetRole.OBSERVED: _("Observed identifier"),
    TargetRole.NOT_SAID: _("Not stated"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class CategoryRule:
    """One category of data as orders name it.

    Parameters
    ----------
    box : Text
        Under which heading of Annex I, section F, of Regulation (EU) 2023/1543 it falls.
    group : Group
        How deep it goes; decides who may order it.
    minimise : Text
        What is left out unless the decision names it.
    """

    category: Category
    label: Text
    holds: Text
    box: Text
    group: Group
    minimise: Text


def _category(category: Category, label: Text, holds: Text, box: Text, group: Group, minimise: Text) -> CategoryRule:
    return CategoryRule(category=category, label=label, holds=holds, box=box, group=group, minimise=minimise)


_ANALOGY = _("Traffic data, other (by analogy: whether this heading covers ledgers is an open point)")
_CATEGORIES = (
    _category(C.S1, _("Identity"), _("Name, birth, address, contacts, as verified"),
              _("Subscriber data: name, birth, address, contacts"), Group.SUBSCRIBER,
              _("Tax number masked unless named")),
    _category(C.S2, _("Verification"), _("How the identity was checked, with copies of documents"),
              _("Subscriber data: registration and means of verification"), Group.SUBSCRIBER,
              _("Document numbers and images only if named; never a biometric template")),
    _category(C.S3, _("Service"), _("Account number, sub-accounts, opening, closing, tier"),
              _("Subscriber data: type and duration of service"), Group.SUBSCRIBER,
              _("No secrets and no passwords")),
    _category(C.S4, _("Payment means"), _("Bank accounts and cards used"),
              _("Subscriber data: means of payment"), Group.SUBSCRIBER, _("Card numbers masked")),
    _category(C.I1, _("Identify-only log-in"), _("Address, port and moment of single log-ins"),
              _("Data requested for the sole purpose of identifying the user"), Group.SUBSCRIBER,
              _("Only the moments asked for")),
    _category(C.T1, _("Access logs"), _("Log-ins, devices, places, changes of the second factor"),
              _("Traffic data: date, time, duration, routing"), Group.TRAFFIC, _("Cut to the period")),
    _category(C.T2, _("Ledger"), _("Deposits, withdrawals, transfers, trades, fees"), _ANALOGY, Group.TRAFFIC,
              _("Other customers as pseudonyms unless targets")),
    _category(C.T3, _("Wallet data"), _("Deposit addresses assigned and allowed withdrawal addresses"), _ANALOGY,
              Group.TRAFFIC, _("Never other customers' addresses")),
    _category(C.T4, _("Travel rule"), _("Originator and beneficiary as sent with transfers"), _ANALOGY, Group.TRAFFIC,
              _("Third persons' data marked")),
    _category(C.B1, _("Balances"), _("What the account held at the end of the period"), _ANALOGY, Group.TRAFFIC,
              _("Other authorities' measures hidden")),
    _category(C.C1, _("Content"), _("Chats, support tickets, uploaded files"), _("Content data"), Group.CONTENT,
              _("Filtered for privilege")),
)  # fmt: skip
CATEGORIES: dict[Category, CategoryRule] = {rule.category: rule for rule in _CATEGORIES}


class Coverage(StrEnum):
    """Which of the two decisions on a target a ground belongs to."""

    COVERED = "covered"  # whether the instrument covers the target
    PRODUCED = "produced"  # whether what is covered is produced


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """One ground on which an answer may be refused, with the sentence that stands in the letter."""

    code: str
    label: Text
    sentence: Text
    source: Text
    profiles: frozenset[LegalBasis]
    decision: Coverage = Coverage.PRODUCED
    needs_text: bool = False


_ALL = frozenset(LegalBasis)
_EU = frozenset({LegalBasis.EPOC})
_ANNEX_III = "Regulation (EU) 2023/1543, Annex III, section D"


def _ground(
    code: str,
    label: Text,
    sentence: Text,
    source: Text,
    profiles: frozenset[LegalBasis] = _ALL,
    decision: Coverage = Coverage.PRODUCED,
    needs_text: bool = False,
) -> Ground:
    return Ground(code=code, label=label, sentence=sentence, source=source, profiles=profiles, decision=decision,
                  needs_text=needs_text)  # fmt: skip


_GROUNDS = (
    _ground("not_named", _("Not named in the instrument"),
            _("The instrument does not name this identifier."), f"{_ANNEX_III} (order incomplete)",
            decision=Coverage.COVERED),
    _ground("manifest_error", _("Manifest error"),
            _("The instrument contains a manifest error in respect of this identifier."),
            f"{_ANNEX_III}; Art. 10(6)", decision=Coverage.COVERED, needs_text=True),
    _ground("insufficient_information", _("Insufficient information"),
            _("The instrument does not contain enough information to be carried out."), f"{_ANNEX_III}; Art. 10(6)",
            decision=Coverage.COVERED, needs_text=True),
    _ground("not_authentic", _("Origin not confirmed"),
            _("The origin of the instrument could not be confirmed."), PRACTICE,
            decision=Coverage.COVERED),
    _ground("not_competent", _("Not issued or validated by a competent authority"),
            _("The instrument was not issued or validated by an authority competent for this data."),
            f"{_ANNEX_III}; Art. 4"),
    _ground("offence_not_covered", _("Offence not covered"),
            _("The offence does not meet the threshold for this data."), f"{_ANNEX_III}; Art. 5(4)", _EU),
    _ground("service_not_covered", _("Service not covered"),
            _("The service is not covered by the Regulation."), f"{_ANNEX_III}; Art. 3(3)", _EU),
    _ground("impossible", _("De facto impossible"),
            _("The order cannot be carried out because of circumstances not attributable to the exchange."),
            f"{_ANNEX_III}; Art. 10(7)", needs_text=True),
    _ground("privilege", _("Immunity or privilege"),
            _("The data are protected by an immunity or privilege, or by rules on freedom of the press."),
            f"{_ANNEX_III}; Arts 5(10), 12(1)(a)", needs_text=True),
    _ground("fundamental_rights", _("Manifest breach of a fundamental right"),
            _("Production would entail a manifest breach of a fundamental right."), "Art. 12(1)(b)", _EU,
            needs_text=True),
    _ground("ne_bis_in_idem", _("Ne bis in idem"),
            _("Production would be contrary to the principle of ne bis in idem."), "Art. 12(1)(c)", _EU,
            needs_text=True),
    _ground("no_dual_criminality", _("No dual criminality"),
            _("The conduct is not an offence under the law of the enforcing State."), "Art. 12(1)(d)", _EU,
            needs_text=True),
    _ground("third_country_law", _("Conflict with the law of a third country"),
            _("Production would conflict with an obligation under the law of a third country."),
            f"{_ANNEX_III}; Art. 17", needs_text=True),
    _ground("disproportionate", _("Scope not necessary and proportionate"),
            _("The data asked for go beyond what the instrument supports."), "Art. 5(2); practice of the desk",
            needs_text=True),
    _ground("not_ordered", _("Category not ordered"),
            _("The instrument does not order this category of data."), f"{_ANNEX_III} (order incomplete)"),
)  # fmt: skip
GROUNDS: dict[str, Ground] = {ground.code: ground for ground in _GROUNDS}


class Count(StrEnum):
    """How a period of law is counted."""

    HOURS = "hours"  # from the moment itself
    CALENDAR_DAYS = "calendar_days"  # the day of receipt is not counted; ends with the last day


@dataclass(frozen=True, slots=True, kw_only=True)
class Clock:
    """A period of law, and where it is written."""

    length: timedelta
    count: Count
    source: Text


@dataclass(frozen=True, slots=True, kw_only=True)
class LegalProfile:
    """One legal basis as rules.

    Parameters
    ----------
    may_order : Mapping
        Which authorities may issue an order for which depth of data.
    may_validate : Mapping
        Which authorities can make another authority's order good by validating it; empty: validation is unknown.
    offence_years_min : int | None
        Maximum penalty from which traffic and content may be ordered; None: no threshold.
    unvalidated_emergency : frozenset
        Which depths may be ordered in an emergency before validation.
    """

    basis: LegalBasis
    label: Text
    source: Text
    clocks: Mapping[Urgency, Clock]
    clarification: Clock
    may_order: Mapping[Group, frozenset[AuthorityKind]]
    may_validate: Mapping[Group, frozenset[AuthorityKind]]
    authority_source: Text
    offence_years_min: int | None = None
    offence_source: Text = ""
    unvalidated_emergency: frozenset[Group] = frozenset()
    countries: frozenset[str] = frozenset()  # where such an order can come from; empty: anywhere

    def grounds(self) -> tuple[Ground, ...]:
        """Return the grounds this basis knows, in the order of the catalogue."""
        return tuple(ground for ground in GROUNDS.values() if self.basis in ground.profiles)


def _days(n: int, source: Text) -> Clock:
    return Clock(length=timedelta(days=n), count=Count.CALENDAR_DAYS, source=source)


def _hours(n: int, source: Text) -> Clock:
    return Clock(length=timedelta(hours=n), count=Count.HOURS, source=source)


_JUDGES = frozenset({A.JUDGE, A.COURT, A.INVESTIGATING_JUDGE})
_MAGISTRATES = _JUDGES | {A.PROSECUTOR}
# Denmark takes no part in the Regulation.
_EPOC_COUNTRIES = frozenset({
    "AT", "BE", "BG", "CY", "CZ", "DE", "EE", "ES", "FI", "FR", "GR", "HR", "HU", "IE", "IT", "LT", "LU", "LV", "MT",
    "NL", "PL", "PT", "RO", "SE", "SI", "SK",
})  # fmt: skip

_PROFILES = (
    LegalProfile(
        basis=LegalBasis.EPOC,
        label=BASIS_LABELS[LegalBasis.EPOC],
        source=_("Regulation (EU) 2023/1543"),
        clocks={
            Urgency.STANDARD: _days(10, regulation("10(2), (3)")),
            Urgency.EMERGENCY: _hours(8, regulation("10(4)")),
        },
        clarification=_days(5, regulation("10(6)")),
        may_order={Group.SUBSCRIBER: _MAGISTRATES, Group.TRAFFIC: _JUDGES, Group.CONTENT: _JUDGES},
        may_validate={Group.SUBSCRIBER: _MAGISTRATES, Group.TRAFFIC: _JUDGES, Group.CONTENT: _JUDGES},
        authority_source=regulation("4(1), (2)"),
        offence_years_min=3,
        offence_source=regulation("5(4)"),
        unvalidated_emergency=frozenset({Group.SUBSCRIBER}),
        countries=_EPOC_COUNTRIES,
    ),
    LegalProfile(
        basis=LegalBasis.NATIONAL_ORDER,
        label=BASIS_LABELS[LegalBasis.NATIONAL_ORDER],
        source=_("National law of criminal procedure"),
        clocks={Urgency.STANDARD: _days(14, PRACTICE), Urgency.EMERGENCY: _hours(24, PRACTICE)},
        clarification=_days(14, PRACTICE),
        may_order={
            Group.SUBSCRIBER: _MAGISTRATES | {A.POLICE},
            Group.TRAFFIC: _MAGISTRATES,
            Group.CONTENT: _JUDGES,
        },
        may_validate={Group.SUBSCRIBER: _MAGISTRATES, Group.TRAFFIC: _MAGISTRATES, Group.CONTENT: _JUDGES},
        authority_source=PRACTICE,
    ),
    LegalProfile(
        basis=LegalBasis.MLA,
        label=BASIS_LABELS[LegalBasis.MLA],
        source=_("Treaty on mutual legal assistance, executed by a domestic order"),
        clocks={Urgency.STANDARD: _days(30, PRACTICE), Urgency.EMERGENCY: _hours(24, PRACTICE)},
        clarification=_days(30, PRACTICE),
        may_order={
            Group.SUBSCRIBER: _MAGISTRATES | {A.CENTRAL_AUTHORITY},
            Group.TRAFFIC: _JUDGES | {A.CENTRAL_AUTHORITY},
            Group.CONTENT: _JUDGES,
        },
        may_validate={Group.SUBSCRIBER: _MAGISTRATES, Group.TRAFFIC: _JUDGES, Group.CONTENT: _JUDGES},
        authority_source=PRACTICE,
    ),
)
PROFILES: dict[LegalBasis, LegalProfile] = {profile.basis: profile for profile in _PROFILES}

# Languages in which the desk takes instruments and answers.
LANGUAGES = ("en", "fr", "es", "ar")
