"""What a round leaves for a reader: numbers and plots, as ordinary outputs of the round."""


rule summarise:
    input:
        sites=lambda wc: LAYOUT.sites(wc.run, wc.round),
        code=CODE,
        earlier=lambda wc: LAYOUT.earlier(wc.run),
        states=lambda wc: LAYOUT.states(wc.run, wc.round),
        decision=lambda wc: str(LAYOUT.round(wc.run, wc.round) / "decision.json"),
    output:
        report(
            "results/{study}/{run}/round-{round}/summary.json",
            caption="../report/summary.rst",
            category="{study}",
            subcategory="{run}",
            labels={"result": "summary", "round": "{round}"},
        ),
        "results/{study}/{run}/round-{round}/posterior.h5",
    log:
        "logs/{study}/{run}/round-{round}/summarise.log",
    benchmark:
        "logs/{study}/{run}/round-{round}/summarise.tsv"
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
        folder=subpath(output[0], parent=True),
    shell:
        "python -m cavity summarise {params.study} --results {params.results:q} --phase {params.phase:q} --earlier {input.earlier:q}"
        " --sites {input.sites:q} --states {input.states:q} --decision {input.decision:q} --data {params.data} --out {params.folder:q} --log {log:q}"


rule plot:
    input:
        sites=lambda wc: LAYOUT.sites(wc.run, wc.round),
        code=CODE,
        data=data_of,
        earlier=lambda wc: LAYOUT.earlier(wc.run),
        result=lambda wc: str(LAYOUT.round(wc.run, wc.round) / "posterior.h5"),
    output:
        report(
            directory("results/{study}/{run}/round-{round}/plots"),
            patterns=["{figure}.png"],
            caption="../report/plots.rst",
            category="{study}",
            subcategory="{run}",
            labels={"result": "{figure}", "round": "{round}"},
        ),
    log:
        "logs/{study}/{run}/round-{round}/plot.log",
    benchmark:
        "logs/{study}/{run}/round-{round}/plot.tsv"
    conda:
        "../../envs/cavity.yaml"
    threads: 1
    resources:
        mem_mb=memory,
        runtime=minutes,
    params:
        study=study_of,
        code=lambda wc: LAYOUT.drawing(),
        results=results_of,
        phase=phase_of,
        data=lambda wc: data_digest(),
        folder=subpath(input.result, parent=True),
    shell:
        "python -m cavity plot {params.study} --results {params.results:q} --phase {params.phase:q} --earlier {input.earlier:q}"
        " --sites {input.sites:q} --result {params.folder:q} --out {output:q} --log {log:q}"
