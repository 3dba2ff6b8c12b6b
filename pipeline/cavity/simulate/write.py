"""Writing a simulation: data/<dataset>.csv, datasets.tsv and truth.json."""

import json
from pathlib import Path

from cavity.errors import DatasetError

SIGNIFICANT = 6  # digits kept of every value: files stay small and diffs readable


def write_simulation(simulation, folder):
    """Write a :class:`~cavity.simulate.simulation.Simulation` into a folder; equal simulations make equal bytes.

    Raises
    ------
    DatasetError
        If the folder holds a table of datasets already.
    """
    folder = Path(folder)
    table = folder / "datasets.tsv"
    if table.exists():
        raise DatasetError(f"{table}: exists already; give another folder with --out, or delete it")
    (folder / "data").mkdir(parents=True, exist_ok=True)
    columns = list(next(iter(simulation.covariates.values()), ()))
    rows = ["\t".join(["dataset", "path", *columns])]
    for name, arrays in simulation.data.items():
        pixels = (",".join(f"{value:.{SIGNIFICANT}g}" for value in row) for row in zip(*arrays.values()))
        lines = [",".join(arrays), *pixels]
        (folder / "data" / f"{name}.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
        rows.append("\t".join([name, f"data/{name}.csv", *(simulation.covariates[name][key] for key in columns)]))
    table.write_text("\n".join(rows) + "\n", encoding="utf-8")
    truth = {name: float(f"{value:.{SIGNIFICANT}g}") for name, value in simulation.truth.items()}
    (folder / "truth.json").write_text(json.dumps(truth, indent=1) + "\n", encoding="utf-8")
    return folder
