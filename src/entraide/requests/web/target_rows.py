"""The rows of the page that asks for identifiers, read from what it sent.  Nothing is judged here; see `document`."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.http import QueryDict

from entraide.exchange.port import IdentifierKind
from entraide.requests.document import TARGETS_MAX
from entraide.requests.targets import ReadIdentifier, extract_targets, read_identifier

PERIOD = ("period_from", "period_to", "time_zone")
Target = dict[str, Any]


def targets_in(post: QueryDict) -> list[Target]:
    """Return the targets of the page, in order; a period said once holds for all of them."""
    targets = [_target(post, index) for index in _indices(post, "targets")]
    if post.get("periods") == "same":
        common = {name: post.get(name, "") for name in PERIOD}
        targets = [target | common for target in targets]
    return targets


def found_in(post: QueryDict) -> list[Target]:
    """Return what was ticked of the identifiers found in a text."""
    return [
        {
            "kind": post.get(f"found-{index}-kind", ""),
            "value": post.get(f"found-{index}-value", ""),
            "network": post.get(f"found-{index}-network", ""),
            "as_written": f"found-{index}-as_written" in post,
        }
        for index in _indices(post, "found")
        if f"found-{index}-add" in post or f"found-{index}-as_written" in post
    ]


def added(targets: Sequence[Mapping[str, Any]], found: Sequence[Target], *, zone: str) -> list[Target]:
    """Return `targets` with what was found behind them, each once, under the period the others have."""
    kept = [dict(target) for target in targets if str(target.get("value") or "").strip()]
    common = {name: kept[0].get(name, "") if kept else "" for name in PERIOD}
    common["time_zone"] = common["time_zone"] or zone
    known = {same(target) for target in kept}
    for one in found:
        if same(one) not in known:
            known.add(same(one))
            kept.append({"role": "not_said", **common, **one})
    return kept[:TARGETS_MAX]


def same(target: Mapping[str, Any]) -> tuple[str, str]:
    """Return what makes two targets the same identifier."""
    reading = reading_of(target)
    return str(target.get("kind")), reading.normalised if reading else str(target.get("value"))


def reading_of(target: Mapping[str, Any]) -> ReadIdentifier | None:
    """Return how a target's identifier is read; None while kind or value is missing."""
    try:
        kind = IdentifierKind(str(target.get("kind") or ""))
    except ValueError:
        return None
    value = str(target.get("value") or "").strip()
    return read_identifier(kind, value, str(target.get("network") or "") or None) if value else None


def with_kind(target: Target) -> Target:
    """Return a target whose kind was left open with the kind it can only be."""
    if target.get("kind") or not target.get("value"):
        return target
    found = extract_targets(str(target["value"])).targets
    return target | {"kind": found[0].kind.value} if len(found) == 1 else target


def share_a_period(targets: Sequence[Mapping[str, Any]]) -> bool:
    """Say whether all targets have the same period."""
    return len({tuple(str(target.get(name) or "") for name in PERIOD) for target in targets}) <= 1


def _target(post: QueryDict, index: int) -> Target:
    names = ("kind", "value", "network", "role", *PERIOD)
    target: Target = {name: post.get(f"targets-{index}-{name}", "") for name in names}
    target["as_written"] = f"targets-{index}-as_written" in post
    return with_kind(target)


def _indices(post: QueryDict, prefix: str) -> list[int]:
    """Return the numbers of the rows a page sent, in order; each row has a field `value`."""
    middle = (key[len(prefix) + 1 : -len("-value")] for key in post if key.startswith(f"{prefix}-"))
    numbers = sorted({int(number) for number in middle if number.isascii() and number.isdigit() and len(number) < 5})
    return [number for number in numbers if f"{prefix}-{number}-value" in post][: TARGETS_MAX + 1]
