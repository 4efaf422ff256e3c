"""The decision: one document over all targets of a request, checked so that nothing is answered with silence.

Each target takes two decisions: does the instrument cover it, and is what is covered produced?  Each category asked for
is then either produced or withheld with an answer of its own.  What a decision allows, and nothing else, is disclosed:
`Scope.allows` is asked for every cell of a package.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Any
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from entraide.exchange.categories import SCHEMAS, Minimise
from entraide.exchange.port import Category, Period
from entraide.kernel.acts import Act
from entraide.kernel.clock import iso_ms
from entraide.kernel.errors import Invalid, Text
from entraide.requests.law import GROUNDS, Coverage, LegalBasis
from entraide.requests.states import LOOKED_UP, LookupState

DecisionDocument = dict[str, Any]
TEXT_MAX = 2_000


class AnswerCode(StrEnum):
    """How a target, or a category of one, is answered."""

    PRODUCE = "produce"
    NO_SUCH_ACCOUNT = "no_such_account"
    NOT_HELD = "not_held"
    OUT_OF_PERIOD = "out_of_period"
    REFUSED = "refused"


ANSWER_LABELS: Mapping[AnswerCode, Text] = {
    AnswerCode.PRODUCE: _("Produced"),
    AnswerCode.NO_SUCH_ACCOUNT: _("No such account"),
    AnswerCode.NOT_HELD: _("Not held"),
    AnswerCode.OUT_OF_PERIOD: _("Out of period"),
    AnswerCode.REFUSED: _("Refused"),
}
ANSWER_SENTENCES: Mapping[AnswerCode, Text] = {
    AnswerCode.PRODUCE: _("The data is in this package."),
    AnswerCode.NO_SUCH_ACCOUNT: _("The exchange has no account that answers to this identifier."),
    AnswerCode.NOT_HELD: _("The exchange does not hold this data."),
    AnswerCode.OUT_OF_PERIOD: _("The exchange holds nothing within the period asked for."),
    AnswerCode.REFUSED: _("The data is not produced, on the ground stated."),
}
# Why one category of a produced target is held back: never "no such account", since there is one.
WITHHELD_ANSWERS = frozenset({AnswerCode.NOT_HELD, AnswerCode.OUT_OF_PERIOD, AnswerCode.REFUSED})


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetFacts:
    """What a decision on one target rests on.

    Parameters
    ----------
    accounts : tuple of str
        The accounts the exchange found for it; only these can be produced.
    """

    n: int
    period: Period
    lookup: LookupState
    accounts: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What a decision rests on: the request as filed, and what the exchange found."""

    reference: str
    version: int
    document_sha256: str
    legal_basis: LegalBasis
    categories: tuple[Category, ...]
    targets: tuple[TargetFacts, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Examined:
    """A decision as far as it is worked out.

    Parameters
    ----------
    document : DecisionDocument
        What would be proposed; a line with an error in it says nothing that could be relied on.
    errors : Mapping of str to Text
        What is missing or goes too far, by ``targets.<n>.<answer>``.
    """

    document: DecisionDocument
    errors: Mapping[str, Text]

    @property
    def unanswered(self) -> tuple[int, ...]:
        """Return the targets that would be met with silence, or answered with more than was asked."""
        return tuple(sorted({int(key.split(".")[1]) for key in self.errors}))

    @property
    def lines(self) -> Mapping[int, "ScopeLine"]:
        """Return the answer to every target that has one."""
        open_targets = set(self.unanswered)
        return {line["n"]: _line(line) for line in self.document["targets"] if line["n"] not in open_targets}


def examine(answers: Sequence[Mapping[str, Any]], facts: Facts) -> Examined:
    """Return what `answers` amount to, and everything that is still missing; see `decide`."""
    reader = _Decider(facts)
    by_n = {int(answer["n"]): answer for answer in answers if str(answer.get("n", "")).isdigit()}
    for n in by_n.keys() - {target.n for target in facts.targets}:
        reader.errors[f"targets.{n}.answer"] = _("The request has no such target")
    document: DecisionDocument = {
        "v": 1,
        "type": "decision",
        "reference": facts.reference,
        "request": {"version": facts.version, "sha256": facts.document_sha256},
        "targets": [reader.target(target, by_n.get(target.n)) for target in facts.targets],
    }
    return Examined(document=document, errors=reader.errors)


def decide(answers: Sequence[Mapping[str, Any]], facts: Facts) -> DecisionDocument:
    """Return the decision document.

    Parameters
    ----------
    answers : Sequence of Mapping
        One for each target: ``n``, ``covered`` (bool), ``answer``; where produced ``accounts``, ``categories``,
        ``withheld`` (category → ``answer``, ``ground``, ``text``), ``period`` (``start``, ``end``; absent: as asked),
        ``named_columns`` (category → columns that are otherwise minimised); where refused ``ground``, ``text``.

    Raises
    ------
    Invalid
        If a target or category would be met with silence, or more would be produced than was asked for; `fields` by
        ``targets.<n>.<answer>``.
    """
    found = examine(answers, facts)
    if found.errors:
        raise Invalid(
            _("Proposing the decision"), why=_("some targets are not answered, or answered with more than was asked"),
            do=_("Correct them"), fields=found.errors,
        )  # fmt: skip
    return found.document


def propose_act(document: DecisionDocument) -> Act:
    """Return the act the proposer signs."""
    return Act("requests:decision:propose", document["reference"], {"document": document})


def approve_act(document: DecisionDocument) -> Act:
    """Return the act the approver signs: the same document under a domain of its own."""
    return Act("requests:decision:approve", document["reference"], {"document": document})


class _Decider:
    def __init__(self, facts: Facts) -> None:
        self._facts = facts
        self.errors: dict[str, Text] = {}

    def target(self, facts: TargetFacts, answer: Mapping[str, Any] | None) -> dict[str, Any]:
        at = f"targets.{facts.n}."
        line: dict[str, Any] = {"n": facts.n, "covered": False, "answer": "", "ground": None, "text": ""}
        line |= {"accounts": [], "categories": [], "named_columns": {}, "period": None, "withheld": []}
        if answer is None:
            self.errors[f"{at}answer"] = _("This target has no answer yet")
            return line
        if answer.get("covered") not in (True, False):
            self.errors[f"{at}covered"] = _("Say whether the instrument covers this target")
            return line
        code = _code(answer.get("answer"))
        line |= {"covered": answer["covered"], "answer": code.value if code else ""}
        if not answer["covered"]:
            if code is not AnswerCode.REFUSED:
                self.errors[f"{at}answer"] = _("What the instrument does not cover can only be refused")
            return line | self._ground(at, answer, Coverage.COVERED)
        match code:
            case None:
                self.errors[f"{at}answer"] = _("This target has no answer yet")
            case AnswerCode.REFUSED:
                line |= self._ground(at, answer, Coverage.PRODUCED)
            case AnswerCode.PRODUCE:
                line |= self._produced(at, facts, answer)
            case AnswerCode.NO_SUCH_ACCOUNT if facts.lookup is not LookupState.NOT_FOUND:
                self.errors[f"{at}answer"] = _("The look-up at the exchange does not say so")
            case AnswerCode.NOT_HELD if facts.lookup not in LOOKED_UP:
                self.errors[f"{at}answer"] = _("The look-up at the exchange is not finished")
            case AnswerCode.OUT_OF_PERIOD if not facts.accounts:
                self.errors[f"{at}answer"] = _("No account was found for it")
            case _:
                line["text"] = self._text(at, answer)
        return line

    def _produced(self, at: str, facts: TargetFacts, answer: Mapping[str, Any]) -> dict[str, Any]:
        accounts = sorted({str(account) for account in _list(answer.get("accounts"))})
        if not accounts:
            self.errors[f"{at}accounts"] = _("Select at least one account")
        elif not set(accounts) <= set(facts.accounts):
            self.errors[f"{at}accounts"] = _("Only accounts found for this target can be produced")
        chosen = {str(code) for code in _list(answer.get("categories"))}
        asked = [category.value for category in self._facts.categories]
        if not chosen:
            self.errors[f"{at}categories"] = _("Select at least one category, or another answer")
        elif not chosen <= set(asked):
            self.errors[f"{at}categories"] = _("Only categories the request asks for can be produced")
        return {
            "accounts": accounts,
            "categories": [code for code in asked if code in chosen],
            "withheld": [self._withheld(at, code, answer) for code in asked if code not in chosen],
            "period": self._period(at, facts, answer),
            "named_columns": self._named_columns(at, chosen, answer),
            "text": self._text(at, answer),
        }

    def _withheld(self, at: str, category: str, answer: Mapping[str, Any]) -> dict[str, Any]:
        given = _mapping(_mapping(answer.get("withheld")).get(category))
        line: dict[str, Any] = {"category": category, "answer": "", "ground": None, "text": ""}
        code = _code(given.get("answer"))
        if code not in WITHHELD_ANSWERS:
            self.errors[f"{at}withheld.{category}"] = _("Say why this category is not produced")
            return line
        line["answer"] = code.value if code else ""
        if code is AnswerCode.REFUSED:
            return line | self._ground(f"{at}withheld.{category}.", given, Coverage.PRODUCED)
        return line | {"text": self._text(f"{at}withheld.{category}.", given)}

    def _period(self, at: str, facts: TargetFacts, answer: Mapping[str, Any]) -> dict[str, str]:
        asked = {"start": iso_ms(facts.period.start), "end": iso_ms(facts.period.end)}
        given = _mapping(answer.get("period"))
        if not given:
            return asked
        try:
            period = Period(
                start=datetime.fromisoformat(str(given["start"])), end=datetime.fromisoformat(str(given["end"]))
            )
        except (KeyError, ValueError):
            self.errors[f"{at}period"] = _("Enter a first and a last moment")
            return asked
        if period.start < facts.period.start or period.end > facts.period.end:
            self.errors[f"{at}period"] = _("The period cannot be longer than the one asked for")
        return {"start": iso_ms(period.start), "end": iso_ms(period.end)}

    def _named_columns(self, at: str, chosen: set[str], answer: Mapping[str, Any]) -> dict[str, list[str]]:
        named: dict[str, list[str]] = {}
        for code, columns in _mapping(answer.get("named_columns")).items():
            wanted = {str(column) for column in _list(columns)}
            if not wanted:
                continue
            if code not in chosen or not wanted <= _nameable(code):
                self.errors[f"{at}named_columns"] = _("Only minimised columns of a produced category can be named")
                continue
            named[str(code)] = sorted(wanted)
        return named

    def _ground(self, at: str, answer: Mapping[str, Any], decision: Coverage) -> dict[str, Any]:
        ground = GROUNDS.get(str(answer.get("ground") or ""))
        text = self._text(at, answer)
        if ground is None or ground.decision is not decision or self._facts.legal_basis not in ground.profiles:
            self.errors[f"{at}ground"] = _("Select the ground")
        elif ground.needs_text and not text:
            self.errors[f"{at}text"] = _("This ground needs an explanation")
        return {"ground": ground.code if ground else None, "text": text}

    def _text(self, at: str, answer: Mapping[str, Any]) -> str:
        text = str(answer.get("text") or "").replace("\r\n", "\n").strip()
        if len(text) > TEXT_MAX:
            self.errors[f"{at}text"] = _("At most %(n)s characters") % {"n": TEXT_MAX}
        return text


def _code(value: Any) -> AnswerCode | None:
    try:
        return AnswerCode(str(value or ""))
    except ValueError:
        return None


def _list(value: Any) -> Sequence[Any]:
    return value if isinstance(value, (list, tuple)) else ()


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


_NAMEABLE = frozenset({Minimise.MASK_UNLESS_NAMED, Minimise.OMIT_UNLESS_NAMED})


def nameable_columns(category: Category) -> tuple[str, ...]:
    """Return the columns of `category` that are masked or left out unless the decision names them."""
    return tuple(column.name for column in SCHEMAS[category].columns if column.minimise in _NAMEABLE)


def _nameable(code: str) -> set[str]:
    return set(nameable_columns(Category(code)))


# ---------------------------------------------------------------------------------------------------------------- scope


@dataclass(frozen=True, slots=True, kw_only=True)
class Withheld:
    """One category of a produced target that is not in the package, and why."""

    category: Category
    answer: AnswerCode
    ground: str | None
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ScopeLine:
    """The answer to one target."""

    n: int
    covered: bool
    answer: AnswerCode
    ground: str | None
    text: str
    accounts: tuple[str, ...]
    categories: tuple[Category, ...]
    period: Period | None
    named_columns: Mapping[Category, frozenset[str]]
    withheld: tuple[Withheld, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Pull:
    """One stream to ask of the exchange: disjoint for the same account and category."""

    account_id: str
    category: Category
    period: Period


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """What may be disclosed: the union of the lines, and nothing else."""

    lines: tuple[ScopeLine, ...]

    def allows(
        self, account_id: str, category: Category, column: str | None = None, at: datetime | None = None
    ) -> bool:
        """Say whether a cell may be disclosed in clear.

        Parameters
        ----------
        column : str | None
            Absent: the record as a whole.  A column that is minimised must be named by the decision.
        at : datetime | None
            The record's moment.  For a category with moments it must lie within the period (the end is outside).
        """
        return any(self._line_allows(line, account_id, category, column, at) for line in self.lines)

    def named_columns(self, account_id: str, category: Category) -> frozenset[str]:
        """Return the minimised columns that every line producing this account and category names.

        Only what all of them name is shown in the file they share: one target's narrower order is not widened by
        another's.
        """
        sets = [line.named_columns.get(category, frozenset()) for line in self._producing(account_id, category)]
        return frozenset.intersection(*sets) if sets else frozenset()

    def accounts(self) -> tuple[str, ...]:
        """Return every account that is produced, sorted."""
        return tuple(sorted({account for line in self.lines for account in line.accounts}))

    def pulls(self) -> tuple[Pull, ...]:
        """Return what to ask of the exchange, by account, category and moment, overlapping periods joined."""
        wanted: dict[tuple[str, Category], list[Period]] = {}
        for line in self.lines:
            if line.answer is AnswerCode.PRODUCE and line.period is not None:
                for account in line.accounts:
                    for category in line.categories:
                        wanted.setdefault((account, category), []).append(line.period)
        order = {category: position for position, category in enumerate(Category)}
        return tuple(
            Pull(account_id=account, category=category, period=period)
            for (account, category), periods in sorted(wanted.items(), key=lambda item: (item[0][0], order[item[0][1]]))
            for period in _joined(periods, is_cut=SCHEMAS[category].time_column is not None)
        )

    def _producing(self, account_id: str, category: Category) -> Iterator[ScopeLine]:
        for line in self.lines:
            if line.answer is AnswerCode.PRODUCE and account_id in line.accounts and category in line.categories:
                yield line

    def _line_allows(
        self, line: ScopeLine, account_id: str, category: Category, column: str | None, at: datetime | None
    ) -> bool:
        if line.answer is not AnswerCode.PRODUCE or line.period is None:
            return False
        if account_id not in line.accounts or category not in line.categories:
            return False
        schema = SCHEMAS[category]
        if schema.time_column is not None and (at is None or not line.period.start <= at < line.period.end):
            return False
        if column is None:
            return True
        if column not in schema.names:
            return False
        is_minimised = schema.columns[schema.position(column)].minimise in _NAMEABLE
        return not is_minimised or column in self.named_columns(account_id, category)


def _joined(periods: Sequence[Period], *, is_cut: bool) -> Iterator[Period]:
    """Yield disjoint periods covering `periods`; one for all where records have no moment to cut by."""
    if not is_cut:
        # The latest end decides how the account stood; asking twice would give the same records twice.
        yield max(periods, key=lambda period: (period.end, period.start))
        return
    current: Period | None = None
    for period in sorted(periods, key=lambda one: (one.start, one.end)):
        if current is None:
            current = period
        elif period.start <= current.end:
            current = Period(start=current.start, end=max(current.end, period.end))
        else:
            yield current
            current = period
    if current is not None:
        yield current


def scope_of(document: Mapping[str, Any]) -> Scope:
    """Return what a decision document allows."""
    return Scope(lines=tuple(_line(line) for line in document["targets"]))


def _line(line: Mapping[str, Any]) -> ScopeLine:
    period = line["period"]
    named = {Category(code): frozenset(columns) for code, columns in line["named_columns"].items()}
    return ScopeLine(
        n=line["n"],
        covered=line["covered"],
        answer=AnswerCode(line["answer"]),
        ground=line["ground"],
        text=line["text"],
        accounts=tuple(line["accounts"]),
        categories=tuple(Category(code) for code in line["categories"]),
        period=None if period is None else Period(start=_moment(period["start"]), end=_moment(period["end"])),
        named_columns=MappingProxyType(named),
        withheld=tuple(
            Withheld(category=Category(one["category"]), answer=AnswerCode(one["answer"]), ground=one["ground"],
                     text=one["text"])
            for one in line["withheld"]
        ),
    )  # fmt: skip


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovedScope:
    """What two people approved, with everything by which it can be checked again.

    Parameters
    ----------
    decision_sha256 : bytes
        SHA-256 of the canonical decision document: the hash that was approved.
    propose_act, approve_act : bytes
        Canonical form of the two acts, for verifying the assertions over them.
    """

    request_id: UUID
    organisation_id: UUID
    officer_id: UUID
    reference: str
    version: int
    decision_id: UUID
    decision: Mapping[str, Any]
    decision_sha256: bytes
    proposer_id: UUID
    proposal_act_id: UUID
    propose_act: bytes
    approver_id: UUID
    approval_act_id: UUID
    approve_act: bytes
    approved_at: datetime
    scope: Scope
