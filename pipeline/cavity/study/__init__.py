"""A study on disk: its configuration, its table of datasets, and the study.py that composes the model."""

from cavity.study.dataset import Dataset
from cavity.study.study import Study
from cavity.study.table import read_table

__all__ = ["Dataset", "Study", "read_table"]
