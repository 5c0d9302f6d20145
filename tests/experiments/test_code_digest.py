"""What changes the digest of code and the key of what is compiled, and what does not."""

import ast
import sys

import pytest

from cl_theory.proof.experiments import definition as subject
from cl_theory.proof.experiments.definition import ROOT, kernel_cache, kernels_key

CALLER = '''"""A caller."""
from cl_theory_copy.inner.callee import value
def run():
    """Words."""
    return value()  # a reason
'''
CALLEE = "def value():\n    return 1\n"


@pytest.fixture
def package(tmp_path, monkeypatch):
    """A package of two modules in place of this one, and a digest of its caller that is taken anew each time."""
    root = tmp_path / "cl_theory_copy"
    (root / "inner").mkdir(parents=True)
    (root / "__init__.py").write_text("")
    (root / "caller.py").write_text(CALLER)
    (root / "inner" / "callee.py").write_text(CALLEE)
    monkeypatch.setattr(subject, "PACKAGE", "cl_theory_copy")
    monkeypatch.setattr(subject, "ROOT", root)
    forget()
    yield root
    forget()


def forget():
    for cached in (subject.code_digest, subject._is_module, subject._tree):
        cached.cache_clear()


def digest():
    forget()
    return subject.code_digest("cl_theory_copy.caller")


def test_comments_docstrings_and_layout_do_not_matter(package):
    before = digest()
    (package / "caller.py").write_text(
        "from cl_theory_copy.inner.callee import value\n\n\ndef run():\n    # another\n\n    return (value())\n"
    )
    (package / "inner" / "callee.py").write_text('"""New words."""\n' + CALLEE)
    assert digest() == before


@pytest.mark.parametrize(
    ("file", "old", "new"), [("caller.py", "value()  #", "2 * value()  #"), ("inner/callee.py", "1", "2")]
)
def test_code_matters_in_the_module_and_in_what_it_calls(package, file, old, new):
    before = digest()
    text = (package / file).read_text()
    assert old in text
    (package / file).write_text(text.replace(old, new))
    assert digest() != before


def test_a_module_that_is_not_imported_does_not_matter(package):
    before = digest()
    (package / "inner" / "stranger.py").write_text("x = 1\n")
    assert digest() == before


def test_modules_are_found_without_being_imported(package):
    assert subject.imported("cl_theory_copy.caller") == {"cl_theory_copy.caller", "cl_theory_copy.inner.callee"}
    assert not [name for name in sys.modules if name.startswith("cl_theory_copy")]


def test_a_module_that_is_not_there_has_no_digest(package):
    with pytest.raises(ValueError, match=r"no module 'cl_theory_copy\.nonsense'"):
        subject.code_digest("cl_theory_copy.nonsense")


def test_the_text_of_code_does_not_depend_on_the_version_of_python():
    tree = ast.parse("def f(x):\n    return []\n")
    assert subject.dumped(tree) == (
        "Module(body=[FunctionDef(name='f', args=arguments(posonlyargs=[], args=[arg(arg='x')], kwonlyargs=[], "
        "kw_defaults=[], defaults=[]), body=[Return(value=List(elts=[], ctx=Load()))], decorator_list=[])], "
        "type_ignores=[])"
    )


def sources(folder, **files):
    for name, content in files.items():
        (folder / f"{name}.py").write_text(content)
    return sorted(folder.glob("*.py"))


KERNEL = "from numba import njit"


def test_a_changed_callee_in_another_file_changes_the_key(tmp_path):
    before = kernels_key(sources(tmp_path, caller=KERNEL, callee="from numba import njit\nx = 1", plain="y = 1"))
    assert kernels_key(sources(tmp_path, callee="from numba import njit\nx = 2")) != before
    assert kernels_key(sources(tmp_path, callee="from numba import njit\nx = 1", plain="y = 2")) == before
    assert kernels_key(sources(tmp_path, other=KERNEL)) != before


def test_the_folder_is_that_of_the_package_as_it_is():
    key = kernels_key(sorted(ROOT.rglob("*.py")))
    assert kernel_cache().name == key[:16]
    assert kernels_key([]) != key
