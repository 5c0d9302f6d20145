"""Kernels are compiled anew when anything that is compiled has changed, wherever it stands."""

from cl_theory.proof.experiments.definition import ROOT, kernel_cache, kernels_key


def sources(folder, **files):
    for name, content in files.items():
        (folder / f"{name}.py").write_text(content)
    return sorted(folder.glob("*.py"))


CALLER = "from numba import njit"


def test_a_changed_callee_in_another_file_changes_the_key(tmp_path):
    before = kernels_key(sources(tmp_path, caller=CALLER, callee="from numba import njit\nx = 1", plain="y = 1"))
    assert kernels_key(sources(tmp_path, callee="from numba import njit\nx = 2")) != before
    assert kernels_key(sources(tmp_path, callee="from numba import njit\nx = 1", plain="y = 2")) == before
    assert kernels_key(sources(tmp_path, other=CALLER)) != before


def test_the_folder_is_that_of_the_package_as_it_is():
    key = kernels_key(sorted(ROOT.rglob("*.py")))
    assert kernel_cache().name == key[:16]
    assert kernels_key([]) != key
