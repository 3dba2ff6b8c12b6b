"""What the workflow costs beside its jobs' work, for the default study: wall without a job, and Snakemake's own CPU.

python benchmarks/orchestration.py [study]
"""

import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psutil

ROOT = Path(__file__).parents[1]
INTERVAL = 0.02  # seconds between two looks at the processes


def measure(study, folder, cores=2):
    """(wall, wall without a verb, CPU seconds of Snakemake itself, CPU seconds of all verbs, verbs) of a run."""
    command = [sys.executable, "-m", "snakemake", "--snakefile", ROOT / "Snakefile", "--directory", folder]
    start = time.perf_counter()
    process = psutil.Popen(
        [*map(str, command), "--cores", str(cores), "--config", f"study={study}"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    idle, own, verbs = 0.0, 0.0, {}
    before = start
    while process.poll() is None:
        running = 0
        try:
            own = sum(process.cpu_times()[:2])
            for child in process.children(recursive=True):
                if child.pid in verbs or "cavity" in " ".join(child.cmdline()[:4]):
                    verbs[child.pid] = max(verbs.get(child.pid, 0.0), sum(child.cpu_times()[:2]))
                    running += child.status() != psutil.STATUS_ZOMBIE
        except psutil.Error:
            running = 1  # a process ended between two looks
        now = time.perf_counter()
        idle += 0.0 if running else now - before
        before = now
        time.sleep(INTERVAL)
    if process.returncode:
        raise SystemExit(f"the run failed with exit code {process.returncode}")
    return time.perf_counter() - start, idle, own, sum(verbs.values()), len(verbs)


if __name__ == "__main__":
    study = sys.argv[1] if len(sys.argv) > 1 else "gaussian_hierarchical"
    with tempfile.TemporaryDirectory() as folder:
        for run in ("first run", "nothing changed"):
            wall, idle, own, cpu, verbs = measure(study, folder)
            print(
                f"{study}, {run}: wall {wall:.1f} s, without a running verb {idle:.1f} s; "
                f"CPU of Snakemake {own:.1f} s, of {verbs} processes of verbs {cpu:.1f} s"
            )
