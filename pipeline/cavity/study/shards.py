"""Which datasets one job searches: buckets of the hash of the id.

A dataset added leaves the others where they are.
"""

import hashlib
import math

from cavity.inference import SEQUENTIAL

ONE_EACH = 8  # up to so many datasets, each has a job of its own
FEWEST, MOST = 8, 64  # shards that "auto" makes above that: shards times rounds stays below about 500


def shards_of(identifiers, datasets_per_job="auto"):
    """Shard -> the ids in it, in the order of the table; shards without a dataset do not exist.

    Parameters
    ----------
    identifiers
        Dataset ids.
    datasets_per_job
        A whole number, or "auto". One a job names the shard after its dataset; else the number of buckets is a power of
        two, so that it rarely changes when datasets are added, and it is part of the shard's name.
    """
    buckets = _buckets(len(identifiers), datasets_per_job)
    if buckets is None:
        return {identifier: (identifier,) for identifier in identifiers}
    shards = {}
    for identifier in identifiers:
        shards.setdefault(f"of{buckets}-{_hash(identifier) % buckets:02d}", []).append(identifier)
    return {name: tuple(shards[name]) for name in sorted(shards)}


def shards_of_phase(phase, identifiers):
    """The same for a phase; a sequential one has a job a dataset, because each waits for the one before it."""
    return shards_of(identifiers, 1 if phase.inference == SEQUENTIAL else phase.ep.datasets_per_job)


def _buckets(count, datasets_per_job):
    """How many buckets, or None for a shard a dataset."""
    if datasets_per_job == 1 or (datasets_per_job == "auto" and count <= ONE_EACH):
        return None
    wanted = count / (3 if datasets_per_job == "auto" else datasets_per_job)
    buckets = 2 ** max(0, math.ceil(math.log2(wanted)))
    return min(max(buckets, FEWEST), MOST) if datasets_per_job == "auto" else buckets


def _hash(identifier):
    return int.from_bytes(hashlib.sha256(identifier.encode()).digest()[:8], "big")
