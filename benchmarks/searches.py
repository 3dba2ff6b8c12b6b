"""Every search on problems with known answers, and what the adapters cost against the bare libraries.

python benchmarks/searches.py [--only DynestyStatic,Laplace] [--problems gaussian2,shells] [--seeds 1]
"""

import argparse
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter, process_time

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tests.statistics.search import problems as known

import cavity as cv
from cavity.errors import CavityError
from cavity.search import Guard, polished
from cavity.search.checkpoint import CallLog

PROBLEMS = {
    "gaussian2": lambda: known.correlated_gaussian(2),
    "gaussian5": lambda: known.correlated_gaussian(5),
    "gaussian20": lambda: known.correlated_gaussian(20),
    "eggbox": known.eggbox,
    "shells": known.shells,
    "plateau": known.plateau,
    "profile": known.profile,
}
SEARCHES = {
    "DynestyStatic": cv.DynestyStatic(nlive=200),
    "DynestyStatic polished": cv.DynestyStatic(nlive=50),
    "DynestyDynamic": cv.DynestyDynamic(nlive=100, n_effective=3000),
    "UltraNest region": cv.UltraNest(min_num_live_points=200),
    "UltraNest steps": cv.UltraNest(min_num_live_points=100, nsteps=20),
    "Nautilus": cv.Nautilus(n_live=500, n_eff=2000, n_networks=1),
    "Emcee": cv.Emcee(nwalkers=64, nsteps=4000),
    "Laplace": cv.Laplace(),
    "LBFGS": cv.LBFGS(),
    "DifferentialEvolution": cv.DifferentialEvolution(),
}
#: Where dynesty's default, uniform draws from bootstrapped ellipsoids, takes a hundred times the calls.
WALKS = {
    "DynestyStatic": cv.DynestyStatic(nlive=200, sample="rwalk"),
    "DynestyStatic polished": cv.DynestyStatic(nlive=50, sample="rwalk"),
    "DynestyDynamic": cv.DynestyDynamic(nlive=100, n_effective=3000, sample="rwalk"),
}
#: Twenty parameters want more steps, and walkers longer chains.
DEEP = {
    "UltraNest steps": cv.UltraNest(
        min_num_live_points=60, min_ess=100, dlogz=3.0, dKL=3.0, max_num_improvement_loops=0, nsteps=60
    ),
    "Emcee": cv.Emcee(nwalkers=64, nsteps=16000),
}
MULTIMODAL = {"eggbox", "shells", "plateau"}
#: Pairs that do not apply: a region sampler above five parameters, walkers and single modes among many modes.
#: Nautilus had no answer after ten minutes in twenty correlated dimensions, nor on the eggbox.
LEFT_OUT = {("UltraNest region", "gaussian20"), ("Nautilus", "gaussian20"), ("Nautilus", "eggbox")} | {
    (search, problem) for search in ("Emcee", "Laplace", "LBFGS") for problem in MULTIMODAL
}


def row(name, search, problem_name, answer, seed):
    """One line of the table."""
    start = perf_counter()
    rng = np.random.default_rng(seed)
    samples = search.run(answer.problem, rng)
    if name.endswith("polished"):
        samples = polished(answer.problem, samples, int(np.clip(samples.calls // 10, 1024, 4096)), rng)
    wall = perf_counter() - start
    pull = "-"
    error = "-"
    if samples.log_evidence is not None:
        error = f"{samples.log_evidence - answer.log_evidence:+.3f}"
        pull = f"{(samples.log_evidence - answer.log_evidence) / samples.log_evidence_error:+.1f}"
    mean = samples.values[0] if len(samples) == 1 else samples.mean
    mean_error = (np.abs(mean - answer.mean) / answer.sd).max()
    ratio = "-" if len(samples) == 1 else f"{(samples.sd / answer.sd).min():.2f}-{(samples.sd / answer.sd).max():.2f}"
    k_hat = "-" if samples.pareto_k is None else f"{samples.pareto_k:.2f}"
    print(
        f"{name:24s} {problem_name:11s} {error:>8s} {pull:>6s} {mean_error:8.3f} {ratio:>10s} {k_hat:>6s} "
        f"{samples.calls:9,d} {wall:7.1f} {samples.ess:8.0f}",
        flush=True,
    )


def bare_libraries(answer):
    """The same searches without the adapter: {name: function(raw likelihood, rng) -> calls}."""
    problem = answer.problem

    def dynesty_static(function, rng):
        import dynesty

        sampler = dynesty.NestedSampler(function, problem.prior_transform, problem.ndim, nlive=200, rstate=rng)
        sampler.run_nested(print_progress=False, dlogz=0.209)
        return int(np.sum(sampler.results.ncall))

    def dynesty_dynamic(function, rng):
        import dynesty

        sampler = dynesty.DynamicNestedSampler(function, problem.prior_transform, problem.ndim, nlive=100, rstate=rng)
        sampler.run_nested(print_progress=False, n_effective=3000)
        return int(np.sum(sampler.results.ncall))

    def nautilus(function, rng):
        import nautilus

        seed = int(rng.integers(2**32))
        batch, ndim = problem.log_likelihood_batch, problem.ndim
        sampler = nautilus.Sampler(
            problem.prior_transform, batch, ndim, n_live=500, n_networks=1, seed=seed, vectorized=True
        )
        sampler.run(n_eff=2000, discard_exploration=True)
        return int(sampler.n_like)

    def ultranest(function, rng):
        from cavity.search.ultranest import imported, legacy_generator_seeded

        with legacy_generator_seeded(rng):
            sampler = imported().ReactiveNestedSampler(
                list(problem.names), problem.log_likelihood_batch, problem.prior_transform, vectorized=True
            )
            return sampler.run(min_num_live_points=200, show_status=False, viz_callback=False)["ncall"]

    def emcee(function, rng):
        import emcee
        from scipy.special import ndtr

        def log_density(z):
            return problem.log_likelihood_batch(problem.prior_transform(ndtr(z))) - 0.5 * (z * z).sum(1)

        sampler = emcee.EnsembleSampler(64, problem.ndim, log_density, vectorize=True)
        sampler.run_mcmc(0.01 * rng.normal(size=(64, problem.ndim)), 1000)
        return 64 * 1001

    return {
        "DynestyStatic": dynesty_static,
        "DynestyDynamic": dynesty_dynamic,
        "UltraNest region": ultranest,
        "Nautilus": nautilus,
        "Emcee": emcee,
    }


def overheads(only, repeats):
    """Microseconds a call of the adapters over the bare libraries, the same settings in the same process."""
    answer = known.correlated_gaussian(3)
    searches = {
        **SEARCHES,
        "Emcee": cv.Emcee(
            nwalkers=64,
            nsteps=1000,
            auto_correlations_settings=cv.AutoCorrelationsSettings(check_for_convergence=False),
        ),
    }
    print("\nadapter over bare library, microseconds of CPU a call (minimum over repeats)")
    for name, bare in bare_libraries(answer).items():
        if name not in only:
            continue
        with_adapter, without = [], []
        for _ in range(repeats):  # the same run each time
            start = process_time()
            calls = bare(answer.problem.log_likelihood, np.random.default_rng(1))
            without.append((process_time() - start) / calls)
            start = process_time()
            samples = searches[name].run(answer.problem, np.random.default_rng(1))
            with_adapter.append((process_time() - start) / samples.calls)
        a, b = min(with_adapter) * 1e6, min(without) * 1e6
        print(f"{name:24s} {a:8.1f} - {b:8.1f} = {a - b:+6.1f}   ({samples.calls:,} calls)", flush=True)
    vector = answer.mean.copy()
    with TemporaryDirectory() as folder:
        recorded = Guard(answer.problem, log=CallLog(folder, "ab" * 32, 3), interval=1.0)
        functions = {"bare call": answer.problem.log_likelihood, "guarded call": Guard(answer.problem)}
        times = time_calls(vector, {**functions, "guarded, recorded call": recorded})
    share = 100.0 * (times[2] - times[1]) / 1000.0
    print(f"checkpoints take {share:.2f} % of a run whose likelihood takes 1 ms")


def time_calls(vector, functions):
    """Microseconds of CPU of one call of each."""
    times = []
    for label, call in functions.items():
        start = process_time()
        for _ in range(50_000):
            call(vector)
        times.append((process_time() - start) / 50_000 * 1e6)
        print(f"{label:24s} {times[-1]:8.2f}")
    return times


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default=",".join(SEARCHES))
    parser.add_argument("--problems", default=",".join(PROBLEMS))
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--repeats", type=int, default=3, help="of the overhead measurement")
    options = parser.parse_args()
    print(
        f"{'search':24s} {'problem':11s} {'dlnZ':>8s} {'pull':>6s} {'max |dm|':>8s} {'sd ratio':>10s} {'k-hat':>6s} "
        f"{'calls':>9s} {'wall s':>7s} {'ESS':>8s}"
    )
    for problem_name in filter(None, options.problems.split(",")):
        answer = PROBLEMS[problem_name]()
        for name in filter(None, options.only.split(",")):
            if (name, problem_name) in LEFT_OUT:
                continue
            for seed in range(1, options.seeds + 1):
                try:
                    special = WALKS if problem_name in MULTIMODAL else DEEP if problem_name == "gaussian20" else {}
                    row(name, special.get(name, SEARCHES[name]), problem_name, answer, seed)
                except CavityError as error:
                    print(f"{name:24s} {problem_name:11s} {error}")
    overheads(options.only.split(","), options.repeats)


if __name__ == "__main__":
    main()
