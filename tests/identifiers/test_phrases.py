import pytest

from entraide.identifiers import extract

# Twelve words of our own; which words a wallet knows does not matter here.
TWELVE = "zebra apple river stone cloud paper glass metal wood plant bread water"
FRENCH = "pomme fleuve pierre nuage papier verre fenêtre arbre plante piano voiture chemin"


def secrets(text: str) -> list[str]:
    found = [i for i in extract(text) if i.kind.value == "secret"]
    assert all(i.value is None and i.normalised is None for i in found)
    return [text[i.start : i.end] for i in found]


@pytest.mark.parametrize(
    "text",
    [
        f"seed phrase: {TWELVE}", f"The recovery words are {TWELVE}.", f"my mnemonic is\n{TWELVE}\n\nThanks",
        f"frase semilla: {TWELVE}", f"عبارة الاسترداد: {TWELVE}", f'"{TWELVE}" is my seed',
        f"Hello,\n\n{TWELVE}\n\nBye",
        f"seed: {TWELVE.replace(' ', ', ')}", f"Seed: {TWELVE.capitalize()}",
    ],
)  # fmt: skip
def test_a_seed_phrase_is_covered_from_its_first_to_its_last_word(text):
    (phrase,) = secrets(text)

    assert phrase.lower().replace(",", "") == TWELVE


def test_a_french_phrase_is_covered():
    assert secrets(f"mots de récupération : {FRENCH}") == [FRENCH]


@pytest.mark.parametrize("mark", [".", ")", ""])
def test_a_numbered_list_of_words_is_covered(mark):
    text = "\n".join(f"{n}{mark} {word}" for n, word in enumerate(TWELVE.split(), start=1))

    assert secrets("On the paper:\n" + text) == [text]


def test_a_word_on_the_next_line_is_rather_covered_than_the_second_half_of_a_phrase_left_readable():
    assert secrets(f"seed: {TWELVE}\nthanks") == [f"{TWELVE}\nthanks"]


@pytest.mark.parametrize("count", [15, 18, 21, 24])
def test_longer_phrases_are_covered_whole(count):
    words = " ".join(
        (TWELVE + " orange lemon tiger eagle shark horse mouse snake whale panda otter camel").split()[:count]
    )

    assert secrets(f"seed: {words}") == [words]


@pytest.mark.parametrize(
    "text",
    [
        "The victim was told to enter the seed phrase on a web page that looked like the one of her own wallet.",
        "We ask for the recovery of the funds and for all the documents that were sent with the first request.",
        "1. open the letter\n2. read it\n3. sign it\n",
        " ".join(TWELVE.split()[:11]),
        f"The shop sells {TWELVE} and more",
        "seed " * 30,
    ],
)
def test_prose_about_phrases_is_no_phrase(text):
    assert secrets(text) == []
