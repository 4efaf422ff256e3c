import string

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.chains import made_up

from entraide.chains import Kind, Network, Problem, base58, bech32, recognise, recognise_private_key, validate, zcash

SEEDS = [bytes([n]) for n in range(5)]
A_P2WPKH = made_up.witness("bc", 0, 20)(b"x")


def networks(text: str) -> list[str]:
    return [str(r.network) for r in recognise(text) if r.is_valid]


def problem(text: str) -> Problem | None:
    return recognise(text)[0].problem


@pytest.mark.parametrize("name", made_up.CHECKSUMMED)
def test_an_address_of_every_form_is_recognised_for_its_network(name):
    make, network = made_up.CHECKSUMMED[name]

    assert all(network in networks(make(seed)) for seed in SEEDS)


@given(
    name=st.sampled_from(sorted(made_up.CHECKSUMMED)),
    seed=st.binary(min_size=1, max_size=8),
    at=st.integers(0, 400),
    letter=st.sampled_from(string.ascii_letters + string.digits),
)
def test_one_wrong_character_never_leaves_an_address_valid(name, seed, at, letter):
    make, network = made_up.CHECKSUMMED[name]
    address = make(seed)
    at %= len(address)
    spoilt = address[:at] + letter + address[at + 1 :]

    assert spoilt == address or network not in networks(spoilt)


@given(st.binary(min_size=1, max_size=8), st.integers(2, 41), st.sampled_from("0123456789abcdefABCDEF"))
def test_one_wrong_digit_in_a_checksummed_evm_address_is_shown(seed, at, digit):
    address = made_up.evm(seed)
    if sum(c.isalpha() for c in address[2:]) < 14:
        return  # few letters are few check bits
    spoilt = address[:at] + digit + address[at + 1 :]

    assert spoilt == address or problem(spoilt) is Problem.CHECKSUM


def test_the_same_text_names_every_chain_it_is_valid_on_the_likeliest_first():
    assert networks(made_up.b58(b"\x00")(b"a")) == ["bitcoin", "bitcoin-cash"]
    assert networks(made_up.b58(b"\x05")(b"a")) == ["bitcoin", "litecoin", "bitcoin-cash"]


def test_an_evm_address_without_capitals_or_of_capitals_only_has_no_checksum_to_break():
    address = made_up.evm(b"a")

    assert networks(address) == networks(address.lower()) == networks("0x" + address[2:].upper()) == ["evm"]
    assert problem(address.swapcase().replace("X", "x")) is Problem.CHECKSUM


def test_what_is_wrong_with_a_bech32_address_is_said():
    swapped = A_P2WPKH[:20] + A_P2WPKH[21] + A_P2WPKH[20] + A_P2WPKH[22:]

    assert problem(swapped) is Problem.CHECKSUM
    assert problem(A_P2WPKH[:-1]) is Problem.LENGTH
    assert problem(A_P2WPKH[:20] + "b" + A_P2WPKH[21:]) is Problem.ALPHABET
    assert problem(A_P2WPKH[:20].upper() + A_P2WPKH[20:]) is Problem.CASE
    assert problem(bech32.encode("bc", [17, *bech32.to_values(bytes(32))], made_up.BECH32M)) is Problem.WITNESS_VERSION
    assert problem(bech32.encode("bc", [0, *bech32.to_values(bytes(24))], made_up.BECH32)) is Problem.LENGTH
    assert problem(bech32.encode("bc", [1, *bech32.to_values(bytes(32))], made_up.BECH32)) is Problem.ENCODING


def test_what_is_wrong_with_a_base58_address_is_said():
    address = made_up.b58(b"\x41")(b"t")

    assert problem(address[:-1]) is Problem.LENGTH
    assert problem(address[:-1] + ("2" if address[-1] != "2" else "3")) is Problem.CHECKSUM
    assert problem(address[:10] + "0" + address[11:]) is Problem.ALPHABET
    assert problem(address.lower()) is Problem.CASE


@pytest.mark.parametrize("name", ["bitcoin p2pkh", "bitcoin p2wpkh", "tron", "litecoin L", "xrp", "zcash t1", "monero"])
def test_an_address_with_two_wrong_characters_is_still_shown_as_one(name):
    make, network = made_up.CHECKSUMMED[name]
    for seed in SEEDS:
        address = make(seed)
        spoilt = address[:12] + ("3" if address[12] != "3" else "4") + address[13:-3] + "zz" + address[-1]

        assert [r.is_valid for r in recognise(spoilt) if r.network == network] == [False]


def test_a_wrong_missing_or_added_first_character_is_shown_when_the_checksum_proves_what_was_meant():
    address = made_up.b58(b"\x00")(b"first")

    assert problem("x" + address) is Problem.LENGTH
    assert problem("Z" + address[1:]) is Problem.CHECKSUM
    assert problem("I" + address[1:]) is Problem.ALPHABET
    assert problem("bd" + A_P2WPKH[2:]) is Problem.CHECKSUM
    assert problem("bcl" + A_P2WPKH[3:]) is Problem.ALPHABET
    assert problem("bcz" + A_P2WPKH[3:-2] + "qq") is Problem.CHECKSUM


def test_a_look_alike_letter_is_never_taken_for_the_letter():
    spoilt = A_P2WPKH.replace("c", "с", 1)  # Cyrillic

    (read,) = recognise(spoilt)
    assert (read.problem, read.normalised) == (Problem.ALPHABET, spoilt)


def test_a_coin_that_is_in_no_table_is_not_called_a_damaged_dogecoin():
    neo_like = base58.encode_check(b"\x17" + bytes(range(20)))

    assert neo_like.startswith("A")
    assert recognise(neo_like) == ()


def test_addresses_of_test_networks_are_named_as_such():
    assert problem(made_up.monero(53)(b"a")) is Problem.TEST_NETWORK
    assert problem(made_up.shelley("addr_test", 0x60, 28)(b"a")) is Problem.TEST_NETWORK
    assert problem(made_up.b58(b"\x1d\x25")(b"a")) is Problem.TEST_NETWORK


def test_transaction_ids_are_told_by_their_length_and_prefix():
    digits = "5f" * 16 + "0a1b2c3d" * 4

    assert {r.kind for r in recognise(digits)} == {Kind.TXID}
    assert networks("0x" + digits) == ["evm"]
    assert networks(digits)[:2] == ["bitcoin", "tron"]
    assert networks(digits.upper())[0] == "xrp"
    assert problem(digits[:-1]) is Problem.LENGTH
    assert problem("0x" + digits + "f") is Problem.LENGTH
    assert problem(digits[:-1] + "O") is Problem.ALPHABET


def test_32_bytes_in_base58_are_a_solana_account_when_nothing_else_fits():
    account = base58.encode(bytes(range(7, 39)))

    assert networks(account) == ["solana"]
    assert recognise(account[:-6]) == ()


def test_validate_answers_for_the_one_network_asked():
    legacy = made_up.b58(b"\x00")(b"v")

    assert validate(legacy, Network.BITCOIN_CASH).is_valid
    assert validate(legacy, Network.TRON).problem is Problem.UNKNOWN
    assert validate(legacy[:-1] + "?", Network.BITCOIN).problem is not None


def test_private_keys_are_told_by_form_even_when_they_do_not_hold():
    key, extended = made_up.wif(b"k"), made_up.extended_private_key(b"k")

    assert (recognise_private_key(key).form, recognise_private_key(key).problem) == ("wif", None)
    assert recognise_private_key(key[:-1] + "2").problem in (Problem.CHECKSUM, None)
    assert recognise_private_key(key[:-1]).problem is Problem.LENGTH
    assert recognise_private_key(extended).form == "extended"
    assert recognise_private_key(made_up.b58(b"\x00")(b"a")) is None


@given(st.binary(min_size=48, max_size=200))
def test_unjumbling_undoes_jumbling(data):
    assert zcash.unjumble(zcash.jumble(data)) == data


@given(st.binary(max_size=80))
def test_base58_and_moneros_base58_give_back_what_they_were_given(data):
    assert base58.decode(base58.encode(data)) == data
    assert base58.decode_monero(base58.encode_monero(data)) == data


@given(st.text(max_size=600))
def test_any_text_is_answered_without_an_error(text):
    assert all(r.is_valid == (r.problem is None) for r in recognise(text))
    recognise_private_key(text)
