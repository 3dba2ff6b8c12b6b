"""Hashes change with what a result depends on, and with nothing else."""

import os

import h5py
import pytest

from cavity.errors import DatasetError
from cavity.study import Study, identity
from cavity.study.identity import Provenance, code_digest, dataset_digest, digest, file_digest, package_digest
from cavity.study.module import sources


def test_digest_keeps_parts_apart():
    assert digest("ab", "c") != digest("a", "bc")
    assert digest({"a": 1, "b": 2}) == digest({"b": 2, "a": 1})


def test_a_file_digest_follows_its_content(tmp_path):
    path = tmp_path / "x"
    path.write_text("1")
    first = file_digest(path)
    path.write_text("22")
    assert file_digest(path) != first


def test_a_file_digest_follows_a_change_that_keeps_size_and_time(tmp_path):
    path = tmp_path / "x"
    path.write_text("1")
    first, state = file_digest(path), path.stat()
    path.write_text("2")
    os.utime(path, ns=(state.st_atime_ns, state.st_mtime_ns))
    assert file_digest(path) != first


def test_a_settled_file_is_read_once(tmp_path, monkeypatch):
    path = tmp_path / "x"
    path.write_text("1")
    monkeypatch.setattr(identity, "SETTLED", -(10**18))
    reads = identity._read_content.cache_info().misses
    assert file_digest(path) == file_digest(path)
    assert identity._read_content.cache_info().misses == reads + 1


def links(folder):
    """HDF5 files whose content lies in another: by a link, as external storage, as a virtual dataset, by two links."""
    with h5py.File(folder / "link.h5", "w") as file:
        file.create_group("inside")["y"] = h5py.ExternalLink("target.h5", "y")
    with h5py.File(folder / "storage.h5", "w") as file:
        file.create_dataset("y", (1,), "f8", external=[(str(folder / "target.h5"), 0, 8)])
    with h5py.File(folder / "virtual.h5", "w") as file:
        layout = h5py.VirtualLayout((1,), "f8")
        layout[:] = h5py.VirtualSource("target.h5", "y", (1,))
        file.create_virtual_dataset("y", layout)
    with h5py.File(folder / "chain.h5", "w") as file:
        file["y"], file["self"] = h5py.ExternalLink("link.h5", "inside/y"), h5py.ExternalLink("chain.h5", "y")
    return [folder / f"{name}.h5" for name in ("link", "storage", "virtual", "chain")]


def test_a_file_digest_follows_what_an_hdf5_file_links_to(tmp_path):
    def digests(y):
        with h5py.File(tmp_path / "target.h5", "w") as file:
            file["y"] = [y]
        return [file_digest(path) for path in paths]

    paths = links(tmp_path)
    first, second = digests(1.0), digests(2.0)
    assert all(one != other for one, other in zip(first, second))
    assert digests(1.0) == first
    (tmp_path / "target.h5").unlink()
    assert file_digest(paths[0]) not in (first[0], second[0]), "what is missing is no content either"


def test_an_hdf5_file_without_links_is_its_bytes(tmp_path):
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["y"] = [1.0]
        file["same"] = file["y"]
        file["loop"] = file["/"]
    (tmp_path / "a").write_bytes((tmp_path / "a.h5").read_bytes())
    assert file_digest(tmp_path / "a.h5") == file_digest(tmp_path / "a")


def test_a_file_that_cannot_be_read_is_a_sentence(tmp_path):
    with pytest.raises(DatasetError, match="gone.csv: cannot be read"):
        file_digest(tmp_path / "gone.csv")


def test_the_code_follows_links_names_versions_and_the_package(tmp_path, monkeypatch):
    elsewhere, folder = tmp_path / "elsewhere", tmp_path / "study"
    elsewhere.mkdir(), folder.mkdir()
    (elsewhere / "a.py").write_text("x = 1\n")
    (elsewhere / "again").symlink_to(elsewhere)
    (folder / "helpers").symlink_to(elsewhere)
    (folder / "study.py").write_text("import h5py\n")

    def code():
        return code_digest(sources(folder / "study.py"), folder)

    assert [path.name for path in sources(folder / "study.py")] == ["a.py", "study.py"]
    seen = [code(), code()]
    assert seen.pop() == seen[0]
    (elsewhere / "a.py").write_text("x = 2\n")
    seen.append(code())
    (elsewhere / "a.py").rename(elsewhere / "b.py")
    seen.append(code())
    real = identity._version
    monkeypatch.setattr(identity, "_version", lambda name: "0" if name == "numpy" else real(name))
    seen.append(code())
    monkeypatch.setattr(identity, "_version", lambda name: "0" if name == "h5py" else real(name))
    seen.append(code())
    monkeypatch.setattr(identity, "_version", lambda name: "0" if name == "ultranest" else real(name))
    seen.append(code())
    (folder / "study.py").write_text("import h5py\nsearch = cv.UltraNest()\n")
    with_sampler = code()
    monkeypatch.setattr(identity, "_version", real)
    assert seen.pop() == seen[2], "a sampler that nothing names does not matter"
    assert code() != with_sampler, "one that the sources name does"
    seen += [code()]
    monkeypatch.setattr(identity, "package_digest", lambda: "another")
    seen.append(code())
    assert len(set(seen)) == len(seen)


@pytest.mark.parametrize(
    ("text", "packages"),
    [
        (b"import h5py, os.path as p, yaml\n", {"h5py", "os", "yaml"}),
        (b"def f():\n    from scipy.stats import norm\n", {"scipy"}),
        (b"import cavity as cv\nsearch = cv.DynestyStatic()\n", {"dynesty"}),
        (b"'an import of light from afar'\n", set()),
    ],
)
def test_packages_are_those_that_sources_import_or_whose_searches_they_name(text, packages):
    assert identity._named([text]) == packages


def test_the_package_is_what_numbers_depend_on(tmp_path, monkeypatch):
    for name in ("search/laplace.py", "plot/corner.py", "errors.py"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("x = 1\n")
    monkeypatch.setattr(identity, "PACKAGE", tmp_path)

    def both():
        package_digest.cache_clear(), identity.drawing_digest.cache_clear()
        return package_digest(), identity.drawing_digest()

    try:
        first = both()
        (tmp_path / "plot" / "corner.py").write_text("x = 2\n")
        second = both()
        assert second[0] == first[0] and second[1] != first[1]
        (tmp_path / "search" / "laplace.py").write_text("x = 2\n")
        third = both()
        assert third[0] != second[0] and third[1] == second[1]
    finally:
        package_digest.cache_clear(), identity.drawing_digest.cache_clear()


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
