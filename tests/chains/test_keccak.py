from entraide.chains.keccak import keccak256


def test_keccak_256_gives_the_published_digests():
    assert keccak256(b"").hex() == "c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470"
    assert keccak256(b"abc").hex() == "4e03657aea45a94fc7d47ba826c8d667c0d1e6e33a64a036ec44f58fa12d6c45"


def test_a_signature_of_the_transfer_event_hashes_to_its_well_known_topic():
    topic = keccak256(b"Transfer(address,address,uint256)").hex()

    assert topic == "ddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef"


def test_texts_around_a_whole_block_are_padded_into_different_digests():
    digests = {keccak256(bytes(n)) for n in (134, 135, 136, 137, 271, 272, 273)}

    assert len(digests) == 7
