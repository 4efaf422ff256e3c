"""How fast identifiers are found in text, with every checksum checked, beside plain regular expressions."""

import random
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable

from benchmarks.measuring import PYTHONPATH, Section, seconds

_WORDS = [
    "the",
    "customer",
    "said",
    "that",
    "on",
    "the",
    "evening",
    "of",
    "this",
    "day",
    "he",
    "had",
    "sent",
    "the",
    "amount",
    "to",
    "the",
    "address",
    "below",
    "and",
    "never",
    "heard",
    "again",
    "from",
    "the",
    "person",
    "who",
    "called",
    "himself",
    "a",
    "broker",
    "le",
    "titulaire",
    "du",
    "compte",
    "déclare",
    "avoir",
    "viré",
    "la",
    "somme",
    "indiquée",
    "el",
    "denunciante",
    "manifiesta",
    "que",
    "la",
    "cantidad",
    "fue",
    "transferida",
    "ese",
    "mismo",
    "día",
    "a",
    "la",
    "dirección",
    "siguiente",
    "العميل",
    "أرسل",
    "المبلغ",
    "إلى",
    "العنوان",
    "التالي",
    "ثم",
    "انقطع",
    "الاتصال",
    "Ref.",
    "2026/117",
    "Page",
    "3",
    "of",
    "12",
    "Subject:",
    "Re:",
    "withdrawal",
]
# What one writes by hand: shapes only, no checksum, four kinds instead of our eight.
_SHAPES = (
    r"0x[0-9a-fA-F]{64}|0x[0-9a-fA-F]{40}|[0-9a-f]{64}|bc1[02-9ac-hj-np-z]{11,71}|T[1-9A-HJ-NP-Za-km-z]{33}"
    r"|[13][1-9A-HJ-NP-Za-km-z]{25,34}|[A-Za-z0-9._%+-]+@[A-Za-z0-9.-]+\.[a-z]{2,}"
)


def measure(*, megabytes: float, times: int) -> list[Section]:
    """Measure over a made-up case file of `megabytes`, and over one message."""
    from entraide.identifiers import extract

    text, n = _case_file(int(megabytes * 1e6))
    size = len(text.encode()) / 1e6
    section = Section(
        title=f"`extract`: {size:.1f} MB of made-up messages and statements, {n / size:,.0f} identifiers a MB"
    )
    found = list(extract(text))
    section.add("`entraide.identifiers.extract`: all kinds, all checksums, near misses explained",
                _rates(lambda: list(extract(text)), size, times), "MB/s",
                note=f"{sum(item.valid for item in found):,} valid and {sum(not item.valid for item in found):,} near "
                "misses")  # fmt: skip
    pattern = re.compile(_SHAPES)
    section.add("`re`, one alternation of 7 shapes, no checksum",
                _rates(lambda: pattern.findall(text), size, times), "MB/s", is_peer=True,
                note=f"{len(pattern.findall(text)):,} matches, right and wrong alike")  # fmt: skip
    _re2(section, text, size, times)
    with tempfile.NamedTemporaryFile("w", suffix=".txt", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        _grep(section, file.name, size, times)
        _iocsearcher(section, text, size)
        command = [sys.executable, "-m", "entraide", "extract", "--json", file.name]
        section.add("`entraide extract --json FILE`, the command with its start",
                    _rates(lambda: _quietly(command), size, times), "MB/s")  # fmt: skip
    page = text[:2_000]
    section.add(
        "one message of 2,000 characters", [seconds(lambda: list(extract(page))) * 1e3 for _ in range(20)], "ms"
    )
    n_hostile = min(1_000_000, int(megabytes * 1e6))
    for name, unit in {"digits": "1", "@": "a@", "spaced words": "abandon "}.items():
        bad = unit * (n_hostile // len(unit))
        taken_by_it = seconds(lambda bad=bad: list(extract(bad)))
        section.add(f"{n_hostile:,} characters of {name} (hostile)", taken_by_it, "s")
    return [section]


def _rates(do: Callable[[], object], megabytes: float, times: int) -> list[float]:
    return [megabytes / seconds(do) for _ in range(times)]


def _quietly(command: list[str]) -> None:
    environment = {"PYTHONPATH": PYTHONPATH, "PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8"}
    subprocess.run(command, stdout=subprocess.DEVNULL, env=environment, check=True)


def _grep(section: Section, file: str, size: float, times: int) -> None:
    if shutil.which("grep") is None:
        section.skip("`grep -oE`, the same shapes", "there is no grep")
        return
    rates = _rates(lambda: _quietly(["grep", "-oE", _SHAPES, file]), size, times)
    section.add("`grep -oE`, the same shapes, no checksum", rates, "MB/s", is_peer=True)


def _re2(section: Section, text: str, size: float, times: int) -> None:
    try:
        import re2
    except ImportError:
        section.skip("`google-re2`, the same shapes", "google-re2 is not installed")
        return
    pattern = re2.compile(_SHAPES)
    rates = _rates(lambda: pattern.findall(text), size, times)
    section.add("`google-re2`, the same shapes, no checksum", rates, "MB/s", is_peer=True)


def _iocsearcher(section: Section, text: str, size: float) -> None:
    name = "`iocsearcher`, bitcoin, ethereum and tron, with its checks"
    try:
        from iocsearcher.searcher import Searcher
    except ImportError:
        section.skip(name, "iocsearcher is not installed")
        return
    searcher = Searcher()
    part = text[:500_000]
    rate = (
        len(part.encode()) / 1e6 / seconds(lambda: searcher.search_data(part, targets={"bitcoin", "ethereum", "tron"}))
    )
    section.add(name, rate, "MB/s", is_peer=True)


def _case_file(size: int) -> tuple[str, int]:
    """Return a text of about `size` characters, and how many identifiers were put in; a tenth of them is spoilt."""
    from reference_exchange import addresses

    rng = random.Random(7)  # noqa: S311
    pieces: list[str] = []
    length = n = 0
    networks = ("bitcoin", "evm", "tron")
    while length < size:
        words = rng.choices(_WORDS, k=rng.randint(100, 250))
        network = rng.choice(networks)
        value = addresses.txid(network, rng) if rng.random() < 0.3 else addresses.address(network, rng)
        if rng.random() < 0.1:
            at = rng.randrange(5, len(value) - 1)
            value = value[:at] + ("2" if value[at] != "2" else "3") + value[at + 1 :]
        words.insert(rng.randrange(len(words)), value)
        piece = " ".join(words) + ".\n"
        pieces.append(piece)
        length, n = length + len(piece), n + 1
    return "".join(pieces), n
