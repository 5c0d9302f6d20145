"""The names that the package hands on: all there, none of them loaded before it is asked for."""

import subprocess
import sys

import pytest

import cl_theory


@pytest.mark.parametrize("name", cl_theory.__all__)
def test_every_name_is_there(name: str) -> None:
    assert getattr(cl_theory, name) is not None
    assert name in dir(cl_theory)


def test_importing_the_package_loads_nothing_heavy() -> None:
    heavy = ("numpy", "scipy", "numba", "sklearn")
    code = f"import sys, cl_theory; print([m for m in {heavy} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_training_does_not_load_scikit_learn() -> None:
    code = "import sys; from cl_theory import train; print('sklearn' in sys.modules, 'matplotlib' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False False"


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="perceptron"):
        cl_theory.perceptron  # noqa: B018
