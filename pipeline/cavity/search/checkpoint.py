"""Checkpoints: a log of every likelihood call, so that a killed search is run again without calling the likelihood.

A search is a deterministic function of its seed and of the values the likelihood returns. So the values are all there
is to keep: the search starts anew from the same seed, is given the recorded values in their order, and goes on where
the record ends, bit for bit the run that was never killed. This holds for every library, needs no library's own file,
and each record is checked against the vector it is asked for.
"""

import hashlib
import json
import logging
import shutil
import struct
from importlib import metadata
from pathlib import Path

import numpy as np

from cavity.errors import SearchError

logger = logging.getLogger("cavity.search")


def checkpoint_key(problem, search, rng, on_error):
    """The SHA-256 of all that decides a run: problem, settings, generator, versions of the libraries."""
    if not problem.identity:
        raise SearchError(
            "a checkpoint needs problem.identity (a hash of data, model and priors): without it another "
            "problem's values could be taken; give an identity or no checkpoint"
        )
    versions = {name: metadata.version(name) for name in ("numpy", "scipy", *search.libraries)}
    text = json.dumps(
        [problem.identity, list(problem.names), search.settings(), rng.bit_generator.state, on_error, versions],
        sort_keys=True,
        default=lambda value: np.asarray(value).tolist(),
    )
    return hashlib.sha256(text.encode()).hexdigest()


class CallLog:
    """The likelihood calls of one run, in a folder of its own, in blocks that are written once.

    Parameters
    ----------
    folder
        Where checkpoints live, outside every declared output; this log uses ``folder/<key>``.
    key
        See :func:`checkpoint_key`.
    ndim
        Length of a vector. A record is the vector and its value, (ndim + 1) float64.
    """

    def __init__(self, folder, key, ndim):
        self.folder = Path(folder) / key
        self._key = bytes.fromhex(key)
        self._width = 8 * (ndim + 1)
        self._records, self._blocks = self._read()
        self._saved = len(self._records) // self._width
        self._cursor = 0
        self._pending = bytearray()
        if self._saved:
            logger.info("checkpoint %s: %s likelihood calls are taken from it", self.folder, f"{self._saved:,}")

    def recorded(self, vector):
        """The value that was recorded for this call, or None at the end of the record."""
        if self._cursor >= self._saved:
            return None
        start = self._cursor * self._width
        stop = start + self._width - 8
        if self._records[start:stop] != np.asarray(vector, dtype="<f8").tobytes():
            self._forget()
            return None
        self._cursor += 1
        return struct.unpack_from("<d", self._records, stop)[0]

    def recorded_rows(self, vectors):
        """The recorded values of the first rows of (n, ndim), as many as there are."""
        values = []
        for vector in vectors:
            value = self.recorded(vector)
            if value is None:
                break
            values.append(value)
        return values

    def add(self, vector, value):
        """Record one call."""
        self._pending += np.asarray(vector, dtype="<f8").tobytes() + struct.pack("<d", value)

    def add_rows(self, vectors, values):
        """Record many calls: (n, ndim) and (n,)."""
        self._pending += np.column_stack([vectors, values]).astype("<f8").tobytes()

    def flush(self):
        """Write what is not written yet, as one block."""
        from cavity.posterior.store import atomic_path

        if not self._pending:
            return
        content = struct.pack("<q", self._saved) + bytes(self._pending)
        digest = hashlib.sha256(self._key + content).digest()
        with atomic_path(self.folder / f"calls-{self._blocks:06d}") as temporary:
            temporary.write_bytes(digest + content)
        self._blocks += 1
        self._saved += len(self._pending) // self._width
        self._cursor = self._saved
        self._pending.clear()

    def discard(self):
        """Remove the folder: the run has ended and its samples are the result."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def _read(self):
        """All records of the blocks that are whole, this key's, and follow one another."""
        records = bytearray()
        blocks = 0
        while (path := self.folder / f"calls-{blocks:06d}").exists():
            content = path.read_bytes()
            digest, body = content[:32], content[32:]
            whole = len(body) >= 8 and (len(body) - 8) % self._width == 0
            if not whole or hashlib.sha256(self._key + body).digest() != digest:
                logger.warning("%s is damaged or of another run; the search goes on from what precedes it", path)
                break
            if struct.unpack_from("<q", body)[0] != len(records) // self._width:
                logger.warning("%s does not follow the block before it; the search goes on from there", path)
                break
            records += body[8:]
            blocks += 1
        return bytes(records), blocks

    def _forget(self):
        """The search asks for another vector than before (another machine, or an unseeded part)."""
        logger.warning(
            "checkpoint %s: call %s is at other parameters than recorded; the likelihood is called from there",
            self.folder,
            f"{self._cursor + 1:,}",
        )
        for path in self.folder.glob("calls-*"):
            path.unlink()
        self._pending = bytearray(self._records[: self._cursor * self._width])
        self._records, self._blocks, self._saved, self._cursor = b"", 0, 0, 0
