"""Keccak-256 as Ethereum and Monero use it: the original padding, which differs from SHA3-256 of FIPS 202.

The standard library and `cryptography` offer only SHA-3.  An address needs one permutation, so plain Python is
enough; nothing here is meant for bulk hashing.
"""

import struct

_MASK = (1 << 64) - 1
_RATE = 136  # bytes absorbed per permutation: (1600 - 2 * 256) / 8


def _round_constants() -> tuple[int, ...]:
    """Return the 24 constants of the iota step, made by the linear feedback register of the specification."""
    constants: list[int] = []
    register = 1
    for _ in range(24):
        value = 0
        for j in range(7):
            if register & 1:
                value |= 1 << ((1 << j) - 1)
            register = (register << 1) ^ (0x171 if register & 0x80 else 0)
        constants.append(value)
    return tuple(constants)


def _lane_order() -> tuple[tuple[int, int, int], ...]:
    """Return (source lane, target lane, rotation) of the rho and pi steps, in the order they are walked."""
    order, x, y = [(0, 0, 0)], 1, 0
    for t in range(24):
        order.append((x + 5 * y, y + 5 * ((2 * x + 3 * y) % 5), ((t + 1) * (t + 2) // 2) % 64))
        x, y = y, (2 * x + 3 * y) % 5
    return tuple(order)


_CONSTANTS = _round_constants()
_ORDER = _lane_order()


def _permute(a: list[int]) -> list[int]:
    for constant in _CONSTANTS:
        c = [a[x] ^ a[x + 5] ^ a[x + 10] ^ a[x + 15] ^ a[x + 20] for x in range(5)]
        d = [c[x - 1] ^ ((c[x - 4] << 1 | c[x - 4] >> 63) & _MASK) for x in range(5)]
        b = [0] * 25
        for source, target, turn in _ORDER:
            lane = a[source] ^ d[source % 5]
            b[target] = (lane << turn | lane >> (64 - turn)) & _MASK
        for y in (0, 5, 10, 15, 20):
            b0, b1, b2, b3, b4 = b[y : y + 5]
            a[y] = b0 ^ (~b1 & b2)
            a[y + 1] = b1 ^ (~b2 & b3)
            a[y + 2] = b2 ^ (~b3 & b4)
            a[y + 3] = b3 ^ (~b4 & b0)
            a[y + 4] = b4 ^ (~b0 & b1)
        a[0] ^= constant
    return a


def keccak256(data: bytes) -> bytes:
    """Return the 32-byte Keccak-256 digest of `data`."""
    padded = bytearray(data)
    padded += b"\x01" + bytes(-(len(data) + 1) % _RATE)
    padded[-1] |= 0x80
    state = [0] * 25
    for offset in range(0, len(padded), _RATE):
        for i, lane in enumerate(struct.unpack_from("<17Q", padded, offset)):
            state[i] ^= lane
        state = _permute(state)
    return struct.pack("<4Q", *state[:4])
