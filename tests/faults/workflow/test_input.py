"""Input as people bring it: what is read, and the one sentence for what is not."""

import gzip
import json
import re
import sys

import numpy as np
import pytest

from cavity.cli import main
from cavity.study import Study
from cavity.study.context import phase_context


def wrote(name, content):
    """Write one file of the study."""

    def write(study):
        path = study.folder / name
        path.write_bytes(content) if isinstance(content, bytes) else path.write_text(content)

    return write


def given(content, name="b.csv"):
    """Dataset b has another file."""

    def write(study):
        study.replace("datasets.tsv", "b.csv", name)
        wrote(name, content)(study)

    return write


def table(content):
    return wrote("datasets.tsv", content)


def config(content):
    return wrote("config.yaml", content)


def code(old, new):
    return lambda study: study.replace("study.py", old, new)


def arrays(**content):
    """Dataset b is an npz file."""

    def write(study):
        study.replace("datasets.tsv", "b.csv", "b.npz")
        np.savez(study.folder / "b.npz", **content)

    return write


def grouped(line):
    """Groups by the column patient, and a line of ``factor`` that asks for a dataset's own."""
    group = "@cv.plate('patient')\ndef patient(key):\n    return cv.Collection(rate=population.drawn_variable())"
    return code("def factor(dataset):\n", f"{group}\n\n\ndef factor(dataset):\n    {line}\n")


def both(*changes):
    return lambda study: [change(study) for change in changes]


ANALYSIS = "    def log_likelihood_function"
FACTOR = "analysis=Analysis(**dataset.load())"
PHASE = "phases:\n  - {{name: main, search: {{{}}}}}\n"
GRID = "grid_searches: [{{name: g, phase: main, dataset: {}, parameters: {{population.mean: 2}}}}]\n"

#: What is wrong -> (how it comes about, what the sentence says of place and remedy).
BAD = {
    # --- text tables ---
    "a quote that is open": (
        given('y,sigma\n1,"2\n3,4\n'),
        "b.csv, line 2, column sigma: the cell begins with a quote",
    ),
    "text behind a quoted cell": (given('y,sigma\n"1" m,2\n'), "b.csv, line 2, column y: the cell begins with a quote"),
    "a quote that is open in the table": (
        table('dataset\tpath\tnote\na\ta.csv\t"12h\nb\tb.csv\tok\nc\tc.csv\tok\n'),
        "datasets.tsv, line 2, column note: the cell begins with a quote",
    ),
    "a column twice": (given("y,sigma,y\n1,2,9\n"), "b.csv, line 1: the column y is there twice"),
    "a column twice in the table": (
        table("dataset\tpath\tpath\na\ta.csv\ta.csv\n"),
        "line 1: the column path is there",
    ),
    "a column without a name": (given(",y,sigma\n0,1,2\n"), "b.csv, line 1, column 1: the column has no name"),
    "a header without rows": (given("y,sigma\n"), "b.csv, line 1: a header without rows"),
    "comments only": (given("# y,sigma\n"), "b.csv: the table is empty"),
    "no header": (given("1,2\n3,4\n"), "b.csv, line 1: numbers where the names of the columns must be"),
    "semicolons": (given("y;sigma\n1;2\n"), "b.csv, line 1: the cells stand between semicolons"),
    "tabs in a csv": (given("y\tsigma\n1\t2\n"), "b.csv, line 1: the cells stand between tabs"),
    "commas in a tsv": (table("dataset,path\na,a.csv\n"), "datasets.tsv, line 1: the cells stand between commas"),
    "a short row": (given("y,sigma\n1,2\n\n3\n"), "b.csv, line 4: 1 fields where the header has 2"),
    "a thousands separator": (given('y,sigma\n"1,234",2\n5,2\n'), "line 2, column y: '1,234' is not a number"),
    "dashes for a missing value": (given("y,sigma\n1,2\n--,2\n"), "b.csv, line 3, column y: '--' is not a number"),
    "a limit among numbers": (given("y,sigma\n1,2\n<3,2\n"), "b.csv, line 3, column y: '<3' is not a number"),
    "a text among decimals of the table": (
        table("dataset\tpath\tage\na\ta.csv\t1.5\nb\tb.csv\told\nc\tc.csv\t2\n"),
        "datasets.tsv, line 3, column age: 'old' is not a number",
    ),
    "underscores": (given("y,sigma\n1_0,2\n2_0,2\n"), "b.csv: line 2, column y is text ('1_0')"),
    "latin-1": (given("y,sigma,näme\n".encode("latin-1")), "b.csv: cannot be read (line 1 is not UTF-8 text"),
    "utf-16": (given("y,sigma\n1,2\n".encode("utf-16")), "b.csv: cannot be read (line 1 is not UTF-8 text"),
    "a packed file that is none": (given("y,sigma\n1,2\n", "b.csv.gz"), "b.csv.gz: cannot be read (Not a gzipped file"),
    "a packed file that is cut": (given(gzip.compress(b"y,sigma\n1,2\n")[:-9], "b.csv.gz"), "b.csv.gz: cannot be read"),
    # --- other files ---
    "a json key twice": (given('{"y": 1, "sigma": 2, "y": 3}', "b.json"), "b.json: cannot be read (the key y is there"),
    "a json list of two kinds": (given('{"y": [1, "a"], "sigma": 2}', "b.json"), "(y: a number (1) and a text ('a')"),
    "a ragged json list": (given('{"y": [[1], [2, 3]], "sigma": 2}', "b.json"), "b.json: cannot be read (y: "),
    "json of objects and numbers": (given('[{"y": 1}, 2]', "b.json"), "b.json: cannot be read (b: an object"),
    "a cut npz": (given(b"PK\x03\x04 and no more", "b.npz"), "b.npz: cannot be read ("),
    "text in place of hdf5": (given("y", "b.h5"), "b.h5: cannot be read ("),
    "pickled objects": (arrays(y=np.array([{}]), sigma=np.ones(1)), "b.npz: cannot be read (Object arrays cannot be"),
    "an unknown kind": (given("1 2", "b.dat"), "b.dat: unknown kind of file; one of .npz, "),
    "nan in a file of arrays": (arrays(y=np.array([1.0, np.nan]), sigma=np.ones(2)), "b.npz: y[1] is NaN"),
    "null in json": (given('{"y": [1.0, null], "sigma": [1, 1]}', "b.json"), "b.json: y[1] is NaN"),
    # --- what a likelihood makes of it ---
    "a missing cell": (given("y,sigma\n1,2\n,2\n"), "b.csv: line 3, column y is NaN"),
    "NA": (given("# a note\ny,sigma\n1,2\nNA,2\n"), "b.csv: line 4, column y is NaN"),
    "an infinity": (
        given("y,sigma\ninf,inf\n"),
        "b.csv: line 2, column y is infinite; line 2, column",
    ),
    "noise of zero": (
        given("y,sigma\n1,2\n3,0\n"),
        "the likelihood is -inf in the middle of the prior, at effect.size=0, and finite at none of 65 points of it; "
        "correct the data, or the priors; ",
    ),
    "a zero that divides": (
        both(
            code("/ self.sigma", "/ self.sigma / (1 / float(self.sigma[-1]))"),
            given("y,sigma\n1,0\n"),
        ),
        "b.csv: line 2, column sigma is zero",
    ),
    "a zero in a covariate": (
        both(
            table("dataset\tpath\tn\na\ta.csv\t1\nb\tb.csv\t0\nc\tc.csv\t3\n"),
            code(FACTOR, "analysis=Analysis(1 / dataset.n, 1.0)"),
        ),
        "datasets.tsv: line 3, column n is zero",
    ),
    "a text in a covariate": (
        both(
            table("dataset\tpath\tn\na\ta.csv\t1\nb\tb.csv\t2b\nc\tc.csv\t3\n"),
            code(FACTOR, "analysis=Analysis(float(dataset.n), 1.0)"),
        ),
        "datasets.tsv: line 3, column n is text ('2b')",
    ),
    # --- the table of datasets ---
    "a column of Dataset's own": (table("dataset\tpath\tload\na\ta.csv\t1\n"), "a column cannot be named 'load'"),
    "an id with a space": (table("dataset\tpath\nNGC 253\ta.csv\n"), "line 2: 'NGC 253' cannot be a dataset id"),
    "a group without a key": (
        both(
            table("dataset\tpath\tpatient\na\ta.csv\tp\nb\tb.csv\t\nc\tc.csv\tp\n"),
            grouped("patient(dataset.patient)"),
        ),
        "plate patient: a dataset has no patient; write one into the table",
    ),
    # --- the configuration ---
    "a seed in octal": (config("seed: 010\n"), "config.yaml: seed: should be a valid integer, got '010'"),
    "a seed with an underscore": (config("seed: 1_0\n"), "config.yaml: seed: should be a valid integer, got '1_0'"),
    "a setting with an underscore": (config(PHASE.format("name: Laplace, n_draws: 1_024")), "n_draws is '1_024'"),
    "a tolerance in minutes": (
        config("phases: [{name: main, ep: {tolerance: 1:30}}]\n"),
        "tolerance: should be a valid",
    ),
    "a dataset that is a number": (
        lambda study: study.replace("config.yaml", "phases:", GRID.format("7") + "phases:"),
        "config.yaml: grid_searches[0].dataset: should be a valid string, got 7",
    ),
    "a prior with an underscore": (
        wrote("priors.yaml", "Effect:\n  size: {type: Gaussian, mean: 0.0, sigma: 1_0}\n"),
        "priors.yaml: Effect.size: sigma is '1_0', no plain decimal number",
    ),
    # --- the analysis ---
    "visualize of too few arguments": (
        code(ANALYSIS, f"    def visualize(self, paths): ...\n\n{ANALYSIS}"),
        "Analysis.visualize takes (paths) and is called as visualize(paths, instance)",
    ),
    "visualize of too many arguments": (
        code(ANALYSIS, f"    def visualize(self, paths, instance, during): ...\n\n{ANALYSIS}"),
        "Analysis.visualize takes (paths, instance, during)",
    ),
    "make_result without origin": (
        code(ANALYSIS, f"    def make_result(self, samples, model): ...\n\n{ANALYSIS}"),
        "give it (self, samples, model, **origin)",
    ),
    "a batch without arguments": (
        code(ANALYSIS, f"    def log_likelihood_batch(self): ...\n\n{ANALYSIS}"),
        "Analysis.log_likelihood_batch takes ()",
    ),
    "a likelihood that is finite nowhere": (
        code("return -0.5 *", "return -np.inf *"),
        "dataset a: the likelihood is -inf in the middle of the prior, at effect.size=0, and finite at none of",
    ),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_input_is_one_sentence_and_exit_code_2(study, name, capsys):
    spoil, sentence = BAD[name]
    spoil(study)
    assert main(["check", str(study.folder)]) == 2
    error = capsys.readouterr().err
    assert sentence in error
    assert error.count("\n") == 1 and "Traceback" not in error


@pytest.mark.filterwarnings("ignore:divide by zero")
@pytest.mark.parametrize("name", ["a column twice", "a missing cell", "noise of zero", "underscores"])
def test_a_fit_says_the_same_of_the_data_as_a_look(study, name, capsys):
    """The cells are named by ``cavity run`` too, which looks at nothing before."""
    spoil, sentence = BAD[name]
    spoil(study)
    assert main(["run", str(study.folder), "--results", str(study.folder / "results")]) == 2
    error = capsys.readouterr().err
    assert re.search(r"b\.csv(: |, )line \d", error) and "Traceback" not in error


#: The same three datasets, written otherwise; b is 4.0 with noise 2.0.
GOOD = {
    "windows and a mark": given("\ufeffy,sigma\r\n4.0,2.0\r\n"),
    "numpy's header": given("# y,sigma\n4.0,2.0\n"),
    "comments": given("# by hand\ny,sigma\n# now\n4.0,2.0\n"),
    "quotes": given('"y","sigma"\n"4.0","2.0"\n'),
    "packed": given(gzip.compress(b"y,sigma\n4.0,2.0\n"), "b.csv.gz"),
    "json": given(json.dumps({"y": [4.0], "sigma": [2.0]}), "b.json"),
    "json with a mark": given("\ufeff" + json.dumps({"y": [4.0], "sigma": [2.0]}), "b.json"),
    "npz": arrays(y=np.array([4.0]), sigma=np.array([2.0])),
    "ids with a plus": lambda study: study.replace("datasets.tsv", "b\t", "J0037+0942\t"),
    "ids of digits": lambda study: study.replace("datasets.tsv", "b\t", "007\t"),
    "a comment in the table": lambda study: study.replace("datasets.tsv", "b\t", "# the second\nb\t"),
    "labels": table("dataset\tpath\tlabel\na\ta.csv\tNGC 253\nb\tb.csv\t1e1\nc\tc.csv\t\n"),
    "a number of yaml 1.2": config(PHASE.format("name: Laplace, prior_fraction: 1e-1")),
}


@pytest.mark.parametrize("name", GOOD)
def test_good_input_is_accepted_as_it_is_written(study, name, capsys):
    GOOD[name](study)
    assert main(["check", str(study.folder)]) == 0
    second = Study.load(study.folder).datasets[1]
    assert {key: value.tolist() for key, value in second.load().items()} == {"y": [4.0], "sigma": [2.0]}


def test_truth_values_are_no_texts(study):
    table("dataset\tpath\tflagged\na\ta.csv\tFalse\nb\tb.csv\tTrue\nc\tc.csv\tfalse\n")(study)
    assert [dataset.flagged for dataset in Study.load(study.folder).datasets] == [False, True, False]


@pytest.mark.parametrize("keys", [("1_1", "11"), ("1e1", "10"), ("007", "7"), ("7.0", "7")])
def test_groups_whose_keys_would_be_one_number_are_two(study, keys):
    rows = "".join(f"{name}\t{name}.csv\t{key}\n" for name, key in zip("abc", (*keys, keys[0])))
    table(f"dataset\tpath\tpatient\n{rows}")(study)
    grouped("rate = patient(dataset.patient).rate")(study)
    code("size=population.drawn_variable()", "size=rate")(study)
    loaded = Study.load(study.folder)
    names = phase_context(loaded, loaded.config.phase("main")).names
    assert [name for name in names.priors.values() if name.startswith("patient")] == [
        f"patient.{key}.rate" for key in keys
    ]


def test_a_likelihood_that_is_finite_somewhere_is_a_warning(study, capsys):
    code("return -0.5", "return -np.inf if instance.effect.size <= 0.0 else -0.5")(study)
    assert main(["check", str(study.folder)]) == 0
    assert "warning: dataset a: the likelihood is -inf in the middle of the prior" in capsys.readouterr().out


def test_a_library_that_is_not_there(study, monkeypatch, capsys):
    config("phases:\n  - {name: main, search: {name: Nautilus}}\n")(study)
    monkeypatch.setitem(sys.modules, "nautilus", None)
    assert main(["check", str(study.folder)]) == 2
    assert capsys.readouterr().err == "Nautilus needs the package nautilus-sampler: pip install 'cavity[nautilus]'\n"


@pytest.mark.parametrize("way", ["name", "configfile"])
def test_the_workflow_finds_a_study_called_2024_01_and_reads_its_numbers(study, way):
    config("seed: 7\nphases:\n  - {name: main, search: {name: Laplace, prior_fraction: 1e-1}, ep: {max_rounds: 2}}\n")(
        study
    )
    folder = study.folder.rename(study.folder.with_name("2024_01"))
    given_as = {"name": ("--config", "study=2024_01"), "configfile": ("--configfile", str(folder / "config.yaml"))}[way]
    code, output = type(study)(folder).workflow("--dry-run", "--quiet", "host", "--printshellcmds", *given_as)
    assert code == 0 and "study=2024_01, run=main" in output, output
    assert "--set=" not in output


@pytest.mark.long
def test_ids_with_a_plus_and_groups_of_digits_go_through_the_workflow(study):
    study.replace("config.yaml", "max_rounds: 2", "tolerance: 9.0")
    table("dataset\tpath\tlabel\tpatient\nJ0037+0942\ta.csv\tNGC 253\t1_1\nb\tb.csv\t\t11\n007\tc.csv\t\t1_1\n")(study)
    grouped("rate = patient(dataset.patient).rate")(study)
    code("size=population.drawn_variable()", "size=rate")(study)
    status, output = study.snakemake()
    assert status == 0, output
    published = json.loads((study.folder.parent / "results" / "effects" / "main" / "summary.json").read_text())
    assert {"patient.1_1.rate", "patient.11.rate"} <= published["parameters"].keys()
    assert set(published["likelihood_evaluations"]["per_dataset"]) == {"J0037+0942", "b", "007"}
