"""What can go wrong with the exchange over HTTP, said as the port says it: the wire, the status, the answer."""

import json
from collections.abc import Iterator
from contextlib import contextmanager

import httpx

from entraide.connectors.outbound import Redirected, TooLarge, TooSlow
from entraide.exchange.port import ExchangeBroken, ExchangeError, ExchangeRefused, ExchangeUnavailable

_ASK_AGAIN = "Ask again later; what was answered so far is kept"
_TOLD = "Tell the operators of the exchange's interface; nothing of this answer was kept"

# What the contract says with a status code when the body says nothing better.
_REFUSALS = {
    401: ("not_authorised", "it does not accept this desk's credential"),
    403: ("not_authorised", "it does not allow this desk to ask that"),
    404: ("no_such_account", "there is no such account"),
    410: ("stale_cursor", "it cannot go on from that point any more"),
    413: ("over_limit", "that is more than it answers at once"),
    422: ("bad_question", "it cannot answer the question as it was put"),
}
_REFUSAL_CODES = {
    "not_authorised": "it does not accept this desk's credential",
    "no_such_account": "there is no such account",
    "category_not_held": "it holds no such data",
    "stale_cursor": "it cannot go on from that point any more",
    "bad_question": "it cannot answer the question as it was put",
    "over_limit": "that is more than it answers at once",
}
_WAITS = {
    425: ("too_early", "that moment is too close to now for its records to be complete"),
    429: ("busy", "it was asked too much in a short time"),
    500: ("down", "it failed on its side"),
    502: ("down", "it is not reachable behind its gateway"),
    503: ("down", "it is down"),
    504: ("down", "its gateway had no answer from it"),
}


@contextmanager
def translated(what: str) -> Iterator[None]:
    """Turn the failures of the wire into those of the port."""
    try:
        yield
    except (httpx.ConnectError, httpx.ConnectTimeout):
        raise ExchangeUnavailable(
            what, why="the exchange cannot be reached", do=_ASK_AGAIN, code="unreachable"
        ) from None
    except (httpx.TimeoutException, TooSlow):
        raise ExchangeUnavailable(
            what, why="the exchange did not answer in time", do=_ASK_AGAIN, code="timed_out"
        ) from None
    except httpx.TransportError:
        raise interrupted(what) from None
    except TooLarge:
        raise bad_answer(what, "its answer is larger than allowed", code="too_large") from None
    except Redirected:
        raise bad_answer(what, "it sends us to another address", code="redirected") from None


def interrupted(what: str) -> ExchangeUnavailable:
    """Return what to raise when an answer broke off."""
    return ExchangeUnavailable(
        what, why="the exchange's answer broke off before its end", do=_ASK_AGAIN, code="interrupted"
    )


def bad_answer(what: str, why: str, *, code: str = "bad_answer") -> ExchangeBroken:
    """Return what to raise when the exchange did not answer as agreed."""
    return ExchangeBroken(what, why=f"the exchange's answer is not as agreed: {why}", do=_TOLD, code=code)


def check_status(what: str, status: int, body: bytes) -> None:
    """Raise what the port says where `status` is not 200."""
    if status != 200:
        raise _error(what, status, body)


def _error(what: str, status: int, body: bytes) -> ExchangeError:
    if status in _WAITS or status >= 500:
        code, why = _WAITS.get(status, _WAITS[500])
        return ExchangeUnavailable(what, why=f"the exchange did not answer: {why}", do=_ASK_AGAIN, code=code)
    said = _code_in(body)
    if said in _REFUSAL_CODES:
        return ExchangeRefused(what, why=f"the exchange said no: {_REFUSAL_CODES[said]}", code=said)
    # A bare 404 is no "no such account": it may be a wrong address, and silence must not be read as an answer.
    if status in _REFUSALS and status != 404:
        code, why = _REFUSALS[status]
        return ExchangeRefused(what, why=f"the exchange said no: {why}", code=code)
    return bad_answer(what, f"status {status}")


def _code_in(body: bytes) -> str:
    try:
        parsed = json.loads(body)
    except (ValueError, RecursionError):
        return ""
    code = parsed.get("code") if isinstance(parsed, dict) else None
    return code if isinstance(code, str) else ""
