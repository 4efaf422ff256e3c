"""The published vectors, where they are on the machine."""

import gzip
import json

import pytest

from entraide.chains import base58, bech32, recognise, recognise_private_key


def valid_networks(text: str) -> set[str]:
    return {str(r.network) for r in recognise(text) if r.is_valid}


@pytest.mark.parametrize(
    ("coin", "network"), [("btc", "bitcoin"), ("bch", "bitcoin-cash"), ("ltc", "litecoin"), ("zec", "zcash")]
)
def test_every_real_address_is_recognised_for_its_network(shared_data, coin, network):
    with gzip.open(shared_data(f"vectors/addresses/real-{coin}.txt.gz"), "rt") as lines:
        addresses = lines.read().split()

    assert len(addresses) == 25_000
    assert [a for a in addresses if network not in valid_networks(a)] == []


OURS = {
    "bitcoin": ("bitcoin", "bitcoin-testnet"), "btc": ("bitcoin", "bitcoin-testnet"),
    "bitcoincash": ("bitcoin-cash",), "bch": ("bitcoin-cash",), "litecoin": ("litecoin", "bitcoin-testnet"),
    "ltc": ("litecoin",), "dogecoin": ("dogecoin",), "zcash": ("zcash",), "zec": ("zcash",), "ethereum": ("evm",),
    "eth": ("evm",), "trx": ("tron",), "ripple": ("xrp",), "xrp": ("xrp",), "monero": ("monero",), "xmr": ("monero",),
    "sol": ("solana",), "solana": ("solana",), "ada": ("cardano",), "cardano": ("cardano",),
}  # fmt: skip


def test_the_validators_vectors_agree_for_our_networks_but_for_test_networks_and_the_old_litecoin_form(shared_data):
    cases = json.loads(shared_data("vectors/addresses/multicoin-a.json").read_text())
    ours = [c for c in cases if c["currency"] in OURS]
    differ = []
    for case in ours:
        readings = [r for r in recognise(case["address"]) if r.network in OURS[case["currency"]]]
        holds = any(r.is_valid or (case["valid"] and r.problem == "test_network") for r in readings)
        if holds != case["valid"]:
            differ.append((case["currency"], case["address"][0]))

    assert len(ours) > 40
    # A `3…` was Litecoin's before `M…`; the vectors refuse it, old wallets still show it.
    assert differ == [("ltc", "3")]


def test_key_io_addresses_hold_and_private_keys_are_told(shared_data):
    for text, _, about in json.loads(shared_data("vectors/bitcoin/key_io_valid-a.json").read_text()):
        if about["isPrivkey"]:
            assert recognise_private_key(text).problem is None
            assert recognise(text) == ()
        else:
            wanted = "bitcoin" if about["chain"] == "main" else "bitcoin-testnet"
            assert wanted in valid_networks(text)


def test_key_io_refusals_are_refused(shared_data):
    for (text,) in json.loads(shared_data("vectors/bitcoin/key_io_invalid-a.json").read_text()):
        assert valid_networks(text) == set()
        key = recognise_private_key(text)
        assert key is None or key.problem is not None


def test_bech32_vectors_hold_or_do_not_as_published(shared_data):
    for case in json.loads(shared_data("vectors/bitcoin/bech32-a.json").read_text()):
        text = case["string"] if "string" in case else bytes.fromhex(case["string_hex"]).decode("latin-1")
        if case["kind"] == "string":
            decoded = bech32.decode(text)
            wanted = bech32.Variant[case["encoding"].upper()] if isinstance(case["encoding"], str) else None
            assert (decoded is not None and decoded[2] is wanted) == case["valid"], case
        else:
            assert bool(valid_networks(text) & {"bitcoin", "bitcoin-testnet"}) == case["valid"], case


def test_base58_vectors_encode_and_decode(shared_data):
    for plain, encoded in json.loads(shared_data("vectors/bitcoin/base58_encode_decode.json").read_text()):
        assert base58.encode(bytes.fromhex(plain)) == encoded
        assert base58.decode(encoded) == bytes.fromhex(plain)


def test_the_encodings_of_ens_are_recognised_for_our_networks(shared_data):
    ours = {
        "btc": "bitcoin", "bch": "bitcoin-cash", "ltc": "litecoin", "doge": "dogecoin", "zec": "zcash", "trx": "tron",
        "eth": "evm", "xrp": "xrp", "xmr": "monero", "sol": "solana", "ada": "cardano",
    }  # fmt: skip
    cases = json.loads(shared_data("vectors/addresses/ens-encodings-a.json").read_text())

    assert [c for c in cases if c["coin"] in ours and ours[c["coin"]] not in valid_networks(c["text"])] == []
