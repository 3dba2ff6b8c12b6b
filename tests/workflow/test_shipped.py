"""What is shipped runs whole through the command of the README."""

import json
import os
import subprocess
import sys

import pytest
from tests.workflow.conftest import ONE_THREAD, ROOT

pytestmark = pytest.mark.long

CENTRE, SD, LOG_EVIDENCE = 49.354, 0.797, 435.12  # by quadrature over 401 centres, 600 widths, 900 normalisations


def test_profiles_with_a_shared_centre(tmp_path):
    command = [sys.executable, "-m", "snakemake", "--snakefile", str(ROOT / "Snakefile"), "--cores", "1"]
    command += ["--config", "study=gaussian_shared", "--directory", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, env={**os.environ, **ONE_THREAD}, cwd=ROOT)
    assert done.returncode == 0, done.stderr
    folder = tmp_path / "results" / "gaussian_shared" / "main"
    summary = json.loads((folder / "summary.json").read_text())
    centre = summary["parameters"]["centre"]
    assert summary["converged"] is True and summary["warnings"] == []
    assert centre["mean"] == pytest.approx(CENTRE, abs=0.05 * SD) and centre["sd"] == pytest.approx(SD, rel=0.05)
    assert summary["log_evidence"] == pytest.approx(LOG_EVIDENCE, abs=0.2)
    assert {f"fit_g0{i}.png" for i in range(1, 6)} <= {path.name for path in (folder / "plots").iterdir()}
