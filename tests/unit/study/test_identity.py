"""Hashes change with what a result depends on, and with nothing else."""

from cavity.study import Study
from cavity.study.identity import Provenance, dataset_digest, digest, file_digest


def test_digest_keeps_parts_apart():
    assert digest("ab", "c") != digest("a", "bc")
    assert digest({"a": 1, "b": 2}) == digest({"b": 2, "a": 1})


def test_a_file_digest_follows_its_content(tmp_path):
    path = tmp_path / "x"
    path.write_text("1")
    first = file_digest(path)
    path.write_text("22")
    assert file_digest(path) != first


def test_the_identity_of_a_phase_follows_data_code_row_and_settings(folder):
    def identity():
        return Study.load(folder).identity("main")

    seen = [identity()]
    assert identity() == seen[0]
    one = "phases: [{{name: main, search: {{name: Laplace{search}}}{ep}}}]\n"
    for change in (
        lambda: (folder / "a.csv").write_text("y\n1.5\n"),
        lambda: (folder / "shapes.py").write_text((folder / "shapes.py").read_text() + "\n\n"),
        lambda: (folder / "datasets.tsv").write_text("dataset\tpath\ttime\tkind\na\ta.csv\t1\told\nb\tb.csv\t9\t\n"),
        lambda: (folder / "config.yaml").write_text(one.format(search=", n_draws: 300", ep="")),
        lambda: (folder / "config.yaml").write_text("seed: 2\n" + one.format(search="", ep="")),
        lambda: (folder / "config.yaml").write_text(one.format(search="", ep=", ep: {tolerance: 0.1}")),
    ):
        change()
        seen.append(identity())
    assert len(set(seen)) == len(seen)


def test_a_dataset_moved_to_another_folder_is_the_same(folder, tmp_path):
    before = [dataset_digest(dataset) for dataset in Study.load(folder).datasets]
    folder.rename(tmp_path / "elsewhere")
    assert [dataset_digest(dataset) for dataset in Study.load(tmp_path / "elsewhere").datasets] == before


def test_provenance_is_found_out_when_it_is_read():
    calls = []
    provenance = Provenance(lambda: calls.append(1) or {"seed": 1})
    assert calls == []
    assert dict(provenance) == {"seed": 1} and len(provenance) == 1 and calls == [1]
