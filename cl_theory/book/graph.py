"""The claims and what they rest on, as an inline SVG that follows the page's colours."""

from collections.abc import Mapping, Sequence
from html import escape
from itertools import pairwise

from cl_theory.book.layout import Layout, Spot, laid_out
from cl_theory.claims.registry import Claim
from cl_theory.claims.words import verdict_class

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
