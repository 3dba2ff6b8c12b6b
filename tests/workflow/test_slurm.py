"""The default study through a real Slurm cluster of one machine."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CLUSTER = ROOT / "tests" / "workflow" / "slurm"


@pytest.fixture
def cluster(tmp_path_factory):
    """The environment of a client of a cluster that runs as long as the test."""
    folder = tmp_path_factory.mktemp("slurm")
    environment = {**os.environ, "SLURM_TEST_DIR": str(folder)}
    subprocess.run([CLUSTER, "start"], env=environment, check=True)
    yield {**environment, "SLURM_CONF": f"{folder}/slurm.conf", "PATH": f"{folder}/bin:{environment['PATH']}"}
    subprocess.run([CLUSTER, "stop"], env=environment, check=True)


@pytest.mark.slurm
def test_the_default_study_runs_on_a_cluster(cluster, tmp_path):
    done = subprocess.run(
        [
            *(sys.executable, "-m", "snakemake", "--snakefile", ROOT / "Snakefile", "--directory", tmp_path),
            *("--workflow-profile", ROOT / "profiles" / "slurm", "--seconds-between-status-checks", "2"),
            *("--slurm-init-seconds-before-status-checks", "2", "--latency-wait", "20"),
        ],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=cluster,
    )
    assert done.returncode == 0, done.stdout
    assert "has been submitted with SLURM jobid" in done.stdout
    summary = json.loads((tmp_path / "results" / "gaussian_hierarchical" / "main" / "summary.json").read_text())
    assert summary["converged"] is True and summary["datasets"] == 20
