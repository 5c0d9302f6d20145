"""A graph in layers: every node below its parents, edges bent around the nodes that they pass."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

SWEEPS = 24

Bend = tuple[str, str, int]
"""Parent, child and row of an edge that passes between the nodes of that row."""
Spot = str | Bend


@dataclass(frozen=True)
class Layout:
    """Rows from top to bottom, the centre of each node and bend, and the edges as paths over nodes and bends."""

    rows: list[list[Spot]]
    x: dict[Spot, float]
    edges: list[list[Spot]]
    width: float


def laid_out(
    parents: Mapping[str, Sequence[str]], *, in_a_row: int, node_width: float, bend_width: float, gap: float
) -> Layout:
    """Lay out a graph whose nodes come after their `parents`, at most `in_a_row` nodes side by side."""
    row_of = _row_numbers(parents, in_a_row)
    edges = [_path(parent, child, row_of) for child, above in parents.items() for parent in above]
    rows = _rows(row_of, edges)
    neighbours = _neighbours(edges)
    width = {spot: node_width if isinstance(spot, str) else bend_width for row in rows for spot in row}
    half = max((sum(width[spot] + gap for spot in row) for row in rows), default=gap) / 2 - gap / 2
    x: dict[Spot, float] = {}
    for row in rows:
        x |= _packed(row, width, gap, dict.fromkeys(row, 0.0))
    for sweep in range(SWEEPS):
        for row in rows if sweep % 2 == 0 else reversed(rows):
            wanted = {spot: _mean([x[other] for other in neighbours.get(spot, ())], x[spot]) for spot in row}
            if sweep < SWEEPS // 2:
                row.sort(key=wanted.__getitem__)
            x |= _kept_inside(row, width, gap, _packed(row, width, gap, wanted), half)
    left = min((x[spot] - width[spot] / 2 for spot in x), default=0.0)
    right = max((x[spot] + width[spot] / 2 for spot in x), default=0.0)
    return Layout(rows, {spot: value - left for spot, value in x.items()}, edges, right - left)


def _row_numbers(parents: Mapping[str, Sequence[str]], in_a_row: int) -> dict[str, int]:
    rows: dict[str, int] = {}
    filled: dict[int, int] = {}
    for node, above in parents.items():
        row = 1 + max((rows[parent] for parent in above), default=-1)
        while filled.get(row, 0) >= in_a_row:
            row += 1
        rows[node], filled[row] = row, filled.get(row, 0) + 1
    return rows


def _path(parent: str, child: str, row_of: Mapping[str, int]) -> list[Spot]:
    bends: list[Spot] = [(parent, child, row) for row in range(row_of[parent] + 1, row_of[child])]
    return [parent, *bends, child]


def _rows(row_of: Mapping[str, int], edges: Iterable[Sequence[Spot]]) -> list[list[Spot]]:
    rows: list[list[Spot]] = [[] for _ in range(max(row_of.values(), default=-1) + 1)]
    for node, row in row_of.items():
        rows[row].append(node)
    for edge in edges:
        for spot in edge[1:-1]:
            rows[int(spot[2])].append(spot)
    return rows


def _neighbours(edges: Iterable[Sequence[Spot]]) -> dict[Spot, list[Spot]]:
    found: dict[Spot, list[Spot]] = {}
    for edge in edges:
        for one, other in pairwise(edge):
            found.setdefault(one, []).append(other)
            found.setdefault(other, []).append(one)
    return found


def _packed(
    row: Sequence[Spot], width: Mapping[Spot, float], gap: float, wanted: Mapping[Spot, float]
) -> dict[Spot, float]:
    """Near the wanted places, in the row's order, without overlap: the mean of pushing right and pushing left."""
    from_left = _pushed(row, width, gap, wanted)
    mirrored = _pushed(list(reversed(row)), width, gap, {spot: -value for spot, value in wanted.items()})
    return {spot: (from_left[spot] - mirrored[spot]) / 2 for spot in row}


def _pushed(
    row: Sequence[Spot],
    width: Mapping[Spot, float],
    gap: float,
    wanted: Mapping[Spot, float],
    edge: float = float("-inf"),
) -> dict[Spot, float]:
    placed: dict[Spot, float] = {}
    for spot in row:
        placed[spot] = max(wanted[spot], edge + width[spot] / 2)
        edge = placed[spot] + width[spot] / 2 + gap
    return placed


def _kept_inside(
    row: Sequence[Spot], width: Mapping[Spot, float], gap: float, placed: Mapping[Spot, float], half: float
) -> dict[Spot, float]:
    """`placed`, with what stands out beyond `half` on the right and then on the left pushed back."""
    mirrored = _pushed(list(reversed(row)), width, gap, {spot: -value for spot, value in placed.items()}, -half)
    return _pushed(row, width, gap, {spot: -value for spot, value in mirrored.items()}, -half)


def _mean(values: Sequence[float], otherwise: float) -> float:
    return sum(values) / len(values) if values else otherwise
