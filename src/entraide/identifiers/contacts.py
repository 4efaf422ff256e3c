"""What leads to a person without a chain: mail addresses, telephone numbers, internet addresses, user numbers.

Each is found from the character it cannot be without (`@`, `+`, a dot between digits), with a bounded look around.
"""

import ipaddress
import re
from collections.abc import Iterator

from entraide.identifiers.model import Identifier, IdentifierKind

# --- Mail -------------------------------------------------------------------------------------------------------------

_LOCAL = re.compile(r"[0-9A-Za-z!#$%&'*+/=?^_`{|}~.-]+\Z")
_DOMAIN = re.compile(r"(?:[0-9A-Za-z](?:[0-9A-Za-z-]{0,61}[0-9A-Za-z])?\.){1,8}[A-Za-z][0-9A-Za-z-]{1,62}")
_LOCAL_MAX = 64
_BEFORE_LOCAL = "!#$%&'*+/=?^_`{|}~.-"


def find_email(text: str) -> Iterator[Identifier]:
    """Yield mail addresses."""
    at = text.find("@")
    while at >= 0:
        local = _LOCAL.search(text, max(0, at - _LOCAL_MAX), at)
        domain = _DOMAIN.match(text, at + 1)
        if local and domain:
            name = local.group().rsplit("=", 1)[-1].rsplit("/", 1)[-1].rsplit("?", 1)[-1].lstrip(_BEFORE_LOCAL)
            end = domain.end() - (len(domain.group()) - len(domain.group().rstrip("-")))
            if name and ".." not in name and not name.endswith("."):
                yield _identifier(
                    text, at - len(name), end, IdentifierKind.EMAIL, f"{name}@{text[at + 1 : end]}".lower()
                )
        at = text.find("@", at + 1)


# --- Telephone --------------------------------------------------------------------------------------------------------

_PHONE = re.compile(r"(?<![\w+])\+[ ]?[1-9٠-٩](?:[ \u00a0.()/\-\u2010-\u2013]{0,3}\d){6,15}(?![0-9])")
_TRUNK_ZERO = re.compile(r"\(0\)")


def find_phone(text: str) -> Iterator[Identifier]:
    """Yield telephone numbers in international form: `+`, then eight to fifteen digits with separators."""
    for found in _PHONE.finditer(text):
        digits = _digits(_TRUNK_ZERO.sub("", found.group()))
        if len(digits) in range(8, 16):
            yield _identifier(text, found.start(), found.end(), IdentifierKind.PHONE, "+" + digits)


# --- Internet addresses -----------------------------------------------------------------------------------------------

_IPV4 = re.compile(
    r"(?:(?<![0-9A-Za-z.])|(?<=IP)|(?<=ip))((?:\d{1,3}\.){3}\d{1,3})(?::(\d{1,5}))?(?!\.?\d|[A-Za-z])", re.ASCII
)
_IPV6_BODY = (
    r"[0-9A-Fa-f]{0,4}(?::[0-9A-Fa-f]{0,4}){2,7}"
    r"(?:(?<=:)(?:\d{1,3}\.){3}\d{1,3})?"
)
_IPV6 = re.compile(
    rf"(?<![0-9A-Za-z:.])(?:\[(?P<boxed>{_IPV6_BODY})\](?::(?P<port>\d{{1,5}}))?|(?P<plain>{_IPV6_BODY}))(?![0-9A-Za-z]|\.\d)",
    re.ASCII,
)
_VERSION = re.compile(r"(?i:v|version|release|firmware)[ .:]*\Z")


def find_ip(text: str) -> Iterator[Identifier]:
    """Yield internet addresses, with the port where one is written: behind a shared address it tells the person."""
    for found in _IPV4.finditer(text):
        if not _VERSION.search(text, max(0, found.start() - 12), found.start()):
            yield _ipv4(text, found)
    if text.count(":") < 2:
        return
    for found in _IPV6.finditer(text):
        group = "boxed" if found.group("boxed") else "plain"
        body = found.group(group)
        if body.endswith(":") and not body.endswith("::"):
            body = body[:-1]  # a colon that belongs to the sentence
        try:
            address = ipaddress.IPv6Address(body)
        except ValueError:
            continue
        if sum(c.isalnum() for c in body) < 4 and body != "::1":
            continue  # C++ and clocks write two colons too
        port = found.group("port")
        if group == "boxed":
            start, end = (found.start(), found.end()) if port else found.span("boxed")
        else:
            start, end = found.start("plain"), found.start("plain") + len(body)
        plain = str(address.ipv4_mapped or address.compressed)
        normalised = plain if not port else f"{plain}:{int(port)}" if address.ipv4_mapped else f"[{plain}]:{int(port)}"
        yield _identifier(text, start, end, IdentifierKind.IP, normalised)


def _ipv4(text: str, found: re.Match[str]) -> Identifier:
    octets, port = found.group(1).split("."), found.group(2)
    problem = None
    if any(int(o) > 255 for o in octets) or (port and int(port) > 65535):
        problem = "range"
    elif any(len(o) > 1 and o[0] == "0" for o in octets):
        problem = "leading_zero"  # some programs read it as octal: two different hosts
    normalised = found.group() if problem else found.group(1) + (f":{int(port)}" if port else "")
    return _identifier(text, found.start(), found.end(), IdentifierKind.IP, normalised, problem)


# --- User numbers -----------------------------------------------------------------------------------------------------

_NUMBER = re.compile(r"(?<![\w.,+@#/-])#?(?P<digits>\d{6,12})(?![\w@-]|[.,:/]\d)")
_WHO = (
    r"(?:(?<![A-Za-z])(?i:uids?|user[ _-]?(?:id|no|number)s?|users?"
    r"|(?:customer|client|member|account)s?(?:[ _-]?(?:id|no|number))?s?|accts?"
    r"|comptes?|identifiants?|utilisateurs?|cuentas?|usuarios?)"
    r"|حساب|الحساب|حسابه|المستخدم|معرف|المعرف|用户|账号|账户|帐号)"
)
_FILLER = (
    r"(?:[\s:：#=.\-–—\"'()\[\]]"
    r"|(?i:nos?|n°|nº|num|number|numéro|numero|número|nr|id|uid|is|are|est|es|de|du|del|client|رقم|هو)(?![A-Za-z])"
    r"|№|号|是|为){0,8}"
)
_CALLED = re.compile(rf"{_WHO}{_FILLER}\Z")
_AND = re.compile(r"(?:\s*[,;/&]\s*|\s+(?:and|or|et|ou|y|e|o|و)\s+|\s*[,;]\s*(?:and|et|y)\s+)#?\Z")
_UID_WINDOW = 44


def find_uid(text: str) -> Iterator[Identifier]:
    """Yield numbers of six to twelve digits that a word beside calls a user's or an account's."""
    last_end = -1
    for found in _NUMBER.finditer(text):
        start, end = found.span("digits")
        low = max(0, start - _UID_WINDOW)
        follows = last_end >= 0 and low <= last_end and _AND.fullmatch(text, last_end, start)
        if follows or _CALLED.search(text, low, start):
            last_end = end
            yield _identifier(text, start, end, IdentifierKind.UID, _digits(found.group("digits")))


def _digits(text: str) -> str:
    return "".join(str(int(c)) for c in text if c.isdecimal())


def _identifier(
    text: str, start: int, end: int, kind: IdentifierKind, normalised: str, problem: str | None = None
) -> Identifier:
    return Identifier(
        value=text[start:end],
        normalised=normalised,
        kind=kind,
        networks=(),
        valid=problem is None,
        problem=problem,
        start=start,
        end=end,
    )
