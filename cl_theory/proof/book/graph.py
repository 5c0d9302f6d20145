"""The claims and what they rest on, as an inline SVG that follows the page's colours."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from itertools import pairwise

from cl_theory.proof.ledger.registry import Claim
from cl_theory.proof.ledger.words import verdict_class

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
            x |= _kept_inside(_packed(row, width, gap, wanted), width, half)
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
    row: Sequence[Spot], width: Mapping[Spot, float], gap: float, wanted: Mapping[Spot, float]
) -> dict[Spot, float]:
    placed: dict[Spot, float] = {}
    edge = float("-inf")
    for spot in row:
        placed[spot] = max(wanted[spot], edge + width[spot] / 2)
        edge = placed[spot] + width[spot] / 2 + gap
    return placed


def _kept_inside(placed: Mapping[Spot, float], width: Mapping[Spot, float], half: float) -> dict[Spot, float]:
    """`placed`, moved as a whole to lie between -half and half; from the left if there is more than room."""
    left = min(value - width[spot] / 2 for spot, value in placed.items())
    right = max(value + width[spot] / 2 for spot, value in placed.items())
    move = max(-half - left, min(0.0, half - right))
    return {spot: value + move for spot, value in placed.items()}


def _mean(values: Sequence[float], otherwise: float) -> float:
    return sum(values) / len(values) if values else otherwise


NODE_WIDTH, NODE_HEIGHT = 170, 42
BEND_WIDTH, GAP_X, GAP_Y = 6, 12, 34
NODES_IN_A_ROW = 4


def graph_svg(claims: Mapping[str, Claim], verdicts: Mapping[str, str]) -> str:
    """The graph; each node names its claim and verdict and links to its entry on the page."""
    parents = {name: [parent for parent in entry.rests_on if parent in claims] for name, entry in claims.items()}
    plan = laid_out(parents, in_a_row=NODES_IN_A_ROW, node_width=NODE_WIDTH, bend_width=BEND_WIDTH, gap=GAP_X)
    top = {spot: number * (NODE_HEIGHT + GAP_Y) for number, row in enumerate(plan.rows) for spot in row}
    height = max(len(plan.rows) * (NODE_HEIGHT + GAP_Y) - GAP_Y, 0)
    edges = "".join(_edge(edge, plan, top) for edge in plan.edges)
    nodes = "".join(_node(entry, verdicts.get(name, "open"), plan.x[name], top[name]) for name, entry in claims.items())
    return (
        f'<svg class="claim-graph" role="img" aria-label="Which claim rests on which; the table below says the same" '
        f'viewBox="-2 -2 {plan.width + 4:.0f} {height + 4}" xmlns="http://www.w3.org/2000/svg">{edges}{nodes}</svg>'
    )


def _edge(edge: Sequence[Spot], plan: Layout, top: Mapping[Spot, float]) -> str:
    path = f"M{plan.x[edge[0]]:.1f} {top[edge[0]] + NODE_HEIGHT:.1f}"
    for above, below in pairwise(edge):
        x0, y0, x1, y1 = plan.x[above], top[above] + NODE_HEIGHT, plan.x[below], top[below]
        middle = (y0 + y1) / 2
        path += f"C{x0:.1f} {middle:.1f} {x1:.1f} {middle:.1f} {x1:.1f} {y1:.1f}"
        if not isinstance(below, str):  # straight down between the nodes of this row
            path += f"V{y1 + NODE_HEIGHT:.1f}"
    return f'<path class="edge" d="{path}"/>'


def _node(entry: Claim, verdict: str, x: float, y: float) -> str:
    return (
        f'<a href="#claim-{escape(entry.id)}" class="node node-{verdict_class(verdict)}">'
        f"<title>{escape(entry.title)}</title>"
        f'<rect x="{x - NODE_WIDTH / 2:.1f}" y="{y:.1f}" width="{NODE_WIDTH}" height="{NODE_HEIGHT}" rx="6"/>'
        f'<text x="{x:.1f}" y="{y + 17:.1f}" class="node-id">{escape(entry.id)}</text>'
        f'<text x="{x:.1f}" y="{y + 33:.1f}" class="node-verdict">{verdict} · {escape(entry.source)}</text></a>'
    )
