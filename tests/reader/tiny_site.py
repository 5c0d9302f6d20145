"""Parts of a site of two chapters."""

from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
FIRST, SECOND = "01_contrastive_gradients", "02_isd_unbiased"
CONF = """
project = "A tiny book"
extensions = ["myst_nb", "sphinx_proof", "sphinx_exercise"]
extensions += ["cl_theory.proof.reader.rendering"]
html_theme, nb_execution_mode, numfig = "sphinx_book_theme", "off", True
html_sourcelink_suffix = ""
numfig_format = {"figure": "Figure %s"}
myst_enable_extensions = ["dollarmath", "colon_fence"]
suppress_warnings = ["mystnb.unknown_mime_type", "myst.domains"]
"""
INDEX = """# A tiny book

{minutes}`01_contrastive_gradients 02_isd_unbiased`

```{toctree}
:numbered:
chapters/01_contrastive_gradients
chapters/02_isd_unbiased
```
"""
ONE = """# Two phases

```{prf:theorem} A slope
:label: thm-slope

$\\mathbb E D = \\mu$.
```
"""
TWO = """# One phase

```{opening}
A coin picks the phase, and this is {verdict}`isd-unbiased`. It rests on {prf:ref}`thm-slope`.
```

Words, and below {eq}`eq-mean`, {numref}`fig-dot` and {prf:ref}`lem-line`.

$$\\mathbb E Z = \\mu_+ - \\mu_-$$ (eq-mean)

```{prf:lemma}
:label: lem-line

$Z \\neq b^*$ and $\\frac1b$.
```

```{figure} dot.png
:name: fig-dot
:alt: a dot

A dot.
```

## Proof

```{fold}
One step, in which $b$ is halved.
```

It is folded.
"""
DOT = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010806000000"
    "1f15c4890000000d49444154789c6360606060000000050001a5f645400000000049454e44ae426082"
)


def markdown(source: str) -> dict[str, Any]:
    """A Markdown cell."""
    return {"cell_type": "markdown", "id": "words", "metadata": {}, "source": source}


def code(name: str, source: str, *tags: str, said: str = "") -> dict[str, Any]:
    """An executed code cell."""
    outputs = [{"output_type": "stream", "name": "stdout", "text": said}] if said else []
    metadata = {"tags": list(tags)} if tags else {}
    return {
        "cell_type": "code", "id": name, "metadata": metadata, "source": source, "outputs": outputs,
        "execution_count": 1,
    }  # fmt: skip


def notebook(*cells: dict[str, Any]) -> dict[str, Any]:
    """A notebook with its parameters and those that a run has set."""
    parameters = code("parameters", "seed = 1", "parameters", "remove-input")
    injected = code("injected", "seed = 2", "injected-parameters", "remove-input")
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    metadata = {"kernelspec": kernel, "papermill": {"duration": 1.5}}
    return {"nbformat": 4, "nbformat_minor": 5, "metadata": metadata, "cells": [parameters, injected, *cells]}
