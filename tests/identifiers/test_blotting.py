"""What may not be kept of a text: keys and phrases, each alone, side by side, and whatever stands between them."""

import pytest

from entraide.identifiers import BLOT, holds_secret, without_secrets

KEY = "5HueCGU8rMjxEXxiPuD5BDku4MkFqeZyd4dZ1jvhTVqvbTLvyTJ"  # the well-known example of the format
PHRASE = "legal winner thank year wave sausage worth useful legal winner thank yellow"


@pytest.mark.parametrize("between", [" ", "  ", "\n", "\r\n", ", ", "; ", " / ", ": ", ' "'])
def test_a_phrase_beside_keys_is_blotted_whatever_parts_them(between: str) -> None:
    said = without_secrets(between.join([KEY, PHRASE, KEY]))

    assert said == between.join([BLOT, BLOT, BLOT])


@pytest.mark.parametrize("after", ["", " ", "\t", " \n", "  \r\n\r\nHe wrote it down."])
def test_a_phrase_alone_is_seen_with_blanks_behind_it(after: str) -> None:
    assert holds_secret(f"{PHRASE}{after}")
    assert without_secrets(f"{PHRASE}{after}") == f"{BLOT}{after}"


@pytest.mark.parametrize("text", ["", "Nora Beispiel", "Criminal police", BLOT, f"He wrote {BLOT} and left, he said."])
def test_what_holds_none_stays_as_it_is(text: str) -> None:
    assert without_secrets(text) == text
    assert not holds_secret(text)
