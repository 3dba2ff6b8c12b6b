"""Stored results, found by attribute: an index over HDF5 files, made from them and never trusted above them."""

from cavity.database.aggregator import Aggregator
from cavity.database.index import write_database

__all__ = ["Aggregator", "write_database"]
