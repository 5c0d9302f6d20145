"""Numbers for the prose of a chapter."""

from collections.abc import Mapping


def glue_numbers(numbers: Mapping[str, float]) -> None:
    """Glue each number under its name, for ``{glue:text}`name:.3f```."""
    from myst_nb import glue

    for name, value in numbers.items():
        glue(name, value if isinstance(value, int) else float(value), display=False)
