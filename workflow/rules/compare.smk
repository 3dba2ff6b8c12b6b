"""Model comparison: the evidences of phases that fitted the same datasets."""


rule compare:
    input:
        code=CODE,
        earlier=lambda wc: PARTS.earlier(wc.run),
    output:
        report(
            "results/{study}/{run}/summary.json",
            caption="../report/combine.rst",
            category="{study}",
            subcategory="{run}",
            labels={"result": "summary", "round": ""},
        ),
    log:
        "logs/{study}/{run}/combine.log",
    wildcard_constraints:
        run=PARTS.run_pattern("compare"),
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
        part=phase_of,
        options=lambda wc: PARTS.options(wc.run),
        folder=subpath(output[0], parent=True),
    shell:
        "python -m cavity combine {params.study} --results {params.results:q} --part {params.part:q}"
        " --earlier {input.earlier:q} --out {params.folder:q} --log {log:q}"


rule compare_plot:
    input:
        summary="results/{study}/{run}/summary.json",
        code=CODE,
        earlier=lambda wc: PARTS.earlier(wc.run),
    output:
        report(
            directory("results/{study}/{run}/plots"),
            patterns=["{figure}.png"],
            caption="../report/combine.rst",
            category="{study}",
            subcategory="{run}",
            labels={"result": "{figure}", "round": ""},
        ),
    log:
        "logs/{study}/{run}/draw.log",
    wildcard_constraints:
        run=PARTS.run_pattern("compare"),
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
        part=phase_of,
        options=lambda wc: PARTS.options(wc.run),
    shell:
        "python -m cavity draw {params.study} --results {params.results:q} --part {params.part:q}"
        " --earlier {input.earlier:q} --out {output:q} --log {log:q}"
