"""Grid searches: cells in shards, the file that holds them all, and its plots."""


rule grid_cells:
    input:
        data=lambda wc: ancient(PARTS.data(wc.run, wc.cells)),
        code=CODE,
        earlier=lambda wc: PARTS.earlier(wc.run),
    output:
        "results/{study}/{run}/cells/{cells}.h5",
    log:
        "logs/{study}/{run}/cells-{cells}.log",
    benchmark:
        "logs/{study}/{run}/cells-{cells}.tsv"
    wildcard_constraints:
        run=PARTS.run_pattern("grid"),
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
        data=lambda wc: data_digest(PARTS.datasets(wc.run, wc.cells)),
        settings=lambda wc: PARTS.settings(wc.run, wc.cells),
    shell:
        "python -m cavity cells {params.study} --results {params.results:q} --part {params.part:q} --earlier {input.earlier:q}"
        " --shard {wildcards.cells:q} --data {params.data} --out {output:q} --log {log:q}"


rule grid_collect:
    input:
        cells=lambda wc: PARTS.cells(wc.run),
        code=CODE,
        earlier=lambda wc: PARTS.earlier(wc.run),
    output:
        "results/{study}/{run}/cells.h5",
    log:
        "logs/{study}/{run}/collect.log",
    wildcard_constraints:
        run=PARTS.run_pattern("grid"),
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
        "python -m cavity collect {params.study} --results {params.results:q} --part {params.part:q}"
        " --earlier {input.earlier:q} --cells {input.cells:q} --out {params.folder:q} --log {log:q}"


rule grid_plot:
    input:
        cells="results/{study}/{run}/cells.h5",
        code=CODE,
        earlier=lambda wc: PARTS.earlier(wc.run),
    output:
        report(
            directory("results/{study}/{run}/plots"),
            patterns=["{figure}.png"],
            caption="../report/cells.rst",
            category="{study}",
            subcategory="{run}",
            labels={"result": "{figure}", "round": ""},
        ),
    log:
        "logs/{study}/{run}/draw.log",
    wildcard_constraints:
        run=PARTS.run_pattern("grid"),
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
    shell:
        "python -m cavity draw {params.study} --results {params.results:q} --part {params.part:q} --earlier {input.earlier:q}"
        " --cells {input.cells:q} --out {output:q} --log {log:q}"
