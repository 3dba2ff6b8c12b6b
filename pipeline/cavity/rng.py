"""Randomness: one seed for a study, a stream of its own for every (phase, dataset, round)."""

import hashlib

import numpy as np


def _entropy(key):
    """A key as an integer: its own value, or the first 16 bytes of the SHA-256 of its text."""
    if isinstance(key, (int, np.integer)) and not isinstance(key, bool) and key >= 0:
        return int(key)
    return int.from_bytes(hashlib.sha256(str(key).encode()).digest()[:16], "big")


def seed_sequence(seed, *keys):
    """The seed of one stream.

    Parameters
    ----------
    seed
        The study's seed, an integer >= 0.
    keys
        What the stream is for: phase, dataset, round. Text enters by its SHA-256, so a dataset's stream does not
        depend on the order of the table, the shards or the cores.
    """
    return np.random.SeedSequence([_entropy(seed), *(_entropy(key) for key in keys)])


def generator(seed, *keys):
    """A ``numpy.random.Generator`` for the stream of :func:`seed_sequence`."""
    return np.random.default_rng(seed_sequence(seed, *keys))
