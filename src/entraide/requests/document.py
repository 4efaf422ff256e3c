"""The request document: what the officer signs, built from her draft by the same rules every time.

A draft is what she typed so far, question by question, as JSON.  The document is its canonical form with everything a
reader needs years later and nothing that depends on the moment: the page that shows it and the operation that files it
build the same bytes.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from functools import lru_cache
from typing import Any, TypeVar
from uuid import UUID
from zoneinfo import ZoneInfo, available_timezones

from django.utils.translation import gettext_lazy as _

from entraide.exchange.port import Category, IdentifierKind
from entraide.identifiers import BLOT, without_secrets
from entraide.kernel.acts import Act
from entraide.kernel.canonical import canonical, sha256
from entraide.kernel.clock import iso_ms
from entraide.kernel.countries import COUNTRIES
from entraide.kernel.errors import Invalid, Text
from entraide.requests.labels import problem_sentence
from entraide.requests.law import AuthorityKind, LegalBasis, TargetRole, Urgency
from entraide.requests.targets import VALUE_MAX, is_secret, read_identifier

E = TypeVar("E", bound=StrEnum)

DraftContent = Mapping[str, Any]
Document = dict[str, Any]

# The question pages in their order, and the answers each asks for.  Whatever else a page sends is not kept.
QUESTIONS: Mapping[str, tuple[str, ...]] = {
    "basis": ("legal_basis", "agency_reference", "language"),
    "instrument": (),  # a file, see `operations.attach_instrument`
    "authority": ("authority_kind", "authority_name", "authority_country", "issued_on", "validating_kind",
                  "validating_name"),
    "offence": ("offence", "offence_years", "offence_is_listed"),
    "targets": ("targets",),
    "categories": ("categories",),
    "narrative": ("narrative",),
    "urgency": ("urgency", "emergency_reason", "non_disclosure_until"),
}  # fmt: skip
ANSWERS = frozenset(name for names in QUESTIONS.values() for name in names)
TARGET_ANSWERS = frozenset({"kind", "value", "network", "role", "period_from", "period_to", "time_zone", "as_written"})

TARGETS_MAX = 500
NARRATIVE_MAX = 20_000
LINE_MAX = 300
DRAFT_BYTES_MAX = 600_000


@dataclass(frozen=True, slots=True, kw_only=True)
class InstrumentFacts:
    """What the document says about the attached instrument."""

    sha256: str
    name: str
    size: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Sender:
    """Who asks: the officer and her agency, as they are called when she signs."""

    officer_id: UUID
    officer_name: str
    organisation_id: UUID
    agency_name: str
    agency_country: str


def clean_draft(content: DraftContent) -> dict[str, Any]:
    """Return `content` reduced to the answers that exist, trimmed, with pasted private keys taken out.

    Nothing is judged here: a draft may be as unfinished as it is.

    Raises
    ------
    Invalid
        If it is far larger than any request can be.
    """
    kept: dict[str, Any] = {}
    for name in ANSWERS & content.keys():
        value = content[name]
        if name == "targets":
            kept[name] = [_clean_target(item) for item in _items(value)[:TARGETS_MAX] if isinstance(item, Mapping)]
        elif name == "categories":
            kept[name] = [tidy(item, most=8) for item in _items(value)[:50]]
        elif isinstance(value, bool) or value is None:
            kept[name] = value
        else:
            kept[name] = kept_text(value)
    if len(canonical(kept)) > DRAFT_BYTES_MAX:
        raise Invalid(_("Saving the draft"), why=_("it is too long"), do=_("Attach long texts as a file"))
    return kept


def holds_secrets(content: DraftContent) -> bool:
    """Say whether `clean_draft` takes a private key or recovery phrase out of `content`."""
    kept = clean_draft(content)
    if any(target.get("secret_removed") for target in kept.get("targets", ())):
        return True
    return any(
        isinstance(value, str) and value.count(BLOT) > tidy(content[name]).count(BLOT) for name, value in kept.items()
    )


def _items(value: Any) -> Sequence[Any]:
    return value if isinstance(value, (list, tuple)) else ()


def tidy(value: Any, *, most: int | None = None) -> str:
    """Return (up to `most` characters of) `value` as text that has one form: no NUL, no half of a surrogate pair."""
    return str(value).replace("\x00", "").encode("utf-8", "replace").decode().strip()[:most].rstrip()


def kept_text(value: Any) -> str:
    """Return free text as it may be kept: tidy, and with every private key and recovery phrase blotted out."""
    return without_secrets(tidy(value))


def _clean_target(item: Mapping[str, Any]) -> dict[str, Any]:
    target: dict[str, Any] = {}
    for name in TARGET_ANSWERS & item.keys():
        value = item[name]
        target[name] = bool(value) if name == "as_written" else tidy(value or "", most=VALUE_MAX)
    if is_secret(str(target.get("value", ""))):
        target["value"] = ""
        target["secret_removed"] = True
    return target


def build(
    content: DraftContent, *, reference: str, version: int, sender: Sender, instrument: InstrumentFacts | None
) -> Document:
    """Return the request document.

    Raises
    ------
    Invalid
        If something is missing or cannot be used; `fields` says what, by the names of the answers, and
        ``targets.<index>.<answer>`` within the targets.
    """
    reader = _Reader(content)
    agency_reference, answers = reader.everything(instrument)
    if reader.errors:
        raise Invalid(
            _("Filing the request"), why=_("some answers are missing or cannot be used"), do=_("Correct them"),
            fields=reader.errors,
        )  # fmt: skip
    return {
        "v": 1,
        "type": "records",
        "reference": reference,
        "version": version,
        "agency": {
            "id": str(sender.organisation_id),
            "name": sender.agency_name,
            "country": sender.agency_country,
            "officer_id": str(sender.officer_id),
            "officer": sender.officer_name,
            "reference": agency_reference,
        },
        **answers,
    }


def problems_of(content: DraftContent, *, instrument: InstrumentFacts | None, today: date) -> dict[str, Text]:
    """Return a sentence for every answer that is missing or cannot be used, named as in `build`; never raises."""
    reader = _Reader(content)
    _reference, answers = reader.everything(instrument)
    return reader.errors | not_yet_issued(answers, today)


def says_the_same(content: DraftContent, document: Mapping[str, Any], *, instrument: InstrumentFacts | None) -> bool:
    """Say whether `content` would be filed with the same answers and instrument as `document` was."""
    reference, answers = _Reader(content).everything(instrument)
    is_same = canonical(answers) == canonical({name: document[name] for name in answers})
    return is_same and reference == document["agency"]["reference"]


def not_yet_issued(answers: Mapping[str, Any], today: date) -> dict[str, Text]:
    """Return what is wrong with an instrument that bears a day to come."""
    if answers["authority"]["issued_on"] > today.isoformat():
        return {"issued_on": _("This day has not come yet")}
    return {}


def document_hash(document: Mapping[str, Any]) -> bytes:
    """Return SHA-256 of the document's canonical form, by which filings, countersignatures and decisions name it."""
    return sha256(canonical(dict(document)))


def file_act(document: Document) -> Act:
    """Return the act the officer signs when she files."""
    return Act("requests:request:file", document["reference"], {"document": document})


def countersign_act(document: Document) -> Act:
    """Return the act her supervisor signs: the same document under a domain of its own."""
    return Act("requests:request:countersign", document["reference"], {"document": document})


def withdraw_act(reference: str, *, version: int, reason: str) -> Act:
    """Return the act of withdrawing a request."""
    return Act("requests:request:withdraw", reference, {"version": version, "reason": reason})


class _Reader:
    """Reads one draft, collecting a sentence for each answer at fault."""

    def __init__(self, content: DraftContent) -> None:
        self._content = content
        self.errors: dict[str, Text] = {}

    def everything(self, instrument: InstrumentFacts | None) -> tuple[str, dict[str, Any]]:
        """Return the agency's reference, and every other answer as the document has it."""
        return self.line("agency_reference", _("Enter your agency's reference"), length=80), {
            "legal_basis": self.choice("legal_basis", LegalBasis, _("Select the legal basis")),
            "language": self.language(),
            "instrument": self.instrument(instrument),
            "authority": self.authority(),
            "offence": self.offence(),
            "targets": self.targets(),
            "categories": self.categories(),
            "narrative": self.text("narrative", _("Say what happened and why the data is necessary"), NARRATIVE_MAX),
            **self.urgency(),
            "non_disclosure_until": self.day("non_disclosure_until", None),
        }

    def line(self, name: str, missing: Text, *, length: int = LINE_MAX) -> str:
        value = " ".join(str(self._content.get(name) or "").split())
        if not value:
            self.errors[name] = missing
        elif len(value) > length:
            self.errors[name] = _("At most %(n)s characters") % {"n": length}
        return value

    def text(self, name: str, missing: Text, length: int) -> str:
        value = str(self._content.get(name) or "").replace("\r\n", "\n").strip()
        if not value:
            self.errors[name] = missing
        elif len(value) > length:
            self.errors[name] = _("At most %(n)s characters") % {"n": length}
        return value

    def choice(self, name: str, kind: type[LegalBasis] | type[AuthorityKind] | type[Urgency], missing: Text) -> str:
        try:
            return kind(str(self._content.get(name) or "")).value
        except ValueError:
            self.errors[name] = missing
            return ""

    def day(self, name: str, missing: Text | None) -> str | None:
        value = str(self._content.get(name) or "")
        if not value:
            if missing is not None:
                self.errors[name] = missing
            return None
        try:
            day = date.fromisoformat(value)
        except ValueError:
            self.errors[name] = _("Enter a day that exists, such as 31 3 2026")
            return None
        if not 1990 <= day.year <= 2100:
            self.errors[name] = _("Enter a day between 1990 and 2100")
        return day.isoformat()

    def language(self) -> str:
        value = str(self._content.get("language") or "").lower()
        if len(value) != 2 or not value.isascii() or not value.isalpha():
            self.errors["language"] = _("Select the language of the instrument")
        return value

    def instrument(self, facts: InstrumentFacts | None) -> dict[str, Any]:
        if facts is None:
            self.errors["instrument"] = _("Attach the instrument as a PDF")
            return {}
        return {"sha256": facts.sha256, "name": facts.name, "size": facts.size}

    def authority(self) -> dict[str, Any]:
        country = str(self._content.get("authority_country") or "").upper()
        if country not in COUNTRIES:
            self.errors["authority_country"] = _("Select the country of the authority")
        validated_by: dict[str, str] | None = None
        if self._content.get("validating_kind"):
            validated_by = {
                "kind": self.choice("validating_kind", AuthorityKind, _("Select who validated the instrument")),
                "name": self.line("validating_name", _("Enter the name of the validating authority")),
            }
        return {
            "kind": self.choice("authority_kind", AuthorityKind, _("Select who issued the instrument")),
            "name": self.line("authority_name", _("Enter the name of the authority")),
            "country": country,
            "issued_on": self.day("issued_on", _("Enter the day the instrument was issued")) or "",
            "validated_by": validated_by,
        }

    def offence(self) -> dict[str, Any]:
        years: int | None = None
        given = self._content.get("offence_years")
        if given not in (None, ""):
            try:
                years = int(str(given))
            except ValueError:
                years = -1
            if not 0 <= years <= 99:
                self.errors["offence_years"] = _("Enter the maximum penalty in whole years")
        return {
            "name": self.line("offence", _("Enter the offence and its provision")),
            "maximum_years": years,
            "is_listed": self._content.get("offence_is_listed") in (True, "true", "on", "yes", "1"),
        }

    def categories(self) -> list[str]:
        chosen = {str(item) for item in _items(self._content.get("categories"))}
        known: list[str] = [category.value for category in Category if category.value in chosen]
        if not known or len(known) != len(chosen):
            self.errors["categories"] = _("Select at least one category of data")
        return known

    def urgency(self) -> dict[str, Any]:
        urgency = self.choice("urgency", Urgency, _("Select how soon you need the answer"))
        reason = None
        if urgency == Urgency.EMERGENCY:
            reason = self.text("emergency_reason", _("Say what threatens life or safety"), 2_000)
        return {"urgency": urgency, "emergency_reason": reason}

    def targets(self) -> list[dict[str, Any]]:
        given = [item for item in _items(self._content.get("targets")) if isinstance(item, Mapping)]
        if not given:
            self.errors["targets"] = _("Add at least one identifier")
        elif len(given) > TARGETS_MAX:
            self.errors["targets"] = _("At most %(n)s identifiers in one request") % {"n": TARGETS_MAX}
        targets = [self._target(index, item) for index, item in enumerate(given[:TARGETS_MAX])]
        seen: dict[tuple[Any, ...], int] = {}
        for index, target in enumerate(targets):
            key = (target["kind"], target["normalised"], target["period"]["start"], target["period"]["end"])
            if target["normalised"] and seen.setdefault(key, index) != index:
                self.errors.setdefault(f"targets.{index}.value", _("This identifier is there twice"))
        return targets

    def _target(self, index: int, item: Mapping[str, Any]) -> dict[str, Any]:
        at = f"targets.{index}."
        kind = _enum(IdentifierKind, item.get("kind"))
        role = _enum(TargetRole, item.get("role") or TargetRole.NOT_SAID)
        value = str(item.get("value") or "").strip()
        if kind is None:
            self.errors[f"{at}kind"] = _("Select what kind of identifier it is")
        if role is None:
            self.errors[f"{at}role"] = _("Select the role of the person")
        if not value:
            self.errors[f"{at}value"] = (
                _("A private key was taken out: never send one. Enter the address instead")
                if item.get("secret_removed")
                else _("Enter the identifier")
            )
        target = {
            "n": index + 1,
            "kind": kind.value if kind else "",
            "value": value,
            "normalised": value,
            "network": None,
            "problem": None,
            "role": role.value if role else "",
            "period": self._period(at, item),
        }
        if kind is not None and value:
            read = read_identifier(kind, value, str(item.get("network") or "") or None)
            if read.problem and not item.get("as_written"):
                self.errors[f"{at}value"] = problem_sentence(read.problem)
            network = str(item.get("network") or "") or (read.networks[0] if len(read.networks) == 1 else None)
            target |= {"normalised": read.normalised, "network": network, "problem": read.problem}
        return target

    def _period(self, at: str, item: Mapping[str, Any]) -> dict[str, str]:
        days: dict[str, date] = {}
        for name, missing in (
            ("period_from", _("Enter the first day of the period")),
            ("period_to", _("Enter the last day of the period")),
        ):
            try:
                day = date.fromisoformat(str(item.get(name) or ""))
                if not 2009 <= day.year <= 2100:
                    raise ValueError
                days[name] = day
            except ValueError:
                self.errors[f"{at}{name}"] = missing
        zone = str(item.get("time_zone") or "")
        if zone not in _zones():
            self.errors[f"{at}time_zone"] = _("Select the time zone of the period")
            zone = "UTC"
        if len(days) != 2:
            return {"from": "", "to": "", "time_zone": zone, "start": "", "end": ""}
        if days["period_to"] < days["period_from"]:
            self.errors[f"{at}period_to"] = _("The last day lies before the first")
        return {
            "from": days["period_from"].isoformat(),
            "to": days["period_to"].isoformat(),
            "time_zone": zone,
            "start": _midnight(days["period_from"], zone),
            "end": _midnight(days["period_to"] + timedelta(days=1), zone),
        }


def _midnight(day: date, zone: str) -> str:
    return iso_ms(datetime.combine(day, time(), tzinfo=ZoneInfo(zone)).astimezone(UTC))


def _enum(kind: type[E], value: Any) -> E | None:
    try:
        return kind(str(value or ""))
    except ValueError:
        return None


@lru_cache(maxsize=1)
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())
