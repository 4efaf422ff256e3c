"""Failures a test may ask for.

Only where ``REFERENCE_EXCHANGE_FAULTS=1``: by the header ``Reference-Exchange-Fault`` for one question, or by
``POST /faults`` for the next questions of whoever asks.  The words are

=====================  =============================================================================================
``down``               the question is answered with 503
``slow=S``             every page waits S seconds
``die=N``              the stream breaks off in the middle of a record, after N pages
``quiet=N``            the stream ends politely after N pages, without its end marker
``wrong=WHAT``         the first record of the stream is wrong: ``type``, ``column``, ``missing``, ``account``,
                       ``period``, ``twice``
``stale``              the cursor is refused
=====================  =============================================================================================
"""

import json
import threading
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Fault:
    """What is to go wrong with one question."""

    is_down: bool = False
    is_stale: bool = False
    slow_s: float = 0.0
    dies_after: int | None = None
    quiet_after: int | None = None
    wrong: str | None = None


NO_FAULT = Fault()


def parse(text: str) -> Fault:
    """Return the fault that words separated by commas ask for."""
    asked = dict(item.strip().partition("=")[::2] for item in text.split(",") if item.strip())
    return Fault(
        is_down="down" in asked,
        is_stale="stale" in asked,
        slow_s=float(asked.get("slow", "0")),
        dies_after=int(asked["die"]) if "die" in asked else None,
        quiet_after=int(asked["quiet"]) if "quiet" in asked else None,
        wrong=asked.get("wrong"),
    )


class Armed:
    """Faults armed for the questions to come."""

    def __init__(self) -> None:
        self._waiting: list[Fault] = []
        self._lock = threading.Lock()

    def arm(self, fault: Fault, times: int) -> None:
        """Let the next questions fail."""
        with self._lock:
            self._waiting += [fault] * times

    def disarm(self) -> None:
        """Let nothing fail any more."""
        with self._lock:
            self._waiting.clear()

    def next(self) -> Fault:
        """Return what is to go wrong with this question."""
        with self._lock:
            return self._waiting.pop(0) if self._waiting else NO_FAULT


def spoiled(lines: str, wrong: str) -> str:
    """Return a page whose first record is wrong."""
    first, _, rest = lines.partition("\n")
    record: dict[str, Any] = json.loads(first)
    match wrong:
        case "type":
            record["account_id"] = 7
        case "column":
            record["shoe_size"] = 43
        case "missing":
            del record["record_id"]
        case "account":
            record["account_id"] = "RX99999999"
        case "period":
            record["at"] = "1999-01-01T00:00:00.000000Z"
        case "twice":
            return "\n".join((first, first, rest)) if rest else f"{first}\n{first}"
        case _:
            raise ValueError(f"nothing can be wrong like that: {wrong}")
    spoiled_first = json.dumps(record, ensure_ascii=False, separators=(",", ":"))
    return f"{spoiled_first}\n{rest}" if rest else spoiled_first
