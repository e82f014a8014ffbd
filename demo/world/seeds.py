"""Seeded chance: every draw is named by a key, so it does not depend on what was drawn before."""

from functools import lru_cache
from hashlib import blake2b
from math import floor

import numpy as np


def draw(*key: object) -> float:
    """A uniform number in [0, 1) that only depends on `key`."""
    digest = blake2b(repr(key).encode(), digest_size=8).digest()
    return (int.from_bytes(digest, "big") >> 11) / (1 << 53)


def rng(*key: object) -> np.random.Generator:
    """A generator that only depends on `key`; for many draws at once."""
    digest = blake2b(repr(key).encode(), digest_size=16).digest()
    return np.random.Generator(np.random.PCG64(int.from_bytes(digest, "big")))


@lru_cache(maxsize=65536)
def _knot(key: tuple[object, ...], index: int) -> float:
    return draw(*key, index) * 2 - 1


def drift(t: float, period_s: float, *key: object) -> float:
    """Smooth noise in [-1, 1] with a knot each `period_s` (cosine-free cubic between seeded knots, C1)."""
    x = t / period_s
    i = floor(x)
    f = x - i
    f = f * f * (3 - 2 * f)
    return _knot(key, i) * (1 - f) + _knot(key, i + 1) * f
