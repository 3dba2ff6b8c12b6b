"""A search of a slow likelihood, to be killed: python killed_run.py SEARCH CHECKPOINTS OUT [SECONDS_PER_CALL]."""

import dataclasses
import importlib.util
import json
import sys
import time
from pathlib import Path

import numpy as np

from cavity.search import AutoCorrelationsSettings, search_from_dict

SEARCHES = {
    "DynestyStatic": {"nlive": 40},
    "DynestyDynamic": {"nlive": 30, "maxbatch": 2, "nlive_batch": 20},
    "UltraNest": {"min_num_live_points": 40, "min_ess": 50, "dlogz": 2.0, "dKL": 2.0, "max_num_improvement_loops": 0},
    "Nautilus": {"n_live": 60, "n_eff": 60, "n_networks": 1, "n_batch": 20},
    "Emcee": {
        "nwalkers": 8,
        "nsteps": 200,
        "auto_correlations_settings": AutoCorrelationsSettings(check_for_convergence=False),
    },
    "LBFGS": {"n_scan": 200},
    "DifferentialEvolution": {},
    "Laplace": {"n_draws": 1024},
}


def known_problem():
    path = Path(__file__).resolve().parents[2] / "statistics" / "search" / "problems.py"
    spec = importlib.util.spec_from_file_location("known_problems", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.correlated_gaussian(2, batched=False).problem


def main(name, checkpoints, out, seconds="0.001"):
    problem = known_problem()
    made = []

    def slow(vector):
        made.append(1)
        time.sleep(float(seconds))
        return problem.log_likelihood(vector)

    search = search_from_dict({"name": name, "checkpoint_interval": 0.05, **SEARCHES[name]})
    slow_problem = dataclasses.replace(problem, log_likelihood=slow)
    samples = search.run(slow_problem, np.random.default_rng(11), checkpoint=Path(checkpoints))
    values = {"log_evidence": samples.log_evidence, "calls": samples.calls, "made": len(made)}
    np.savez(
        out,
        values=samples.values,
        log_weights=samples.log_weights,
        log_likelihoods=samples.log_likelihoods,
        unit=samples.unit,
        counts=np.frombuffer(json.dumps(values).encode(), np.uint8),
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
