"""Rounds of expectation propagation: searches where a site is not good enough, the aggregate, and the decision."""


rule refresh_sites:  # round 0 has a rule of its own: there is no round before it
    input:
        data=data_of,
        code=CODE,
        earlier=lambda wc: LAYOUT.earlier(wc.run),
        state=lambda wc: LAYOUT.state(wc.run, before(wc)),
        previous=lambda wc: LAYOUT.site(wc.run, before(wc), wc.shard),  # good sites are carried over
    output:
        "results/{study}/{run}/round-{round}/sites/{shard}.h5",
    log:
        "logs/{study}/{run}/round-{round}/search-{shard}.log",
    benchmark:
        "logs/{study}/{run}/round-{round}/search-{shard}.tsv"
    wildcard_constraints:
        run=LAYOUT.run_pattern("ep"),
        round=r"(?!000)\d{3}",
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
        " --shard {wildcards.shard:q} --state {input.state:q} --previous {input.previous:q} --data {params.data} --out {output:q} --log {log:q}"


rule aggregate:
    input:
        sites=lambda wc: LAYOUT.sites(wc.run, wc.round),
        code=CODE,
        earlier=lambda wc: LAYOUT.earlier(wc.run),
        state=lambda wc: LAYOUT.states(wc.run, before(wc))[-1:],  # none in round 0
    output:
        "results/{study}/{run}/round-{round}/global.h5",
    log:
        "logs/{study}/{run}/round-{round}/aggregate.log",
    benchmark:
        "logs/{study}/{run}/round-{round}/aggregate.tsv"
    wildcard_constraints:
        run=LAYOUT.run_pattern("independent", "sequential", "ep"),
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
    shell:
        "python -m cavity aggregate {params.study} --results {params.results:q} --phase {params.phase:q} --earlier {input.earlier:q}"
        " --sites {input.sites:q} --state {input.state:q} --data {params.data} --out {output:q} --log {log:q}"


checkpoint decide:
    input:
        code=CODE,
        earlier=lambda wc: LAYOUT.earlier(wc.run),
        state=lambda wc: LAYOUT.state(wc.run, wc.round),
    output:
        "results/{study}/{run}/round-{round}/decision.json",
    log:
        "logs/{study}/{run}/round-{round}/decide.log",
    localrule: True
    conda:
        "../../envs/cavity.yaml"
    params:
        study=study_of,
        code=lambda wc: LAYOUT.study.code_digest,
        results=results_of,
        phase=phase_of,
        tolerance=lambda wc: ending(wc).tolerance,
        max_rounds=lambda wc: ending(wc).max_rounds,
    shell:
        "python -m cavity decide {params.study} --results {params.results:q} --phase {params.phase:q} --earlier {input.earlier:q}"
        " --state {input.state:q} --tolerance {params.tolerance} --max-rounds {params.max_rounds} --out {output:q} --log {log:q}"
