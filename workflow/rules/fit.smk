"""Round 0: every dataset is searched under its own prior, or all of them at once in a joint phase."""


# A look at every model before the work. What it does not depend on, data and rows, is what must not start every search
# anew; ancient() is no way out: Snakemake overlooks the other reasons of a job whose ancient input is made again.
rule check:
    input:
        code=CODE,
        earlier=lambda wc: LAYOUT.earlier(wc.run),
    output:
        "results/{study}/{run}/check.txt",
    log:
        "logs/{study}/{run}/check.log",
    conda:
        "../../envs/cavity.yaml"
    threads: 1
    resources:
        mem_mb=memory,
        runtime=minutes,
    params:
        study=study_of,
        code=lambda wc: LAYOUT.study.code_digest,
        phase=phase_of,
        settings=lambda wc: LAYOUT.settings(wc.run),
    shell:
        "python -m cavity check {params.study} --phase {params.phase:q} --earlier {input.earlier:q} --out {output:q} --log {log:q}"


rule search_sites:
    input:
        data=data_of,
        code=CODE,
        earlier=lambda wc: LAYOUT.earlier(wc.run),
        before=lambda wc: LAYOUT.before(wc.run, wc.round, wc.shard),  # one, from the second dataset of a sequential phase
        checked="results/{study}/{run}/check.txt",
    output:
        "results/{study}/{run}/round-{round}/sites/{shard}.h5",
    log:
        "logs/{study}/{run}/round-{round}/search-{shard}.log",
    benchmark:
        "logs/{study}/{run}/round-{round}/search-{shard}.tsv"
    wildcard_constraints:
        run=LAYOUT.run_pattern("independent", "sequential", "ep"),
        round="000",
    conda:
        "../../envs/cavity.yaml"
    threads: 1
    resources:
        mem_mb=memory,
        runtime=minutes,
    params:
        study=study_of,
        code=lambda wc: LAYOUT.study.code_digest,
        results=results_of,
        phase=phase_of,
        data=lambda wc: data_digest(LAYOUT.shards(wc.run)[wc.shard]),
        settings=lambda wc: LAYOUT.settings(wc.run),
    shell:
        "python -m cavity search {params.study} --results {params.results:q} --phase {params.phase:q} --earlier {input.earlier:q}"
        " --shard {wildcards.shard:q} --previous {input.before:q} --data {params.data} --out {output:q} --log {log:q}"


rule joint_search:
    input:
        data=data_of,
        code=CODE,
        earlier=lambda wc: LAYOUT.earlier(wc.run),
        checked="results/{study}/{run}/check.txt",
    output:
        "results/{study}/{run}/round-{round}/global.h5",
    log:
        "logs/{study}/{run}/round-{round}/joint.log",
    benchmark:
        "logs/{study}/{run}/round-{round}/joint.tsv"
    wildcard_constraints:
        run=LAYOUT.run_pattern("joint"),
        round="000",
    conda:
        "../../envs/cavity.yaml"
    threads: 1
    resources:
        mem_mb=memory,
        runtime=minutes,
    params:
        study=study_of,
        code=lambda wc: LAYOUT.study.code_digest,
        results=results_of,
        phase=phase_of,
        data=lambda wc: data_digest(),
        settings=lambda wc: LAYOUT.settings(wc.run),
    shell:
        "python -m cavity aggregate {params.study} --results {params.results:q} --phase {params.phase:q} --earlier {input.earlier:q}"
        " --data {params.data} --out {output:q} --log {log:q}"
