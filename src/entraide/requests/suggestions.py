"""What the look-up suggests as an answer, and how an answer carries over to other targets.

Suggested, never decided: whether the instrument covers a target is a judgement of law that no look-up can make, so
nothing of it counts before an analyst has said so herself.
"""

from collections.abc import Mapping
from typing import Any

from entraide.requests.decision import AnswerCode, Facts, TargetFacts
from entraide.requests.states import LOOKED_UP, LookupState

Answer = Mapping[str, Any]


def suggest(target: TargetFacts, facts: Facts) -> dict[str, Any] | None:
    """Return the answer that what was found points to, or None where only a person can tell.

    It never says whether the instrument covers the target.  An identifier that cannot be searched for is no "no such
    account", and an unfinished look-up is nothing at all.
    """
    match target.lookup:
        case LookupState.FOUND if target.accounts:
            return {
                "n": target.n,
                "answer": AnswerCode.PRODUCE.value,
                "accounts": list(target.accounts),
                "categories": [category.value for category in facts.categories],
            }
        case LookupState.NOT_FOUND:
            return {"n": target.n, "answer": AnswerCode.NO_SUCH_ACCOUNT.value}
        case _:
            return None


def carry_over(answer: Answer, target: TargetFacts) -> dict[str, Any] | None:
    """Return `answer` as it reads for `target`, or None where it cannot be said of it.

    The categories, grounds and words go along.  The accounts are the target's own, all that were found, and its period
    is as asked: neither can be the same for two targets.
    """
    carried = {**answer, "n": target.n}
    carried.pop("period", None)
    carried.pop("accounts", None)
    match answer.get("answer"):
        case AnswerCode.PRODUCE if target.accounts:
            return carried | {"accounts": list(target.accounts)}
        case AnswerCode.NO_SUCH_ACCOUNT if target.lookup is LookupState.NOT_FOUND:
            return carried
        case AnswerCode.NOT_HELD if target.lookup in LOOKED_UP:
            return carried
        case AnswerCode.OUT_OF_PERIOD if target.accounts:
            return carried
        case AnswerCode.REFUSED:
            return carried
        case _:
            return None
