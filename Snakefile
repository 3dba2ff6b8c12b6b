"""Fit the datasets of a study with one graphical or hierarchical model: results/<study>/<phase>/."""

from snakemake.utils import min_version

min_version("9.0")


configfile: f"{workflow.current_basedir}/config/config.yaml"


include: "workflow/rules/common.smk"
include: "workflow/rules/fit.smk"
include: "workflow/rules/propagate.smk"
include: "workflow/rules/report.smk"
include: "workflow/rules/grid.smk"
include: "workflow/rules/sensitivity.smk"
include: "workflow/rules/compare.smk"
include: "workflow/rules/interpolate.smk"


# The only rule that asks the checkpoint: it has no outputs, so it cannot go stale. It publishes the last rounds every time.
rule all:
    default_target: True
    input:
        [last_round_files(phase) for phase in LAYOUT.phases],
        [part_files(part) for part in PARTS.parts],
    log:
        f"logs/{LAYOUT.study.name}/publish.log",
    localrule: True
    conda:
        "envs/cavity.yaml"
    params:
        study=lambda wc, input: study_of(wc, input),
        results=lambda wc, input: LAYOUT.results_of(input[0]),
    shell:
        "python -m cavity publish {params.study} --results {params.results:q} {input:q} --log {log:q}"
