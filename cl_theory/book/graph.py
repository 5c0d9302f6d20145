"""The claims and what they rest on, as an inline SVG that follows the page's colours."""

from collections.abc import Callable, Mapping, Sequence
from html import escape

from cl_theory.claims.registry import Claim

NODE_WIDTH, NODE_HEIGHT = 172, 42
GAP_X, GAP_Y = 14, 34
NODES_IN_A_ROW = 4
SWEEPS = 6


def layers(claims: Mapping[str, Claim]) -> list[list[str]]:
    """Claims by the longest chain of claims below them; within a layer near their parents."""
    depth: dict[str, int] = {}
    for name, entry in claims.items():  # parents are registered before children
        depth[name] = 1 + max((depth[parent] for parent in entry.rests_on if parent in depth), default=-1)
    rows: list[list[str]] = [[] for _ in range(max(depth.values(), default=-1) + 1)]
    for name in claims:
        rows[depth[name]].append(name)
    for _ in range(SWEEPS):
        for row in rows[1:]:
            row.sort(key=_mean_place(_places(rows), claims))
    return rows


def graph_svg(claims: Mapping[str, Claim], verdicts: Mapping[str, str]) -> str:
    """The graph; each node names its claim and verdict and links to its entry on the page."""
    rows = _wrapped(layers(claims))
    place = _positions(rows)
    width = NODES_IN_A_ROW * (NODE_WIDTH + GAP_X) - GAP_X
    height = len(rows) * (NODE_HEIGHT + GAP_Y) - GAP_Y
    pairs = [(parent, name) for name, entry in claims.items() for parent in entry.rests_on if parent in place]
    edges = [_edge(place[parent], place[name]) for parent, name in pairs]
    nodes = [_node(entry, verdicts.get(name, "open"), place[name]) for name, entry in claims.items()]
    return (
        f'<svg class="claim-graph" role="img" aria-label="Which claim rests on which; the table below says the same" '
        f'viewBox="-2 -2 {width + 4} {height + 4}" xmlns="http://www.w3.org/2000/svg">'
        f"{''.join(edges)}{''.join(nodes)}</svg>"
    )


def _places(rows: Sequence[Sequence[str]]) -> dict[str, float]:
    return {name: (i + 0.5) / len(row) for row in rows for i, name in enumerate(row)}


def _mean_place(places: Mapping[str, float], claims: Mapping[str, Claim]) -> Callable[[str], float]:
    def key(name: str) -> float:
        parents = [places[parent] for parent in claims[name].rests_on if parent in places]
        return sum(parents) / len(parents) if parents else places[name]

    return key


def _wrapped(rows: Sequence[Sequence[str]]) -> list[list[str]]:
    return [list(row[i : i + NODES_IN_A_ROW]) for row in rows for i in range(0, len(row), NODES_IN_A_ROW)]


def _positions(rows: Sequence[Sequence[str]]) -> dict[str, tuple[float, float]]:
    whole = NODES_IN_A_ROW * (NODE_WIDTH + GAP_X) - GAP_X
    place: dict[str, tuple[float, float]] = {}
    for number, row in enumerate(rows):
        left = (whole - len(row) * (NODE_WIDTH + GAP_X) + GAP_X) / 2
        for i, name in enumerate(row):
            place[name] = (left + i * (NODE_WIDTH + GAP_X), number * (NODE_HEIGHT + GAP_Y))
    return place


def _edge(parent: tuple[float, float], child: tuple[float, float]) -> str:
    x0, y0 = parent[0] + NODE_WIDTH / 2, parent[1] + NODE_HEIGHT
    x1, y1 = child[0] + NODE_WIDTH / 2, child[1]
    bend = min(0.5 * (y1 - y0), 40)
    path = f"M{x0:.1f} {y0:.1f}C{x0:.1f} {y0 + bend:.1f} {x1:.1f} {y1 - bend:.1f} {x1:.1f} {y1:.1f}"
    return f'<path class="edge" d="{path}"/>'


def _node(entry: Claim, verdict: str, place: tuple[float, float]) -> str:
    x, y = place
    middle = x + NODE_WIDTH / 2
    return (
        f'<a href="#claim-{escape(entry.id)}" class="node node-{verdict}"><title>{escape(entry.title)}</title>'
        f'<rect x="{x:.1f}" y="{y:.1f}" width="{NODE_WIDTH}" height="{NODE_HEIGHT}" rx="6"/>'
        f'<text x="{middle:.1f}" y="{y + 17:.1f}" class="node-id">{escape(entry.id)}</text>'
        f'<text x="{middle:.1f}" y="{y + 33:.1f}" class="node-verdict">{verdict} · {escape(entry.source)}</text></a>'
    )
