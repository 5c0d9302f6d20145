"""The result folder of ``cl-theory train``: settings, weights, curves and a plot, each written whole or not at all."""

import io
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from cl_theory.learning.loop import Curves, TrainingRun, write_atomically
from cl_theory.models.forward_forward import ForwardForward


def write_settings(folder: Path, settings: Mapping[str, Any]) -> None:
    """``settings.json``: every option of the run, so that it can be run again."""
    folder.mkdir(parents=True, exist_ok=True)
    write_atomically(folder / "settings.json", (json.dumps(dict(settings), indent=2) + "\n").encode())


def write_results(folder: Path, run: TrainingRun, title: str) -> list[Path]:
    """``weights.npz``, ``curves.csv`` and ``curves.svg``; returns their paths."""
    files = {"weights.npz": _npz(weights_by_name(run.model)), "curves.csv": run.curves.csv().encode()}
    if run.curves.names:
        files["curves.svg"] = curves_svg(run.curves, title)
    for name, content in files.items():
        write_atomically(folder / name, content)
    return [folder / name for name in files]


def weights_by_name(model: Any) -> dict[str, np.ndarray]:
    """The parameters of a model under the names of its fields; layers are numbered from 0."""
    if isinstance(model, ForwardForward):
        pairs = {f"weights_{n}": w for n, w in enumerate(model.weights)}
        return pairs | {f"biases_{n}": c for n, c in enumerate(model.biases)}
    names = ("weights", "visible_bias", "hidden_bias", "hidden_weights")
    return {name: getattr(model, name) for name in names if hasattr(model, name)}


def curves_svg(curves: Curves, title: str) -> bytes:
    """One panel a measure, against phases."""
    import matplotlib

    matplotlib.use("agg")
    import matplotlib.pyplot as plt

    # The same curves are the same bytes, whatever style the rest of the process has set.
    with plt.style.context(["default", {"svg.hashsalt": "cl-theory"}], after_reset=True):
        figure, panels = plt.subplots(
            1, len(curves.names), figsize=(4.2 * len(curves.names), 3.2), squeeze=False, layout="tight"
        )
        for panel, name in zip(panels[0], curves.names, strict=True):
            panel.plot(curves["phases"], curves[name])
            panel.set(xlabel="phases", ylabel=name.replace("_", " "))
            panel.grid(alpha=0.3)
        figure.suptitle(title)
        buffer = io.BytesIO()
        figure.savefig(buffer, format="svg", metadata={"Date": None})
        plt.close(figure)
    return buffer.getvalue()


def _npz(arrays: Mapping[str, np.ndarray]) -> bytes:
    buffer = io.BytesIO()
    np.savez(buffer, allow_pickle=False, **dict(arrays))
    return buffer.getvalue()
