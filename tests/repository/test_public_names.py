"""The names that the package hands on: all there, none of them loaded before it is asked for."""

import subprocess
import sys

import pytest

import cl_theory


@pytest.mark.parametrize("name", cl_theory.__all__)
def test_every_name_is_there(name: str) -> None:
    assert getattr(cl_theory, name) is not None
    assert name in dir(cl_theory)


def test_importing_the_package_loads_nothing_heavy_and_training_neither_figures_nor_scikit_learn() -> None:
    code = (
        "import sys, cl_theory; print([m for m in ('numpy', 'scipy', 'numba', 'sklearn') if m in sys.modules])\n"
        "from cl_theory import train; print([m for m in ('sklearn', 'matplotlib') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["[]", "[]"]


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="perceptron"):
        cl_theory.perceptron  # noqa: B018
