"""The sheet on which an analyst answers a target: what a form sends as an answer, and an answer as its fields.

Fields are named ``t<n>-<answer>``, and ``t<n>-<answer>-<category>`` where each category has its own.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from entraide.exchange.port import Category
from entraide.kernel.clock import iso_ms
from entraide.kernel.errors import Text
from entraide.requests.decision import (
    TEXT_MAX,
    WITHHELD_ANSWERS,
    AnswerCode,
    TargetFacts,
    nameable_columns,
)
from entraide.requests.law import CATEGORIES, PROFILES, Coverage, Ground, LegalBasis
from entraide.requests.states import LOOKED_UP, LookupState

COLUMN_LABELS: Mapping[str, Text] = {
    "tax_number": _("Tax number in full"),
    "document_number": _("Number of the identity document in full"),
    "file_name": _("Copies of identity documents"),
    "file_sha256": _("Hashes of those copies"),
}
_LOCAL = "%Y-%m-%dT%H:%M"


# -------------------------------------------------------------------------------------------------------- from the form


def answer_sent(
    sent: QueryDict, asked: TargetFacts, *, categories: Sequence[Category], time_zone: str
) -> dict[str, Any] | None:
    """Return what the form says of one target, judged by nobody yet; None where it says nothing."""
    prefix = f"t{asked.n}-"
    covered = {"yes": True, "no": False}.get(sent.get(f"{prefix}covered", ""))
    code = sent.get(f"{prefix}answer", "")
    if covered is None and not code:
        return None
    answer: dict[str, Any] = {"n": asked.n, "covered": covered, "text": sent.get(f"{prefix}text", "")}
    if covered is False:
        return answer | {"answer": AnswerCode.REFUSED.value, "ground": sent.get(f"{prefix}covered_ground", "")}
    answer["answer"] = code
    if code == AnswerCode.REFUSED:
        answer["ground"] = sent.get(f"{prefix}ground", "")
    if code == AnswerCode.PRODUCE:
        answer |= _produced(sent, prefix, categories) | _period(sent, prefix, time_zone, asked)
    return answer


def _produced(sent: QueryDict, prefix: str, categories: Sequence[Category]) -> dict[str, Any]:
    said = {one.value: sent.get(f"{prefix}category-{one.value}", "") for one in categories}
    return {
        "accounts": sent.getlist(f"{prefix}accounts"),
        "categories": [code for code, answer in said.items() if answer == AnswerCode.PRODUCE],
        "withheld": {
            code: {
                "answer": answer,
                "ground": sent.get(f"{prefix}ground-{code}", "") if answer == AnswerCode.REFUSED else "",
                "text": sent.get(f"{prefix}text-{code}", ""),
            }
            for code, answer in said.items()
            if answer and answer != AnswerCode.PRODUCE
        },
        "named_columns": {
            code: named
            for code, answer in said.items()
            if answer == AnswerCode.PRODUCE and (named := sent.getlist(f"{prefix}columns-{code}"))
        },
    }


def _period(sent: QueryDict, prefix: str, time_zone: str, asked: TargetFacts) -> dict[str, Any]:
    start, end = sent.get(f"{prefix}from", "").strip(), sent.get(f"{prefix}to", "").strip()
    if not start and not end:
        return {}
    return {
        "period": {
            "start": _moment(start, time_zone) if start else iso_ms(asked.period.start),
            "end": _moment(end, time_zone) if end else iso_ms(asked.period.end),
        }
    }


def _moment(local: str, time_zone: str) -> str:
    try:
        moment = datetime.fromisoformat(local)
    except ValueError:
        return local  # kept as it was typed; the decision says that it is none
    return iso_ms((moment if moment.tzinfo else moment.replace(tzinfo=ZoneInfo(time_zone))).astimezone(UTC))


# ---------------------------------------------------------------------------------------------------------- to the form


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """One thing to choose; `reason` says why it cannot be."""

    value: str
    label: Text
    is_chosen: bool = False
    reason: Text = ""
    hint: Text = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CategoryFields:
    """The fields of one category asked for."""

    code: str
    label: Text
    holds: Text
    minimise: Text
    options: tuple[Option, ...]
    grounds: tuple[Option, ...]
    text: str
    columns: tuple[Option, ...]
    error: Text
    ground_error: Text
    text_error: Text


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """The fields of one target.

    Parameters
    ----------
    filled_in : Text
        The answer that waits only for whether the target is covered, in a word; empty where there is none.
    errors : Mapping of str to Text
        By the part of the answer; empty unless they are to be shown.
    """

    n: int
    covered: tuple[Option, ...]
    filled_in: Text
    covered_grounds: tuple[Option, ...]
    answers: tuple[Option, ...]
    grounds: tuple[Option, ...]
    categories: tuple[CategoryFields, ...]
    chosen_accounts: frozenset[str]
    starts_at: str
    ends_at: str
    earliest: str
    latest: str
    is_narrowed: bool
    text: str
    text_max: int
    errors: Mapping[str, Text]


def sheet(
    target: TargetFacts,
    answer: Mapping[str, Any],
    *,
    legal_basis: LegalBasis,
    categories: Sequence[Category],
    time_zone: str,
    errors: Mapping[str, Text],
) -> Sheet:
    """Return the fields that show `answer`; `errors` are those of this target, without ``targets.<n>.``."""
    grounds = PROFILES[legal_basis].grounds()
    ground = str(answer.get("ground") or "")
    zone = ZoneInfo(time_zone)
    period = answer.get("period") or {}
    return Sheet(
        n=target.n,
        covered=(
            Option(value="yes", label=_("Yes"), is_chosen=answer.get("covered") is True),
            Option(value="no", label=_("No"), is_chosen=answer.get("covered") is False),
        ),
        filled_in=_filled_in(answer),
        covered_grounds=_grounds(grounds, Coverage.COVERED, ground),
        answers=_answers(target, str(answer.get("answer") or "") if answer.get("covered") is not False else ""),
        grounds=_grounds(grounds, Coverage.PRODUCED, ground),
        categories=tuple(_category(category, answer, grounds, errors) for category in categories),
        chosen_accounts=frozenset(str(account) for account in answer.get("accounts") or ()),
        starts_at=_local(period.get("start", ""), zone),
        ends_at=_local(period.get("end", ""), zone),
        earliest=target.period.start.astimezone(zone).strftime(_LOCAL),
        latest=target.period.end.astimezone(zone).strftime(_LOCAL),
        is_narrowed=bool(period),
        text=str(answer.get("text") or ""),
        text_max=TEXT_MAX,
        errors=errors,
    )


_LABELS: Mapping[AnswerCode, Text] = {
    AnswerCode.PRODUCE: _("Produce"),
    AnswerCode.NO_SUCH_ACCOUNT: _("No such account"),
    AnswerCode.NOT_HELD: _("Not held"),
    AnswerCode.OUT_OF_PERIOD: _("Out of period"),
    AnswerCode.REFUSED: _("Refuse"),
}


def _filled_in(answer: Mapping[str, Any]) -> Text:
    code = answer.get("answer")
    return _LABELS[AnswerCode(code)] if code in list(AnswerCode) and answer.get("covered") is None else ""


_HINTS: Mapping[AnswerCode, Text] = {
    AnswerCode.PRODUCE: _("some or all categories"),
    AnswerCode.NO_SUCH_ACCOUNT: _("nothing answers to it"),
    AnswerCode.NOT_HELD: _("there is no such data"),
    AnswerCode.OUT_OF_PERIOD: _("nothing within the period"),
    AnswerCode.REFUSED: _("on a ground"),
}


def _answers(target: TargetFacts, chosen: str) -> tuple[Option, ...]:
    return tuple(
        Option(
            value=code.value,
            label=_LABELS[code],
            is_chosen=chosen == code,
            reason=_why_not(code, target),
            hint=_HINTS[code],
        )
        for code in AnswerCode
    )


def _why_not(code: AnswerCode, target: TargetFacts) -> Text:
    """Say what the look-up has against an answer, as the rule would (see `decision.decide`)."""
    match code:
        case AnswerCode.PRODUCE | AnswerCode.OUT_OF_PERIOD if not target.accounts:
            return _("no account was found")
        case AnswerCode.NO_SUCH_ACCOUNT if target.lookup is not LookupState.NOT_FOUND:
            return _("the look-up does not say so")
        case AnswerCode.NOT_HELD if target.lookup not in LOOKED_UP:
            return _("the look-up is not finished")
        case _:
            return ""


def _category(
    category: Category, answer: Mapping[str, Any], grounds: Sequence[Ground], errors: Mapping[str, Text]
) -> CategoryFields:
    code, rule = category.value, CATEGORIES[category]
    withheld = (answer.get("withheld") or {}).get(code) or {}
    said = AnswerCode.PRODUCE.value if code in (answer.get("categories") or ()) else str(withheld.get("answer") or "")
    named = (answer.get("named_columns") or {}).get(code) or ()
    offered = [one for one in AnswerCode if one is AnswerCode.PRODUCE or one in WITHHELD_ANSWERS]
    return CategoryFields(
        code=code,
        label=rule.label,
        holds=rule.holds,
        minimise=rule.minimise,
        options=tuple(Option(value=one.value, label=_LABELS[one], is_chosen=said == one) for one in offered),
        grounds=_grounds(grounds, Coverage.PRODUCED, str(withheld.get("ground") or "")),
        text=str(withheld.get("text") or ""),
        columns=tuple(
            Option(value=column, label=COLUMN_LABELS.get(column, column), is_chosen=column in named)
            for column in nameable_columns(category)
        ),
        error=errors.get(f"withheld.{code}", ""),
        ground_error=errors.get(f"withheld.{code}.ground", ""),
        text_error=errors.get(f"withheld.{code}.text", ""),
    )


def _grounds(grounds: Sequence[Ground], decision: Coverage, chosen: str) -> tuple[Option, ...]:
    return tuple(
        Option(
            value=ground.code,
            label=ground.label,
            is_chosen=ground.code == chosen,
            hint=_("explanation needed") if ground.needs_text else "",
        )
        for ground in grounds
        if ground.decision is decision
    )


def _local(moment: str, zone: ZoneInfo) -> str:
    try:
        return datetime.fromisoformat(moment).astimezone(zone).strftime(_LOCAL) if moment else ""
    except ValueError:
        return moment


# ------------------------------------------------------------------------------------------------------ what is missing


def place_of(key: str) -> str:
    """Return the id of the field that an error of the decision speaks of."""
    _targets, n, *path = key.split(".")
    match path:
        case ["withheld", code]:
            return f"t{n}-category-{code}"
        case ["withheld", code, part]:
            return f"t{n}-{part}-{code}"
        case ["period"]:
            return f"t{n}-from"
        case ["covered"]:
            return f"t{n}-covered-yes"
        case ["named_columns"]:
            return f"t{n}-categories"
        case [part]:
            return f"t{n}-{part}"
        case _:
            return f"target-{n}"
