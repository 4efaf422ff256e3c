"""Chance in tests that anyone can repeat: the seed is printed, and ``ENTRAIDE_SEED`` gives it back."""

import os
import random


def seed() -> int:
    """Return the seed of this test's dice; pytest shows the line where the test fails."""
    value = int(os.environ.get("ENTRAIDE_SEED") or random.randrange(2**32))
    print(f"ENTRAIDE_SEED={value}")
    return value
