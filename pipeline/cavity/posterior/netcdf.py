"""Arrays with named dimensions in ArviZ's netCDF4 layout, written with h5py alone: atomic, deterministic, checked.

A group is a dict of variables. A variable that has the name of its one dimension is its coordinate, and a dimension
without one is counted from zero.
"""

import json
from typing import Any, NamedTuple

import h5py
import numpy as np

from cavity.errors import DamagedError, ResultError
from cavity.posterior.store import NOT_AS_WRITTEN, atomic_path, new_file, old_file, readable, tree_checksum

CHECKSUM = "sha256"
_HDF5_ONLY = {"DIMENSION_LIST", "REFERENCE_LIST", "CLASS", "NAME"}


class Variable(NamedTuple):
    """An array and what its axes are called."""

    dimensions: tuple
    array: Any  # numeric array, or a list of texts, or one number or text without dimensions
    attributes: dict = {}


def write_groups(path, groups, attributes=None):
    """Write {group: {name: Variable}}.

    Raises
    ------
    ResultError
        If an array's shape contradicts its dimensions.
    """
    checksum = tree_checksum({group: _hashed(variables) for group, variables in groups.items()})
    with atomic_path(path) as temporary, new_file(temporary) as file:
        for key, value in (attributes or {}).items():
            file.attrs[key] = value
        file.attrs[CHECKSUM] = checksum
        for group, variables in groups.items():
            _write(file.create_group(group, track_order=True), variables)
    return checksum


def read_groups(path, only=None):
    """The groups and the checksum of a file.

    Parameters
    ----------
    only
        Groups to read; a part of a file cannot be verified.

    Returns
    -------
    {group: {name: array, or list of texts, or number or text}}, dimensions that were only counted left out; checksum

    Raises
    ------
    ResultError
        If the file is missing, unreadable or does not match its checksum; the sentence names it.
    """
    with readable(path), old_file(path) as file:
        wanted = list(file) if only is None else [group for group in only if group in file]
        groups = {group: _values(file[group]) for group in wanted}
        stored = str(file.attrs[CHECKSUM])
    if only is None and tree_checksum({key: _hashed(group) for key, group in groups.items()}) != stored:
        raise DamagedError(path, NOT_AS_WRITTEN)
    return groups, stored


def _write(group, variables):
    sizes = {}
    for name, variable in variables.items():
        shape = np.shape(variable.array)
        if len(shape) != len(variable.dimensions):
            raise ResultError(f"{group.name}/{name}: shape {shape} for dimensions {variable.dimensions}")
        for dimension, size in zip(variable.dimensions, shape, strict=True):
            if sizes.setdefault(dimension, size) != size:
                raise ResultError(f"{group.name}/{name}: {size} along {dimension}, others have {sizes[dimension]}")
    scales = {}
    for dimension, size in sizes.items():
        known = variables.get(dimension)
        scale = _create(group, dimension, np.arange(size) if known is None else known.array)
        if known is None:
            scale.attrs["counted"] = 1
        scale.make_scale(dimension)
        scales[dimension] = scale
    for name, variable in variables.items():
        if name in scales:
            dataset = scales[name]
        else:
            dataset = _create(group, name, variable.array)
            for axis, dimension in enumerate(variable.dimensions):
                dataset.dims[axis].attach_scale(scales[dimension])
        for key, value in variable.attributes.items():
            dataset.attrs[key] = value


def _create(group, name, array):
    if isinstance(array, str) or (isinstance(array, (list, tuple)) and all(isinstance(text, str) for text in array)):
        data = array if isinstance(array, str) else np.array(array, dtype=object)
        return group.create_dataset(name, data=data, dtype=h5py.string_dtype(), track_times=False)
    return group.create_dataset(name, data=np.asarray(array), track_times=False)


def _values(group):
    counted = {name: item for name, item in group.items() if "counted" in item.attrs}
    for item in counted.values():
        if not np.array_equal(item[()], np.arange(len(item))):
            raise ValueError(f"{item.name} does not count from 0")
    return {name: _value(item) for name, item in group.items() if name not in counted}


def _value(dataset):
    if h5py.check_string_dtype(dataset.dtype):
        value = dataset.asstr()[()]
        return value if isinstance(value, str) else value.tolist()
    value = dataset[()]
    return value.item() if dataset.shape == () else value


def _hashed(group):
    """What the checksum covers: every value, as reading gives it back."""
    tree = {}
    for name, value in group.items():
        value = value.array if isinstance(value, Variable) else value
        if isinstance(value, (list, tuple)) and all(isinstance(text, str) for text in value):
            value = json.dumps(list(value))
        elif not isinstance(value, str):
            value = np.asarray(value)
        tree[name.replace("/", "\\")] = value
    return tree
