"""What factor(dataset) gets."""

import pytest

from cavity.errors import DatasetError
from cavity.study.dataset import Dataset


def test_covariates_are_attributes():
    dataset = Dataset("a", covariates={"time": 1.5})
    assert dataset.time == 1.5
    with pytest.raises(AttributeError, match="dataset a: the table has no column tim; did you mean time?"):
        _ = dataset.tim


def test_a_dataset_without_a_file_cannot_load():
    with pytest.raises(DatasetError, match="dataset a: the table has no column path"):
        Dataset("a").load()


def test_a_dataset_prints_as_its_id():
    assert f"{Dataset('d07')}" == "d07"
