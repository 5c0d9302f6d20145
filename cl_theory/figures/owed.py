"""What a phase owes to its start: cumulated gradients against the equilibrium rate."""

from typing import TYPE_CHECKING, Any

import numpy as np

from cl_theory.figures.style import colour
from cl_theory.models.local_chain import LocalChain

if TYPE_CHECKING:
    from matplotlib.figure import Figure

START_COLOURS = ("two_term", "isd", "centred")


def owed_to_the_start(local: LocalChain, law: np.ndarray, psi: np.ndarray, n_steps: int, s: int) -> "Figure":
    """Mean excess of the summed gradient over n gbar for each start (first component); it settles at psi(z0).

    `law` is the stationary law, `s` an equilibration time, drawn as a line.
    """
    import matplotlib.pyplot as plt

    gradient = local.gradient[:, 0] - law @ local.gradient[:, 0]
    excess, later = [0 * gradient], gradient
    for _ in range(n_steps):
        excess.append(excess[-1] + later)
        later = local.transition_matrix @ later
    figure, axis = plt.subplots(figsize=(6.4, 3.0))
    for z, name in enumerate(START_COLOURS[: len(psi)]):
        axis.plot([row[z] for row in excess], "o-", ms=3.2, color=colour(name), clip_on=False)
        axis.axhline(psi[z, 0], color=colour(name), ls=":", lw=1)
        where: dict[str, Any] = {"xytext": (6, 0), "textcoords": "offset points", "va": "center"}
        axis.annotate(rf"$\psi({z})$", (n_steps, psi[z, 0]), color=colour(name), **where)
    axis.axvline(s, color=colour("reference"), lw=1, ls="--")
    axis.text(s + 0.15, axis.get_ylim()[1], f"s = {s}", va="top", color=colour("reference"))
    axis.set(xlabel="steps of the phase, $n$", ylabel=r"$E\,S_n - n\,\bar g$", xlim=(0, n_steps))
    axis.grid(False)
    return figure
