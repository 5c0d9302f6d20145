"""Figures: readable on light and dark pages, by colour-blind readers and by none, the same bytes each time."""

import itertools
import subprocess
import sys
from xml.etree import ElementTree

import matplotlib as mpl
import numpy as np
import pytest

from cl_theory.proof.figures import style

WHITE, DARK = "#ffffff", "#121212"
LINES = [name for name in style.COLOURS if name not in ("exact", "reference")]


@pytest.fixture
def figure():
    mpl.use("agg")
    with mpl.rc_context():
        style.use()
        import matplotlib.pyplot as plt

        drawn, axes = plt.subplots()
        axes.plot([0, 1], [0, 1], color=style.colour("isd"), label="ISD")
        axes.set_xlabel("$b$")
        axes.legend()
        yield drawn
        plt.close(drawn)


def linear(colour):
    channels = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    return np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)


def contrast(one, other):
    # WCAG 2.1, relative luminance
    a, b = sorted(float(np.dot([0.2126, 0.7152, 0.0722], linear(colour))) for colour in (one, other))
    return (b + 0.05) / (a + 0.05)


@pytest.mark.parametrize("name", style.COLOURS)
@pytest.mark.parametrize("page", [WHITE, DARK])
def test_each_named_colour_is_seen_on_a_light_and_on_a_dark_page(name, page):
    assert contrast(style.colour(name), page) > 2.8


def test_text_has_the_same_contrast_on_both_pages():
    assert contrast(style.INK, WHITE) == pytest.approx(contrast(style.INK, DARK), rel=0.1)


@pytest.mark.parametrize(
    "matrix",
    [
        # Machado, Oliveira & Fernandes (2009), severity 1: protanopia, deuteranopia
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]],
    ],
)
def test_named_colours_stay_apart_for_colour_blind_readers(matrix):
    seen = {name: np.clip(np.array(matrix) @ linear(style.colour(name)), 0, 1) ** (1 / 2.2) for name in LINES}
    nearest = min(np.linalg.norm(seen[a] - seen[b]) for a, b in itertools.combinations(LINES, 2))
    assert nearest > 0.06


def test_an_unknown_colour_and_a_figure_without_words_are_refused(figure):
    with pytest.raises(ValueError, match=r"two_term, isd, .*got 'pink'"):
        style.colour("pink")
    with pytest.raises(ValueError, match="alt must say what the figure shows"):
        style.describe(figure, " ")


def test_an_inline_figure_is_sound_has_words_and_takes_the_pages_colour(figure):
    drawing = style.inline_svg(style.describe(figure, 'variance "against" b < 1'))
    root = ElementTree.fromstring(drawing)
    assert root.get("aria-label") == 'variance "against" b < 1'
    assert "currentColor" in drawing
    assert style.INK not in drawing
    assert "<style" not in drawing  # it would reach the whole page
    assert "<metadata" not in drawing


def ids_in(drawing):
    return {element.get("id") for element in ElementTree.fromstring(drawing).iter()} - {None}


def test_references_are_answered_inside_a_figure_and_two_figures_share_no_ids(figure):
    drawing = style.inline_svg(figure)
    assert drawing == style.inline_svg(figure)
    used = {part.split(")")[0] for part in drawing.split("url(#")[1:]}
    used |= {part.split('"')[0] for part in drawing.split('href="#')[1:]}
    assert used <= ids_in(drawing)
    figure.axes[0].plot([0, 1], [1, 0])
    assert not ids_in(drawing) & ids_in(style.inline_svg(figure))


def test_outside_a_notebook_the_style_changes_no_display(figure):
    assert mpl.rcParams["svg.hashsalt"] == "cl-theory"
    assert mpl.rcParams["figure.facecolor"] == "none"


def test_in_a_notebook_figures_are_shown_inline_and_numbers_without_their_type():
    program = (
        "from IPython.core.interactiveshell import InteractiveShell\nshell = InteractiveShell.instance()\n"
        "import matplotlib\nmatplotlib.use('agg')\nimport matplotlib.pyplot as plt\nimport numpy as np\n"
        "from cl_theory.proof.figures import style\nstyle.use()\nfigure = style.describe(plt.figure(), 'nothing')\n"
        "shown = shell.display_formatter.format(figure)[0]\n"
        "print(sorted(shown), shown['text/plain'])\n"
        "print(shell.display_formatter.format(np.float64(0.5))[0], shell.display_formatter.format(np.int64(3))[0])\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == [
        "['text/html', 'text/plain'] [figure] nothing",
        "{'text/plain': '0.5'} {'text/plain': '3'}",
    ]
