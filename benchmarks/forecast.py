"""The forecast of ``cavity check`` beside the CPU seconds that a fit uses, of every study in config/.

    python benchmarks/forecast.py [STUDY ...]

Each study is fitted twice from nothing in a temporary folder, by ``cavity run`` and by the workflow. Prints a line for
each, and exits 1 where a forecast is more than a factor of 1.5 away.
"""

import os
import resource
import subprocess
import sys
import tempfile
from pathlib import Path

from cavity.cli.inputs import phase_context
from cavity.study import Study
from cavity.study.forecast import forecast

ROOT = Path(__file__).parents[1]
FACTOR = 1.5


def used(*command):
    """CPU seconds of a command and all that it starts."""
    with tempfile.TemporaryDirectory() as folder:
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        one = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
        subprocess.run(command, cwd=folder, env={**os.environ, **one}, check=True, capture_output=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def forecasts(name):
    """(of cavity run, of the workflow), in CPU seconds."""
    study = Study.load(ROOT / "config" / name)
    first = [phase.name for phase in study.config.phases if not study.config.earlier(phase.name)]
    said = forecast(study, {phase: phase_context(study, phase, [])[1] for phase in first})
    return said.in_one_process, said.in_jobs


def main(names):
    names = names or sorted(path.parent.name for path in (ROOT / "config").glob("*/config.yaml"))
    print("study                   way          forecast      used  forecast/used")
    far = 0
    for name in names:
        config = str(ROOT / "config" / name)
        run = (sys.executable, "-m", "cavity", "run", config)
        workflow = (sys.executable, "-m", "snakemake", "--snakefile", str(ROOT / "Snakefile"), "--cores", "1")
        commands = {"cavity run": run, "snakemake": (*workflow, "--config", f"study={name}")}
        for (way, command), said in zip(commands.items(), forecasts(name)):
            took = used(*command)
            far += not 1 / FACTOR <= said / took <= FACTOR
            print(f"{name:<23} {way:<10} {said:>8.1f} s {took:>7.1f} s {said / took:>10.2f}", flush=True)
    return int(far > 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
