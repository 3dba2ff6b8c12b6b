"""What orchestration costs a grid search: 400 cells over 10 datasets, the share of the wall not spent in the verbs.

    python benchmarks/grid_orchestration.py [--cores 2] [--seconds-a-cell 0.5]

The likelihood sleeps, so that a cell takes as long as asked on any machine. The verbs' own time is what Snakemake's
benchmark files say of every job of the grid, imports included, divided by the cores; the rest of the wall is
orchestration: parsing, the DAG, scheduling, bookkeeping, and cores that wait for the last shard.
"""

import argparse
import csv
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
STUDY = """
import time

import cavity as cv


class Point:
    def __init__(self, x=0.0, y=0.0):
        self.x, self.y = x, y


class Analysis(cv.Analysis):
    def __init__(self, centre):
        self.centre = float(centre[0])
        self.calls = 0

    def log_likelihood_function(self, instance):
        self.calls += 1
        if self.calls == 1:
            time.sleep({seconds})
        return -0.5 * ((instance.x - self.centre) ** 2 + instance.y**2)


def factor(dataset):
    model = cv.Model(Point, x=cv.UniformPrior(-10.0, 10.0), y=cv.GaussianPrior(0.0, 1.0))
    return cv.AnalysisFactor(prior_model=model, analysis=Analysis(**dataset.load()))
"""
CONFIG = """
phases:
  - {name: main, inference: independent, search: {name: Laplace, n_draws: 100, n_scan: 16, n_starts: 1, n_adapt: 0}}
grid_searches:
  - {name: grid, phase: main, parameters: {x: 8, y: 5}}
"""


def write_study(folder, seconds, datasets=10):
    folder.mkdir()
    (folder / "study.py").write_text(STUDY.replace("{seconds}", repr(seconds)))
    (folder / "config.yaml").write_text(CONFIG)
    lines = ["dataset\tpath"]
    for k in range(datasets):
        (folder / f"d{k}.csv").write_text(f"centre\n{0.5 * k - 2.0}\n")
        lines.append(f"d{k}\td{k}.csv")
    (folder / "datasets.tsv").write_text("\n".join(lines) + "\n")


def run(folder, cores, *arguments):
    """Wall seconds of one Snakemake run."""
    command = [sys.executable, "-m", "snakemake", "--snakefile", str(ROOT / "Snakefile"), "--directory", str(folder)]
    command += ["--workflow-profile", str(ROOT / "profiles" / "default"), "--cores", str(cores), *arguments]
    start = time.perf_counter()
    done = subprocess.run([*command, "--config", "study=study/config.yaml"], capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(done.stdout + done.stderr)
    return time.perf_counter() - start


def verbs_seconds(folder):
    """(jobs, seconds in all of them) of the grid's cells, from Snakemake's benchmark files."""
    seconds = []
    for path in (folder / "logs").rglob("cells-*.tsv"):
        with path.open() as file:
            seconds += [float(row["s"]) for row in csv.DictReader(file, delimiter="\t")]
    return len(seconds), sum(seconds)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cores", type=int, default=2)
    parser.add_argument("--seconds-a-cell", type=float, default=0.5)
    options = parser.parse_args()
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        os.environ[name] = "1"
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        write_study(folder / "study", options.seconds_a_cell)
        wall = run(folder, options.cores, "--until", "grid_cells")
        jobs, verbs = verbs_seconds(folder)
    share = 1.0 - verbs / options.cores / wall
    print(f"400 cells in {jobs} jobs on {options.cores} cores: wall {wall:.1f} s, verbs {verbs:.1f} s")
    print(f"orchestration {wall - verbs / options.cores:.1f} s, {100 * share:.1f} % of the wall")


if __name__ == "__main__":
    main()
