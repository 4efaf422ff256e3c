"""Time limits of a sign-in and counting of attempts, as arithmetic."""

import ipaddress
from datetime import datetime, timedelta

from django.conf import settings
from django.utils.translation import gettext as _

from entraide.access.states import IDLE_LIMIT, CredentialKind
from entraide.identifiers import holds_secret

WINDOW = timedelta(minutes=1)

# Per minute: from one address before anybody is known, by one person afterwards.  Passkeys cannot be guessed; the
# limits keep links from being tried and the desk answering when a script runs away with somebody's sign-in.
ATTEMPTS_MAX = {"sign-in": 30, "sign-in-failed": 10, "invitation": 10, "demo": 60, "change": 600}
STEP_UPS_MAX = 300


def secrets_in(**answers: str) -> dict[str, str]:
    """Return what to say of each answer that holds a private key or recovery phrase; none is ever kept."""
    said = _("Leave out the private key or recovery phrase; none is kept here")
    return {name: said for name, answer in answers.items() if holds_secret(answer)}


def kinds_that_sign() -> list[str]:
    """Return the kinds of credentials that count here: a software key in a demo only, whatever rows there are."""
    kinds = CredentialKind if settings.KIND == "demo" else (CredentialKind.PASSKEY,)
    return [kind.value for kind in kinds]


def is_alive(*, seen_at: datetime, expires_at: datetime, ended_at: datetime | None, now: datetime) -> bool:
    """Say whether a sign-in still counts: not ended, not idle for too long, not older than the absolute limit."""
    return ended_at is None and now < expires_at and now < seen_at + IDLE_LIMIT


def window_of(now: datetime) -> datetime:
    """Return the start of the window in which an attempt counts."""
    return now.replace(second=0, microsecond=0)


def source_of(address: str) -> str:
    """Return the network that counts as one source: an IPv4 address, or the /64 an IPv6 host draws addresses from."""
    try:
        ip = ipaddress.ip_address(address.strip())
    except ValueError:
        return "unknown"
    if isinstance(ip, ipaddress.IPv6Address):
        return str(ip.ipv4_mapped) if ip.ipv4_mapped else str(ipaddress.ip_network((ip, 64), strict=False))
    return str(ip)


def true_address(*, peer: str, forwarded_for: str, n_proxies: int) -> str:
    """Return the address of whoever asks, behind `n_proxies` proxies of ours.

    Each of them appends the address it was called from; everything further left was written by the caller and may be
    anything.
    """
    if n_proxies <= 0:
        return peer
    hops = [hop.strip() for hop in forwarded_for.split(",") if hop.strip()]
    return hops[-n_proxies] if len(hops) >= n_proxies else peer
