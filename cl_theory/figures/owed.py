"""What a phase owes to its start, and where it goes: cumulated gradients, and the terms of the identity of a phase."""

from typing import TYPE_CHECKING, Any

import numpy as np

from cl_theory.cases.phase_systems import three_state_phase, three_states
from cl_theory.dynamics.phase_statements import PHASE
from cl_theory.dynamics.symbols import mean_T
from cl_theory.figures.style import colour
from cl_theory.phases import Fixed

if TYPE_CHECKING:
    from matplotlib.figure import Figure

OWED_ALT = (
    "Three curves, one for each start, of the mean summed gradient less n times its equilibrium mean. Each settles "
    "within about five steps at a dotted level: psi of 0 near 0.7, psi of 2 near 0, psi of 1 near minus 0.9."
)
TERMS_ALT = (
    "Mean displacement of the first parameter against the length of the phase, and the four terms that add up to it. "
    "The standard step falls on a straight line. What is owed to the start settles after five steps. What learning "
    "does through the gradient rises like a parabola and bends the displacement; what it does through the kernel is "
    "smaller."
)
START_COLOURS = ("two_term", "isd", "centred")


def owed_to_the_start(s: int, n_steps: int = 16) -> "Figure":
    """Mean excess of the summed gradient over n gbar for each start (first component); it settles at psi(z0).

    `s` is an equilibration time, drawn as a line.
    """
    import matplotlib.pyplot as plt

    at_rest = three_state_phase(0, Fixed(n_steps), 0.1).equilibrium
    local, psi = at_rest.local, at_rest.psi
    gradient = local.gradient[:, 0] - at_rest.mean_gradient[0]
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


def terms_of_a_phase(longest: int = 12, step_size: float = 0.05) -> "Figure":
    """The first component of E Delta and of each term of its identity, for phases of 1 to `longest` steps."""
    import matplotlib.pyplot as plt

    phases = [three_states(0, Fixed(n), n * step_size, degree=12) for n in range(1, longest + 1)]
    lengths = [float(phase(mean_T)) for phase in phases]
    terms = [PHASE.term_values(phase) for phase in phases]
    figure, axis = plt.subplots(figsize=(6.4, 3.4))
    moved = [np.ravel(PHASE.left_value(phase))[0] for phase in phases]
    axis.plot(lengths, moved, "o", ms=4, color=colour("exact"), label=r"$E\,\Delta$, and the sum of the terms")
    axis.plot(lengths, [sum(values.values())[0, 0] for values in terms], color=colour("exact"), lw=1)
    for term, name in zip(PHASE.terms, ("two_term", "always_on", "isd", "centred"), strict=True):
        axis.plot(lengths, [values[term][0, 0] for values in terms], color=colour(name), label=term)
    axis.axhline(0, color=colour("reference"), lw=0.8)
    axis.set(xlabel="length of the phase, $T$", ylabel="displacement", xlim=(0, lengths[-1]))
    axis.legend(fontsize="small")
    return figure
