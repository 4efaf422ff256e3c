"""Addresses, transaction ids and private keys in messy text.  All addresses are made over made-up payloads."""

import string
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.chains import made_up

from entraide.chains import base58
from entraide.identifiers import Identifier, IdentifierKind, extract

P2PKH, P2SH = made_up.b58(b"\x00")(b"m"), made_up.b58(b"\x05")(b"m")
P2WPKH, EVM, TRON = made_up.witness("bc", 0, 20)(b"m"), made_up.evm(b"m"), made_up.b58(b"\x41")(b"m")
DIGITS = "9f0c1b2a" * 7 + "d4e5f607"
ALL = {name: make(b"m") for name, (make, _) in made_up.CHECKSUMMED.items()} | {"evm": EVM}


def found(text: str) -> list[Identifier]:
    return list(extract(text))


def told(text: str) -> list[tuple[str, bool, str | None]]:
    """Return kind, validity and the identifier as it stands in the text, for comparing at a glance."""
    return [(i.kind.value, i.valid, text[i.start : i.end]) for i in extract(text)]


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("", ""), ("(", "),"), ("“", "”."), ("地址", "这个"), ("адрес", "и"), ("العنوان", "و"), ("🙂 ", "\n"),
        ("https://explorer.invalid/address/", "?page=2#top"), ("<b>", "</b>"), ("pay:", "?amount=0.1"), ("|", "|"),
    ],
)  # fmt: skip
def test_an_address_is_found_whatever_stands_around_it(name, before, after):
    address = ALL[name]

    (one,) = found(before + address + after)
    assert (one.value, one.valid, one.problem) == (address, True, None)
    assert (one.start, one.end) == (len(before), len(before) + len(address))


@given(st.sampled_from(sorted(made_up.CHECKSUMMED)), st.binary(min_size=1, max_size=8))
def test_extracting_an_address_gives_it_back(name, seed):
    make, network = made_up.CHECKSUMMED[name]
    address = make(seed)

    (one,) = found(address)
    assert one.value == address
    assert one.valid
    assert network in one.networks


@given(
    st.sampled_from(sorted(made_up.CHECKSUMMED)),
    st.binary(min_size=1, max_size=4),
    st.integers(0, 400),
    st.sampled_from(string.ascii_letters + string.digits + "аеос ıＡ\u200b-"),
)
def test_a_wrong_character_never_yields_a_valid_address_of_the_same_network(name, seed, at, letter):
    make, network = made_up.CHECKSUMMED[name]
    address = make(seed)
    at %= len(address)
    if address[:at].lower() + letter.lower() == "bitcoincash:"[: at + 1] or ":" in address[at:]:
        return  # spoiling the optional prefix leaves the address behind it whole
    text = address[:at] + letter + address[at + 1 :]

    assert text == address or [i for i in extract(text) if i.valid and network in i.networks] == []


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize("gap", ["\n", "\r\n    ", "\n> ", " \n"])
def test_an_address_wrapped_over_two_lines_is_one(name, gap):
    address = ALL[name]
    text = f"sent to {address[:-16]}{gap}{address[-16:]} yesterday"

    (one,) = found(text)
    assert one.valid
    assert one.value == text[one.start : one.end] == address[:-16] + gap + address[-16:]
    assert one.normalised.lower() == address.lower()


def test_an_address_in_groups_of_four_is_one():
    text = "to " + " ".join(P2WPKH[i : i + 4] for i in range(0, len(P2WPKH), 4)) + " today"

    assert [(i.normalised, i.valid) for i in extract(text)] == [(P2WPKH, True)]


def test_an_address_at_the_end_of_a_line_does_not_swallow_the_next_word():
    text = f"from {P2PKH}\nand {EVM.lower()}\nadd 12 more"

    assert told(text) == [("address", True, P2PKH), ("address", True, EVM.lower())]


def test_a_shortened_hexadecimal_address_is_not_completed_with_a_word_of_the_sentence():
    text = f"wallet {EVM.lower()[:-2]} be careful"

    assert told(text) == [("address", False, EVM.lower()[:-2])]


def test_characters_without_width_are_dropped_from_the_normalised_form_only():
    text = P2WPKH[:9] + "\u200b" + P2WPKH[9:20] + "\u00ad" + P2WPKH[20:]

    (one,) = found(text)
    assert (one.value, one.normalised, one.valid) == (text, P2WPKH, True)


@pytest.mark.parametrize(("name", "at", "letter"), [("bitcoin p2wpkh", 20, "а"), ("tron", 7, "о"), ("tron", 0, "Т")])
def test_a_look_alike_letter_is_shown_and_not_normalised_away(name, at, letter):
    address = ALL[name]
    text = address[:at] + letter + address[at + 1 :]

    (one,) = found(f"to {text}.")
    assert (one.value, one.normalised, one.valid, one.problem) == (text, text, False, "alphabet")


def test_a_messy_paragraph_gives_what_an_officer_must_see():
    typo_a = P2WPKH[:20] + ("q" if P2WPKH[20] != "q" else "p") + P2WPKH[21:]
    typo_b = TRON[:-1]
    text = (
        f"Le suspect a envoyé depuis {EVM} vers\n{typo_a} (SegWit), puis {typo_b}; autre chaîne: "
        f"{ALL['monero']}. La transaction est {DIGITS}."
    )

    assert told(text) == [
        ("address", True, EVM),
        ("address", False, typo_a),
        ("address", False, typo_b),
        ("address", True, ALL["monero"]),
        ("txid", True, DIGITS),
    ]
    assert [i.problem for i in extract(text)] == [None, "checksum", "length", None, None]


def test_the_words_and_web_addresses_beside_say_which_chain_is_likeliest():
    assert found(f"legacy address {P2PKH}")[0].networks == ("bitcoin", "bitcoin-cash")
    assert found(f"his Bitcoin Cash: {P2PKH}")[0].networks == ("bitcoin-cash", "bitcoin")
    assert found(f"https://explorer.invalid/litecoin/address/{P2SH}")[0].networks[0] == "litecoin"
    assert found(f"TRON tx {DIGITS}")[0].networks[0] == "tron"


def test_a_text_without_its_beginning_is_shown_when_its_checksum_proves_it():
    assert [(i.problem, i.networks) for i in extract("wallet " + EVM[2:])] == [("prefix", ("evm",))]


def test_a_word_glued_to_an_address_does_not_hide_it():
    assert told(f"BTC{P2PKH} address{EVM}") == [("address", True, P2PKH), ("address", True, EVM)]


# --- Keys -------------------------------------------------------------------------------------------------------------

KEY = made_up.wif(b"k")
SECRET = IdentifierKind.SECRET


@pytest.mark.parametrize(
    "text",
    [
        f"private key: {DIGITS}", f"privkey={DIGITS}", f'{{"privateKey": "{DIGITS}"}}', f"PRIV {DIGITS}",
        f"seed {DIGITS}", f"clé privée : 0x{DIGITS}", f"clave privada: {DIGITS}", f"المفتاح الخاص: {DIGITS}",
        f"Private key:\n{DIGITS}", f"{DIGITS} is the private key", f"key {DIGITS[:-1]}",
        f"key\n{DIGITS[:32]}\n{DIGITS[32:]}",
        f"import {KEY} now", f"{KEY[:-1]}2", made_up.extended_private_key(b"x"), f"{KEY[:30]}\n{KEY[30:]}",
        f"phantom secret key {base58.encode(bytes(range(3, 67)))}",
    ],
)  # fmt: skip
def test_a_private_key_is_a_secret_and_is_never_given_back(text):
    (one,) = found(text)

    assert (one.kind, one.value, one.normalised, one.networks) == (SECRET, None, None, ())
    assert KEY[5:25] not in repr(one)
    assert DIGITS[5:25] not in repr(one)


@pytest.mark.parametrize(
    "text",
    [
        DIGITS, f"tx {DIGITS}", f"He lost his key. The transaction is {DIGITS}", f"the monkey sent {DIGITS}",
        f"public key {DIGITS}", f"private wallet, txid {DIGITS}", f"https://explorer.invalid/tx/{DIGITS}",
    ],
)  # fmt: skip
def test_64_digits_are_a_transaction_unless_a_word_beside_says_key(text):
    assert [(i.kind.value, i.value) for i in extract(text)] == [("txid", DIGITS)]


def test_every_key_of_a_list_is_a_secret():
    other = DIGITS[::-1]
    text = f"private keys:\n{DIGITS}\n{other}\n\ntx: {DIGITS}"

    assert [i.kind.value for i in extract(text)] == ["secret", "secret", "txid"]


# --- What must stay silent --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "TestRunner2ConfigurationManager DefaultHttpClient4RequestBuilder TheQuickBrownFox1JumpsOverTheLazy",
        "d41d8cd98f00b204e9800998ecf8427e 550e8400-e29b-41d4-a716-446655440000",
        "da39a3ee5e6b4b0d3255bfef95601890afd80709",
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.SflKxwRJSMeKKF2QT4fwpMeJf36POk6yJVadQssw5cA",
        "1111111111111111111111111111111111 3333333333333333333333333333333333 12345678901234567890123456789012345",
        "0xdeadbeef 0x0000000000000000000000000000 0xffffffff",
        f"{DIGITS[:32]}\n{DIGITS[32:]}\n{DIGITS[:32]}\n",
        "pneumonoultramicroscopicsilicovolcanoconiosis Donaudampfschifffahrtselektrizitaetenhauptbetriebswerk",
    ],
)
def test_names_hashes_and_tokens_are_not_called_addresses(text):
    assert found(text) == []


# --- Cost -------------------------------------------------------------------------------------------------------------

MEGABYTE = 1_000_000


@pytest.mark.parametrize("unit", ["a", "1", "0x", "0x1 ", "1A\n", "DE12 ", "bc1q ", "seed ", "а\u200b", "T1a2b3c4\n"])
def test_hostile_text_is_not_tried_more_often_than_its_length_allows(monkeypatch, unit):
    tried = 0

    def counting(function):
        def wrapper(text, *args):
            nonlocal tried
            tried += len(text)
            return function(text, *args)

        return wrapper

    from entraide.identifiers import onchain

    for name in ("read", "recognise", "recognise_private_key"):
        monkeypatch.setattr(onchain, name, counting(getattr(onchain, name)))
    size = MEGABYTE if len(unit) < 3 else MEGABYTE // 10
    list(extract(unit * (size // len(unit))))

    assert tried <= 40 * size


@given(st.text(alphabet=st.sampled_from("013TLbcqx0OIl aеос\n\t\u200b.:@+-_/=KzZ9f"), max_size=400))
def test_any_text_gives_ordered_identifiers_that_stand_where_they_say(text):
    identifiers = found(text)

    for one in identifiers:
        assert 0 <= one.start < one.end <= len(text)
        assert one.valid == (one.problem is None)
        if one.kind is SECRET:
            assert one.value is None
            assert one.normalised is None
        else:
            assert one.value == text[one.start : one.end]
    assert all(a.end <= b.start for a, b in pairwise(identifiers))
