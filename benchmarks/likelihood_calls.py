"""Likelihood calls of the default study by round, with the nested pilot and with Laplace, and the ratio to a joint fit.

Run: python benchmarks/likelihood_calls.py [study]
"""

import sys
import tempfile
from dataclasses import replace
from pathlib import Path

import cavity as cv
from cavity.strategy.loop import conclude, rounds_of
from cavity.study import Study
from cavity.study.context import phase_context

ROOT = Path(__file__).resolve().parents[1]


def main(name="gaussian_hierarchical"):
    """Print a table: search, calls a dataset, by round, converged."""
    with tempfile.TemporaryDirectory() as folder:
        study = Study.load(ROOT / "config" / name / "config.yaml", results=folder)
        context = phase_context(study, study.config.phases[0])
        n = len(context.datasets)
        print(f"{name}: {n} datasets")
        print(f"{'search':<28}{'calls a dataset':>16}  by round")
        for search in (cv.DynestyStatic(nlive=50), cv.Laplace()):
            searched = replace(context, search=search, _seen={})
            result = conclude(searched, rounds_of(searched))
            calls = result.likelihood_evaluations
            rounds = ", ".join(f"{total / n:.0f}" for total in calls["per_round"])
            label = f"{type(search).__name__}{' nlive 50' if hasattr(search, 'nlive') else ''}"
            print(f"{label:<28}{calls['total'] / n:>16.0f}  {rounds}{'' if result.converged else '  (not converged)'}")


if __name__ == "__main__":
    main(*sys.argv[1:2])
