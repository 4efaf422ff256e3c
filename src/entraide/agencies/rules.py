"""When a request waits for the second signature of its agency, and what of a domain counts."""

from collections.abc import Iterable

from entraide.exchange.port import Category

# Traffic and content data rest on more than one stolen account, unless an agency is stricter.
DEFAULT_COUNTERSIGNED = tuple(one.value for one in Category if one.value.startswith("T") or one is Category.C1)
ALWAYS_COUNTERSIGNED_URGENCY = "emergency"


def is_countersigned(countersigned: Iterable[str], categories: Iterable[str], urgency: str) -> bool:
    """Say whether a request of these categories waits for the supervisor; an emergency always does."""
    return urgency == ALWAYS_COUNTERSIGNED_URGENCY or not set(countersigned).isdisjoint(categories)


def is_of_domain(email: str, domains: Iterable[str]) -> bool:
    """Say whether an address lies in one of the domains, or below one."""
    host = email.rpartition("@")[2].lower().rstrip(".")
    return bool(host) and any(host == domain or host.endswith(f".{domain}") for domain in domains)
