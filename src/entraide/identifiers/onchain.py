"""Addresses, transaction ids and private keys in a text.

Every format has at least 24 characters even with one missing, so only runs of that length are looked at, each a
bounded number of times.  A run is bounded by what is not an ASCII letter or digit; `\\b` would not do, because Chinese,
Arabic and Cyrillic letters are word characters and stand next to addresses without a space.
"""

import re
from collections.abc import Iterator

from entraide.chains import Kind, Problem, Recognition, read, recognise, recognise_private_key
from entraide.chains.lookalikes import FOLDED, INVISIBLE, fold, without_invisible
from entraide.identifiers import context
from entraide.identifiers.model import Identifier, IdentifierKind

RUN_LENGTH_MIN, RUN_LENGTH_MAX = 24, 512
_PIECES_MAX, _LINES_MAX = 28, 8
_WRAPPED_MIN, _GROUP_MIN = 8, 3  # characters of a piece between two others: a line of a narrow cell, a group
_JOINED_LENGTH_MAX = 260
_NO_KEY = -1000  # where the last private key ended, before there was one

_LOOKALIKES = "".join(FOLDED)
_ASCII = "0-9A-Za-z"
_RUN = re.compile(f"[{_ASCII}{INVISIBLE}{_LOOKALIKES}]{{{RUN_LENGTH_MIN},}}+")
_ASCII_RUN = re.compile(f"[{_ASCII}{INVISIBLE}]{{{RUN_LENGTH_MIN},}}+")

_BREAK = f"[ \\t{INVISIBLE}]*+\\r?\\n[ \\t>]*+"
# Where an identifier may go on behind a gap: any run at the end of a line, or a run in the middle of one that begins
# as an identifier begins and already has a digit.
_BROKEN = re.compile(
    f"(?<![{_ASCII}])(?:[{_ASCII}]{{2,200}}+(?={_BREAK}[{_ASCII}])"
    f"|(?=[A-Za-z]{{0,30}}[0-9])(?:0x|(?:bc|tb|bcrt|ltc|addr|stake|zs|u)1|[13TLMDr48]|t[13])"
    f"[{_ASCII}]{{1,200}}+(?=[ \\u00a0][{_ASCII}]{{2}}))"
)
_GAP = re.compile(f"({_BREAK}|[ \\u00a0])([{_ASCII}]{{1,200}}+)")
_HEX_ONLY = re.compile(r"[0-9a-fA-F]+")
_BASE58_ONLY = re.compile(r"[1-9A-HJ-NP-Za-km-z]+")
_BECH32_BEGINNING = re.compile(r"(?i:bc|tb|bcrt|ltc|ltcmweb|addr|stake|zs|u|tex|bitcoincash:)")
_BECH32_ONLY = re.compile(r"[a-z]{1,8}1[02-9ac-hj-np-z]+|[A-Z]{1,8}1[02-9AC-HJ-NP-Z]+")
_CASH_ONLY = re.compile(r"[qp][02-9ac-hj-np-z]+|[QP][02-9AC-HJ-NP-Z]+")
_STRONG = re.compile(r"(?i:[0o]x|(?:bc|tb|bcrt|ltc|ltcmweb|addr|addr_test|stake|stake_test|zs|tex|u)1|bitcoincash:)")

# Prefixes with a character in them that bounds a run.
_PREFIXES = re.compile(
    r"(?i:bitcoincash:|bchtest:|bchreg:|addr_|stake_|ed25519_|ed25519e_|ed25519bip32_|root_|acct_"
    r"|secret-extended-key-|age-secret-key-)$"
)
# A word that lost the space behind it; what follows must hold.
_GLUED = re.compile(
    r"(?i:btc|bch|eth|trx|tron|usdt|usdc|ltc|doge|zec|xrp|xmr|ada|sol|bitcoin|ethereum|litecoin|addr(?:ess)?|adresse"
    r"|direcci[oó]n|wallet|to|from|tx|txid|hash)(?=[0-9A-Za-z]{24})"
)
_GLUED_EVM = re.compile(r"[A-Za-z]{1,30}(?=0x[0-9a-fA-F]{40})")


def find(text: str) -> Iterator[Identifier]:
    """Yield addresses, transaction ids and private keys, some of them overlapping."""
    keys_end = _NO_KEY
    for run in _RUN.finditer(text):
        for identifier in _read_run(text, run.group(), run.start(), keys_end):
            if identifier.kind is IdentifierKind.SECRET:
                keys_end = identifier.end
            yield identifier
    yield from _broken(text)


def _read_run(text: str, run: str, start: int, keys_end: int) -> Iterator[Identifier]:
    if run.isascii():
        if len(run) <= RUN_LENGTH_MAX:
            yield from _read(text, run, start, start + len(run), keys_end)
        return
    found: list[Identifier] = []
    for piece in _ASCII_RUN.finditer(run):
        clean = without_invisible(piece.group())
        if RUN_LENGTH_MIN <= len(clean) <= RUN_LENGTH_MAX:
            lead = len(piece.group()) - len(piece.group().lstrip(INVISIBLE))
            trail = len(piece.group()) - len(piece.group().rstrip(INVISIBLE))
            found += _read(text, clean, start + piece.start() + lead, start + piece.end() - trail, keys_end)
    yield from found
    if not any(identifier.valid for identifier in found) and len(run) <= RUN_LENGTH_MAX:
        yield from _with_lookalikes(text, run, start)


def _with_lookalikes(text: str, run: str, start: int) -> Iterator[Identifier]:
    """Yield the run read with its look-alikes folded, as a near miss: whole, or without foreign letters around it."""
    first = next((i for i, c in enumerate(run) if c.isascii()), len(run))
    last = len(run) - next((i for i, c in enumerate(reversed(run)) if c.isascii()), len(run))
    tries = {(0, len(run)), (first, last), (max(0, first - 1), last), (first, min(len(run), last + 1))}
    for low, high in sorted(tries, key=lambda span: span[0] - span[1]):
        piece = run[low:high].strip(INVISIBLE)
        clean = without_invisible(piece)
        if clean.isascii() or sum(not c.isascii() for c in clean) * 3 > len(clean):
            continue
        begin = start + low + (len(run[low:high]) - len(run[low:high].lstrip(INVISIBLE)))
        if recognise_private_key(fold(clean)):
            yield _secret(begin, begin + len(piece), Problem.ALPHABET)
            return
        if recognitions := recognise(clean):
            yield _identifier(text, recognitions, begin, begin + len(piece))
            return


def _read(text: str, clean: str, start: int, end: int, keys_end: int) -> Iterator[Identifier]:
    """Yield what the run `clean` is, which stands at `text[start:end]` with or without invisible characters."""
    if start and text[start - 1] in ":_-" and (prefix := _PREFIXES.search(text[max(0, start - 24) : start])):
        whole = prefix.group() + clean
        if recognise_private_key(whole) or recognise(whole):
            clean, start = whole, start - len(prefix.group())
    if key := recognise_private_key(clean):
        if key.problem is None or _may_be_near_miss(text, clean, start, end):
            yield _secret(start, end, key.problem)
        return
    if len(clean) == end - start == 128 and _HEX_ONLY.fullmatch(clean) and _is_key(text, start, end, keys_end):
        yield _secret(start, end, None)
        return
    recognitions = recognise(clean)
    if not recognitions:
        if glued := _GLUED.match(clean) or _GLUED_EVM.match(clean):
            rest = clean[glued.end() :]
            if text[end - len(rest) : end] == rest and any(r.is_valid for r in recognise(rest)):
                yield from _read(text, rest, end - len(rest), end, keys_end)
        return
    first = recognitions[0]
    if first.kind is Kind.TXID and _is_key(text, start, end, keys_end):
        yield _secret(start, end, first.problem)
    elif _is_worth_showing(text, clean, start, end, first):
        yield _identifier(text, recognitions, start, end)


def _is_key(text: str, start: int, end: int, keys_end: int) -> bool:
    """Return whether words beside, or a list that began with a key, make these digits a private key."""
    said = context.beside(text, start, end)
    if said is not context.Beside.NOTHING:
        return said is context.Beside.KEY
    return 0 <= start - keys_end <= 8 and not any(c.isalnum() for c in text[keys_end:start])


def _is_worth_showing(text: str, clean: str, start: int, end: int, first: Recognition) -> bool:
    if first.network == "solana":
        # No checksum: only what is as long as nearly all accounts and stands free, or what is called Solana beside.
        free = text[start - 1 : start] not in (".", "-", "_", "+", "=") and text[end : end + 1] not in ("=", "+", "_")
        return (free and len(clean) >= 43) or context.names_solana(text, start, end)
    return first.is_valid or _may_be_near_miss(text, clean, start, end)


def _may_be_near_miss(text: str, clean: str, start: int, end: int) -> bool:
    """Return False for a stretch of base64: there, every kilobyte has something that looks like an address."""
    if _STRONG.match(clean):
        return True
    word = re.split(r"\s", text[max(0, start - 160) : start])[-1] + re.split(r"\s", text[end : end + 160])[0]
    return "+" not in word and "_" not in text[start - 1 : start] + text[end : end + 1] and text[end : end + 1] != "="


def _secret(start: int, end: int, problem: str | None) -> Identifier:
    return Identifier(
        value=None,
        normalised=None,
        kind=IdentifierKind.SECRET,
        networks=(),
        valid=problem is None,
        problem=None if problem is None else str(problem),
        start=start,
        end=end,
    )


def _identifier(text: str, recognitions: tuple[Recognition, ...], start: int, end: int) -> Identifier:
    first = recognitions[0]
    networks = tuple(dict.fromkeys(str(r.network) for r in recognitions))
    if len(networks) > 1:
        networks = context.likeliest_first(text, start, end, networks)
    return Identifier(
        value=text[start:end],
        normalised=first.normalised,
        kind=IdentifierKind(first.kind),
        networks=networks,
        valid=first.is_valid,
        problem=None if first.problem is None else str(first.problem),
        start=start,
        end=end,
    )


# --- Identifiers with a gap in them: wrapped by a PDF, or grouped by spaces -------------------------------------------


def _broken(text: str) -> Iterator[Identifier]:
    at = 0
    while found := _BROKEN.search(text, at):
        identifier, at = _join(text, found)
        if identifier is not None:
            yield identifier


def _join(text: str, first: re.Match[str]) -> tuple[Identifier | None, int]:
    """Return the longest identifier that `first` and the runs behind it make together, and where to go on looking.

    Either up to three pieces of any length, or lines of a narrow cell, or groups of one length with a shorter one at
    the end.  Groups are read once, where they end; when nothing comes of them they are not begun again at the second.
    """
    joined, end = first.group(), first.end()
    sizes, best, wrapped_only = [len(joined)], None, True
    while len(sizes) < _PIECES_MAX and (gap := _GAP.match(text, end)):
        piece, is_wrap = gap.group(2), "\n" in gap.group(1)
        if len(sizes) > 1 and sizes[-1] < (_WRAPPED_MIN if is_wrap and wrapped_only else _GROUP_MIN):
            break
        wrapped_only = wrapped_only and is_wrap
        in_groups = len(sizes) >= 3 and not wrapped_only
        if in_groups and (len(set(sizes[1:])) > 1 or len(piece) > sizes[1]):
            break
        if in_groups and len(piece) < sizes[1]:  # the groups end here, or before this piece
            best = _read_joined(text, joined, first, end, joined[-sizes[-1] :], wrapped_only=False) or best
        joined, end = joined + piece, gap.end()
        sizes.append(len(piece))
        if len(joined) > _JOINED_LENGTH_MAX or not _may_go_on(joined):
            break
        if not in_groups or len(piece) < sizes[1] or not _GAP.match(text, end):
            best = _read_joined(text, joined, first, end, piece, wrapped_only=wrapped_only) or best
        if wrapped_only and len(sizes) == _LINES_MAX:
            break
    if best is not None:
        return best, best.end
    return None, end - sizes[-1] if len(sizes) > 4 else first.end()


def _may_go_on(joined: str) -> bool:
    """Return whether `joined` still has only characters of one alphabet: prose stops here after a word or two."""
    if joined[:2] in ("0x", "0X"):
        return _HEX_ONLY.fullmatch(joined, 2) is not None
    return any(pattern.fullmatch(joined) for pattern in (_BASE58_ONLY, _HEX_ONLY, _BECH32_ONLY, _CASH_ONLY)) or (
        len(joined) < 8 and _BECH32_BEGINNING.match(joined) is not None
    )


def _read_joined(
    text: str, joined: str, first: re.Match[str], end: int, last_piece: str, *, wrapped_only: bool
) -> Identifier | None:
    if len(joined) < RUN_LENGTH_MIN:
        return None
    if any(r.network != "solana" for r in read(joined)) or recognise_private_key(joined):
        if _has_checksum(joined) or _is_safe_without_checksum(text, joined, first, end, last_piece, wrapped_only):
            return next((i for i in _read(text, joined, first.start(), end, _NO_KEY) if i.valid), None)
    elif wrapped_only and _STRONG.match(joined) and len(last_piece) >= 4 and not recognise(first.group()):
        near = next(_read(text, joined, first.start(), end, _NO_KEY), None)
        return near if near is not None and near.problem == Problem.CHECKSUM else None
    return None


def _has_checksum(joined: str) -> bool:
    body = joined[2:] if joined[:2] in ("0x", "0X") else joined
    return _HEX_ONLY.fullmatch(body) is None or (len(body) == 40 and body != body.lower() and body != body.upper())


def _is_safe_without_checksum(
    text: str, joined: str, first: re.Match[str], end: int, last_piece: str, wrapped_only: bool
) -> bool:
    """Return whether hexadecimal digits may be joined though nothing proves that they belong together.

    `0x` and then exactly 40 or 64 digits, the last piece no English word.  Without `0x` not where every line is as
    long as the next: that is a list of shorter hashes, unless a word says what it is.
    """
    if not any(c.isdigit() for c in last_piece):
        return False
    if joined[:2] in ("0x", "0X"):
        return len(last_piece) >= 4 or wrapped_only
    if not wrapped_only:
        return False
    opens_line = text[max(0, first.start() - 1) : first.start()] in ("", "\n")
    alike = len(first.group()) * (end - first.start() > 0) == len(last_piece)
    said = context.beside(text, first.start(), end) is not context.Beside.NOTHING
    return said or not (opens_line and alike)
