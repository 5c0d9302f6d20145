"""One colour per learning algorithm, and one kind of line per variant of it, through all of Part III."""

import re

from cl_theory.figures.style import colour

B_COLOURS = ("#5c93e6", "#b565a7", "#d55e00", "#c48a00", "#6f9420")
"""b = 0.1, 0.3, 0.5, 0.7, 0.9, and what lies between: the colour of ISD in the middle."""

OTHERS_RATE = r"rate of two-term|two-term rate"
LINES = (
    (rf"{OTHERS_RATE}|half the rate", (0, (4, 2))),
    (r"carried-over|gated", (0, (4, 2))),
    (r"\bcd\b|poisson", (0, (1, 1.4))),
    (r"geometric|adam", (0, (5, 1.5, 1, 1.5))),
    (r"uniform", (0, (2.4, 1.2))),
)


def arm_colour(name: str) -> str:
    """Hex code for an arm of an experiment, or for its name in words.

    ``arm_colour("isd")``, ``arm_colour("centred ISD")``, ``arm_colour("b = 0.2")``; always-on learning has its own
    colour, centred or not, and what names no estimator has the colour of a reference.
    """
    words = re.sub(OTHERS_RATE, "", name.lower())
    if "always-on" in words:
        return "#0e9aa7" if "centred" in words else colour("always_on")
    share = re.search(r"\bb = ([0-9.]+)", words)
    if share:
        return b_colour(float(share[1]))
    known = {r"two[- ]terms?": "two_term", "centred": "centred", r"\bisd\b|end of phase": "isd"}
    return next((colour(value) for pattern, value in known.items() if re.search(pattern, words)), colour("reference"))


def b_colour(b: float) -> str:
    """From blue (few positive phases) by ISD's colour at b = 1/2 to green (many); straight lines in RGB."""
    if not 0 < b < 1:
        raise ValueError(f"b must lie strictly between 0 and 1, got {b!r}")
    place = min(max((b - 0.1) / 0.2, 0.0), len(B_COLOURS) - 1.0)
    left = min(int(place + 1e-9), len(B_COLOURS) - 2)
    pairs = zip(_channels(B_COLOURS[left]), _channels(B_COLOURS[left + 1]), strict=True)
    return "#" + "".join(f"{round(a + (place - left) * (c - a)):02x}" for a, c in pairs)


def arm_line(name: str) -> str | tuple[int, tuple[float, ...]]:
    """Line style of an arm: solid, or dashes that tell a variant from the arm whose colour it shares."""
    words = name.lower()
    return next((dashes for pattern, dashes in LINES if re.search(pattern, words)), "-")


def _channels(code: str) -> tuple[int, int, int]:
    return int(code[1:3], 16), int(code[3:5], 16), int(code[5:7], 16)
