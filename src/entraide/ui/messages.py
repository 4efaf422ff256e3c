"""Message catalogues without GNU gettext: ``python -m entraide.ui.messages extract | compile | check``.

English is the message itself; French, Spanish and Arabic have a catalogue each in `src/entraide/locale`.  Entries are
sorted and carry files but no line numbers, so that moving code changes no catalogue.  Scripts have no messages: pages
hand their texts over in data- attributes.

What is put into an Arabic sentence is mostly a reference, a name, an address or a date in Latin letters, which would
drag the words around it along.  Compiling isolates every such place (U+2068, U+2069), so that no translator and no page
has to think of it.
"""

import io
import os
import re
import sys
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import polib
from babel.messages.extract import extract_python

SOURCE = Path(__file__).resolve().parents[1]
LOCALE = SOURCE / "locale"

# As in Django's own catalogues of these languages, so that one rule serves a whole language.
PLURAL_FORMS = {
    "fr": "nplurals=2; plural=(n > 1);",
    "es": "nplurals=2; plural=(n != 1);",
    "ar": "nplurals=6; plural=n==0 ? 0 : n==1 ? 1 : n==2 ? 2 : n%100>=3 && n%100<=10 ? 3 : n%100>=11 && n%100<=99 ? 4 : 5;",  # noqa: E501  # the header is one line
}
_KEYWORDS: dict[str, None] = dict.fromkeys(
    name + suffix for name in ("gettext", "ngettext", "pgettext", "npgettext") for suffix in ("", "_lazy")
) | {"_": None, "_later": None, "_lazy": None, "gettext_noop": None}
_ALIAS = re.compile(r"import (n?p?gettext(?:_lazy)?) as (\w+)")
_FSI, _PDI = "\N{FIRST STRONG ISOLATE}", "\N{POP DIRECTIONAL ISOLATE}"
_WRITTEN_FROM_THE_RIGHT = frozenset({"ar"})
_TAG_OR_TEXT_PUT_IN = re.compile(r"<[^>]*>|%\(\w+\)s")
_PLACEHOLDER = re.compile(r"%\(\w+\)[a-z]|%[sd]|\{\w*\}")


@dataclass(frozen=True, slots=True, order=True)
class Message:
    """What is translated: the English text, its plural, and what tells two equal texts apart."""

    text: str
    context: str = ""
    plural: str = ""


@dataclass(slots=True)
class Found:
    """Every message of the sources with the files it stands in."""

    messages: dict[Message, set[str]] = field(default_factory=dict)

    def add(self, message: Message, where: str) -> None:
        """Remember a message."""
        self.messages.setdefault(message, set()).add(where)


def extract_from_python(source: str) -> Iterator[Message]:
    """Yield the messages of a Python source."""
    content = io.BytesIO(source.encode())
    names = {alias: name for name, alias in _ALIAS.findall(source)}
    keywords = _KEYWORDS | dict.fromkeys(names)
    for _line, function, texts, _comments in extract_python(content, keywords, (), {"encoding": "utf-8"}):
        name = names.get(str(function), str(function))
        message = _message(name, (texts,) if isinstance(texts, str) else tuple(texts or ()))
        if message is not None:
            yield message


def extract_from_template(source: str, origin: str = "") -> Iterator[Message]:
    """Yield the messages of a Django template."""
    from django.utils.translation.template import templatize

    # What Django leaves of a template reads like Python in every way but its indentation.
    lines = templatize(source, origin=origin).splitlines()
    yield from extract_from_python("\n".join(line.lstrip() for line in lines))


def _message(function: str, texts: tuple[str | None, ...]) -> Message | None:
    """Return what a call of `function` with these texts translates; None where a text is not written out."""
    name = function.removesuffix("_lazy")
    wanted = {"ngettext": 2, "pgettext": 2, "npgettext": 3}.get(name, 1)
    parts = texts[:wanted]
    if len(parts) < wanted or not all(parts):
        return None
    written = [str(part) for part in parts]
    match name:
        case "ngettext":
            return Message(written[0], plural=written[1])
        case "pgettext":
            return Message(written[1], context=written[0])
        case "npgettext":
            return Message(written[1], context=written[0], plural=written[2])
        case _:
            return Message(written[0])


def extract(source: Path = SOURCE) -> Found:
    """Return every message of the package."""
    found = Found()
    for path in sorted(source.rglob("*.py")):
        for message in extract_from_python(path.read_text()):
            found.add(message, str(path.relative_to(source)))
    for folder in sorted(source.rglob("templates")):
        for path in sorted(folder.rglob("*")):
            if path.suffix in (".html", ".txt"):
                where = str(path.relative_to(source))
                for message in extract_from_template(path.read_text(), where):
                    found.add(message, where)
    return found


def merge(found: Found, language: str, old: Iterable[polib.POEntry] = ()) -> polib.POFile:
    """Return the catalogue of a language: what is found, with the translations there are.  Nothing is guessed."""
    kept = {Message(entry.msgid, entry.msgctxt or "", entry.msgid_plural or ""): entry for entry in old}
    catalogue = polib.POFile(wrapwidth=100)
    catalogue.metadata = {
        "Project-Id-Version": "entraide",
        "Language": language,
        "MIME-Version": "1.0",
        "Content-Type": "text/plain; charset=UTF-8",
        "Content-Transfer-Encoding": "8bit",
        "Plural-Forms": PLURAL_FORMS[language],
    }
    for message in sorted(found.messages):
        before = kept.get(message)
        entry = polib.POEntry(
            msgid=message.text,
            msgctxt=message.context or None,
            occurrences=[(where, "") for where in sorted(found.messages[message])],
            flags=["python-format"] if "%(" in message.text else [],
            tcomment=before.tcomment if before else "",
        )
        if message.plural:
            entry.msgid_plural = message.plural
            entry.msgstr_plural = dict.fromkeys(range(_n_forms(language)), "")
            entry.msgstr_plural.update(before.msgstr_plural if before else {})
        elif before:
            entry.msgstr = before.msgstr
        catalogue.append(entry)
    return catalogue


def write_catalogues(locale: Path = LOCALE, source: Path = SOURCE) -> dict[str, int]:
    """Bring every catalogue up to date and return how many messages each still lacks."""
    found, missing = extract(source), {}
    for language in PLURAL_FORMS:
        path = _catalogue(locale, language)
        catalogue = merge(found, language, polib.pofile(str(path)) if path.exists() else ())
        path.parent.mkdir(parents=True, exist_ok=True)
        catalogue.save(str(path))
        missing[language] = sum(not _is_complete(entry) for entry in catalogue)
    return missing


def compile_catalogues(locale: Path = LOCALE) -> int:
    """Compile what has changed since it was last compiled and return how many catalogues that were."""
    n_compiled = 0
    for path in sorted(locale.glob("*/LC_MESSAGES/*.po")):
        target = path.with_suffix(".mo")
        if target.exists() and target.stat().st_mtime_ns >= path.stat().st_mtime_ns:
            continue
        handle, fresh = tempfile.mkstemp(dir=path.parent)  # a page that is being drawn must not read half a file
        with os.fdopen(handle, "wb") as out:
            out.write(_ready(path).to_binary())
        Path(fresh).chmod(0o644)
        Path(fresh).replace(target)
        n_compiled += 1
    return n_compiled


def _ready(path: Path) -> polib.POFile:
    """Return a catalogue as the pages need it: where writing runs from the right, with what is put in isolated."""
    catalogue = polib.pofile(str(path))
    if path.parent.parent.name in _WRITTEN_FROM_THE_RIGHT:
        for entry in catalogue:
            entry.msgstr = isolated(entry.msgstr)
            entry.msgstr_plural = {n: isolated(form) for n, form in entry.msgstr_plural.items()}
    return catalogue


def isolated(text: str) -> str:
    """Return a message in which every text put in stands in an isolate; attributes of tags are left alone."""
    return _TAG_OR_TEXT_PUT_IN.sub(lambda found: found[0] if found[0][0] == "<" else f"{_FSI}{found[0]}{_PDI}", text)


def problems(locale: Path = LOCALE, source: Path = SOURCE) -> list[str]:
    """Return a sentence for everything that is wrong with the catalogues."""
    found = set(extract(source).messages)
    said: list[str] = []
    for language, header in PLURAL_FORMS.items():
        path = _catalogue(locale, language)
        if not path.exists():
            said.append(f"{language}: there is no catalogue")
            continue
        catalogue = polib.pofile(str(path))
        if catalogue.metadata.get("Plural-Forms") != header:
            said.append(f"{language}: the rule for plurals is not the one of this language")
        there = {Message(entry.msgid, entry.msgctxt or "", entry.msgid_plural or "") for entry in catalogue}
        said += [f"{language}: not in the catalogue: {message.text!r}" for message in sorted(found - there)]
        said += [f"{language}: no longer used: {message.text!r}" for message in sorted(there - found)]
        said += [f"{language}: {trouble}" for entry in catalogue for trouble in _troubles(entry)]
    return said


def _troubles(entry: polib.POEntry) -> Iterator[str]:
    if entry.fuzzy:
        yield f"fuzzy: {entry.msgid!r}"
    if not _is_complete(entry):
        yield f"not translated: {entry.msgid!r}"
        return
    if entry.msgid_plural:
        wanted = _placeholders(entry.msgid_plural)
        forms = [form for _, form in sorted(entry.msgstr_plural.items())]
        # "one" and "two" may be said in words; what is left must have every placeholder.
        if _placeholders(forms[-1]) != wanted or any(_placeholders(form) - wanted for form in forms):
            yield f"other placeholders: {entry.msgid!r}"
    elif _placeholders(entry.msgid) != _placeholders(entry.msgstr):
        yield f"other placeholders: {entry.msgid!r}"


def _placeholders(text: str) -> set[str]:
    return set(_PLACEHOLDER.findall(text))


def _is_complete(entry: polib.POEntry) -> bool:
    return all(entry.msgstr_plural.values()) if entry.msgid_plural else bool(entry.msgstr)


def _n_forms(language: str) -> int:
    return int(PLURAL_FORMS[language].removeprefix("nplurals=").partition(";")[0])


def _catalogue(locale: Path, language: str) -> Path:
    return locale / language / "LC_MESSAGES" / "django.po"


def main(arguments: list[str]) -> int:
    """Extract, compile or check; exit 1 where the catalogues have a problem."""
    match arguments:
        case ["extract"]:
            for language, missing in write_catalogues().items():
                print(f"{language}: {missing} not translated yet")
        case ["compile"]:
            print(f"{compile_catalogues()} compiled")
        case ["check"]:
            said = problems()
            print("\n".join(said) or "all complete")
            return 1 if said else 0
        case _:
            print("usage: python -m entraide.ui.messages extract | compile | check", file=sys.stderr)
            return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
