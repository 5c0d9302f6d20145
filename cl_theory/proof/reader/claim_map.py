"""The map of claims: which rests on which, as one SVG laid out by part, and as a nested list that says the same."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from html import escape
from itertools import pairwise
from textwrap import wrap

from cl_theory.proof.ledger.registry import Claim
from cl_theory.proof.ledger.words import verdict_class
from cl_theory.proof.reader.shown import Contents, Shown, in_html, raw, short_part, small_chip, used_by

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


NODE_WIDTH, GAP_X, GAP_Y, BEND_WIDTH = 154, 10, 32, 6
NODES_IN_A_ROW = 4
MAP_WIDTH = NODES_IN_A_ROW * (NODE_WIDTH + GAP_X) - GAP_X
LETTERS_IN_A_LINE = 21
"""Of a title: at 12.5 px they are 138 px long in the widest of the fonts that pages use."""
LINE, LINE_OF_VERDICT, PADDING = 15, 17, 9
CAPTION, GAP_OF_PARTS = 30, 34


def map_markdown(shown: Shown, claims: Mapping[str, Claim], contents: Contents) -> str:
    """The map with its buttons, the card that tells of one claim, and the same as a nested list."""
    parts = contents.by_part(claims)
    return (
        raw(
            f'<p class="ledger-origin">{shown.origin}</p>',
            '<div class="claim-map" id="claim-map">',
            f'<div class="map-tools" hidden>{_tools(parts)}</div>',
            f'<div class="map-frame" tabindex="0" role="group" aria-label="Map of the claims">'
            f"{map_svg(shown, claims, contents)}</div>",
            '<div class="map-card" hidden></div>',
            "</div>",
        )
        + "\n\n## The map as a list\n\n"
        + raw(
            '<p class="map-note">Each claim stands below the claim that it rests on.</p>',
            *(_list_of_part(caption, entries, shown, claims) for caption, entries in parts.items()),
            '<script defer src="../_static/map.js"></script>',
        )
        + "\n"
    )


def _tools(parts: Mapping[str, Sequence[Claim]]) -> str:
    places = "".join(
        f'<button type="button" data-part="{number}">{escape(short_part(caption))}</button>'
        for number, caption in enumerate(parts)
    )
    return (
        '<button type="button" data-zoom="in">Zoom in</button><button type="button" data-zoom="out">Zoom out</button>'
        f'<button type="button" data-zoom="all">Whole map</button>{places}'
        '<p class="map-note">Wheel or two fingers zoom, dragging moves; so do the keys +, − and the arrows. '
        "Numbers are chapters.</p>"
    )


@dataclass(frozen=True)
class Band:
    """One part on the map: where its caption stands, its layout, and the upper edge and height of each row."""

    caption: str
    y: float
    plan: Layout
    tops: list[float]
    heights: list[float]
    left: float

    @property
    def bottom(self) -> float:
        return self.tops[-1] + self.heights[-1]

    def box(self, name: str) -> tuple[float, float, float]:
        """Left edge, upper edge and height of the node `name`."""
        row = next(number for number, spots in enumerate(self.plan.rows) if name in spots)
        return self.left + self.plan.x[name] - NODE_WIDTH / 2, self.tops[row], self.heights[row]


def bands(claims: Mapping[str, Claim], contents: Contents) -> list[Band]:
    """The parts from top to bottom, each laid out in layers by what rests on what inside it."""
    found: list[Band] = []
    y = 0.0
    for caption, entries in contents.by_part(claims).items():
        inside = {entry.id for entry in entries}
        parents = {entry.id: [name for name in entry.rests_on if name in inside] for entry in entries}
        plan = laid_out(parents, in_a_row=NODES_IN_A_ROW, node_width=NODE_WIDTH, bend_width=BEND_WIDTH, gap=GAP_X)
        heights = [max(_height(claims[spot]) for spot in row if isinstance(spot, str)) for row in plan.rows]
        tops = [y + CAPTION + sum(heights[:row]) + row * GAP_Y for row in range(len(heights))]
        found.append(Band(caption, y, plan, tops, heights, 0.0))
        y = found[-1].bottom + GAP_OF_PARTS
    width = max([MAP_WIDTH, *(band.plan.width for band in found)])
    return [replace(band, left=(width - band.plan.width) / 2) for band in found]


def _lines(title: str) -> list[str]:
    return wrap(title, LETTERS_IN_A_LINE, break_on_hyphens=False)


def _height(entry: Claim) -> float:
    return 2 * PADDING + LINE * len(_lines(entry.title)) + LINE_OF_VERDICT


def map_svg(shown: Shown, claims: Mapping[str, Claim], contents: Contents) -> str:
    """The drawing. Each node links to its claim in the ledger and says its title, its chapter's number, its verdict."""
    found = bands(claims, contents)
    boxes = {spot: band.box(spot) for band in found for row in band.plan.rows for spot in row if isinstance(spot, str)}
    width = max([MAP_WIDTH, *(band.plan.width for band in found)])
    height = found[-1].bottom if found else 0
    inside = "".join(_edge(edge, band) for band in found for edge in band.plan.edges)
    drawn = {(edge[0], edge[-1]) for band in found for edge in band.plan.edges}
    across = "".join(
        _across(parent, entry.id, boxes)
        for entry in claims.values()
        for parent in entry.rests_on
        if parent in boxes and (parent, entry.id) not in drawn
    )
    captions = "".join(
        f'<text class="map-part" data-part="{number}" x="6" y="{band.y + 18:.0f}">{escape(band.caption)}</text>'
        for number, band in enumerate(found)
    )
    nodes = "".join(_node(entry, shown, contents, boxes[entry.id]) for band in found for entry in _in(band, claims))
    return (
        f'<svg class="claim-graph" width="{width + 4:.0f}" height="{height + 4:.0f}" '
        f'viewBox="-2 -2 {width + 4:.0f} {height + 4:.0f}" xmlns="http://www.w3.org/2000/svg">'
        f"{across}{inside}{captions}{nodes}</svg>"
    )


def _in(band: Band, claims: Mapping[str, Claim]) -> list[Claim]:
    return [claims[spot] for row in band.plan.rows for spot in row if isinstance(spot, str)]


def _edge(edge: Sequence[Spot], band: Band) -> str:
    rows = {spot: number for number, row in enumerate(band.plan.rows) for spot in row}
    x = {spot: band.left + band.plan.x[spot] for spot in edge}
    path = f"M{x[edge[0]]:.1f} {band.tops[rows[edge[0]]] + band.heights[rows[edge[0]]]:.1f}"
    for above, below in pairwise(edge):
        y0 = band.tops[rows[above]] + band.heights[rows[above]]
        y1 = band.tops[rows[below]]
        path += f"C{x[above]:.1f} {(y0 + y1) / 2:.1f} {x[below]:.1f} {(y0 + y1) / 2:.1f} {x[below]:.1f} {y1:.1f}"
        if not isinstance(below, str):  # straight down between the nodes of this row
            path += f"V{y1 + band.heights[rows[below]]:.1f}"
    return f'<path class="edge" data-from="{edge[0]}" data-to="{edge[-1]}" d="{path}"/>'


def _across(parent: str, child: str, boxes: Mapping[str, tuple[float, float, float]]) -> str:
    (x0, y0, height), (x1, y1, _) = boxes[parent], boxes[child]
    x0, x1, y0 = x0 + NODE_WIDTH / 2, x1 + NODE_WIDTH / 2, y0 + height
    path = f"M{x0:.1f} {y0:.1f}C{x0:.1f} {y0 + 60:.1f} {x1:.1f} {y1 - 60:.1f} {x1:.1f} {y1:.1f}"
    return f'<path class="edge across" data-from="{parent}" data-to="{child}" d="{path}"/>'


def _node(entry: Claim, shown: Shown, contents: Contents, box: tuple[float, float, float]) -> str:
    x, y, height = box
    verdict = shown.verdict_of(entry.id)
    number = contents.of(entry.chapter).number
    lines = "".join(
        f'<tspan x="{x + PADDING:.1f}" y="{y + PADDING + 12 + LINE * row:.1f}">{escape(line)} </tspan>'
        for row, line in enumerate(_lines(entry.title))
    )
    chapter = f"{number} · " if number else ""
    return (
        f'<a href="ledger.html#claim-{entry.id}" class="node node-{verdict_class(verdict)}" data-claim="{entry.id}">'
        f'<rect x="{x:.1f}" y="{y:.1f}" width="{NODE_WIDTH}" height="{height:.1f}" rx="5"/>'
        f'<text>{lines}</text><text x="{x + PADDING:.1f}" y="{y + height - PADDING:.1f}" class="node-verdict">'
        f"{chapter}{verdict}</text></a>"
    )


def _list_of_part(caption: str, entries: Sequence[Claim], shown: Shown, claims: Mapping[str, Claim]) -> str:
    """A part as a nested list: a claim stands below the last of the claims inside the part that it rests on."""
    inside = {entry.id for entry in entries}
    below: dict[str, list[Claim]] = {}
    for entry in entries:
        within = [name for name in entry.rests_on if name in inside]
        below.setdefault(within[-1] if within else "", []).append(entry)

    def items(of: str) -> str:
        listed = "".join(
            f'<li id="map-{entry.id}">{_item(entry, of, shown, claims)}{items(entry.id)}</li>'
            for entry in below.get(of, ())
        )
        return f"<ul>{listed}</ul>" if listed else ""

    return f'<details class="map-list" open><summary>{escape(caption)}</summary>{items("")}</details>'


def _item(entry: Claim, above: str, shown: Shown, claims: Mapping[str, Claim]) -> str:
    others = [claims[name] for name in entry.rests_on if name != above and name in claims]
    also = "also rests on" if above else "rests on"
    links = ", ".join(f'<a href="#map-{other.id}">{escape(other.title)}</a>' for other in others)
    rests = f'<span class="map-rests">{also} {links}</span>' if others else ""
    says = f"<summary>what it says</summary><p>{in_html(shown.statement_of(entry))}</p>"
    return (
        f'<a class="map-title" href="ledger.html#claim-{entry.id}">{escape(entry.title)}</a> '
        f'{small_chip(shown.verdict_of(entry.id))} {rests}<details class="map-says">{says}</details>'
    )


def neighbours_html(
    entry: Claim, claims: Mapping[str, Claim], shown: Shown, *, linked: Mapping[str, str], between: bool = True
) -> str:
    """The claims that `entry` rests on and those that use it, each with its verdict; `linked` are addresses.

    Itself stands `between` them, unless the page says what it is.
    """
    own = f'<div class="neighbours-self"><p>This claim</p><ul><li>{_box(entry, shown, linked)}</li></ul></div>'
    before = _boxes([claims[name] for name in entry.rests_on if name in claims], shown, linked)
    after = _boxes([claims[name] for name in used_by(entry.id, claims)], shown, linked)
    return (
        f'<div class="neighbours"><div><p>Rests on</p>{before or _nothing("no other claim")}'
        "</div>"
        f"{own if between else ''}"
        f"<div><p>Used by</p>{after or _nothing('no claim yet')}</div></div>"
    )


def _boxes(entries: Sequence[Claim], shown: Shown, linked: Mapping[str, str]) -> str:
    items = "".join(f"<li>{_box(entry, shown, linked)}</li>" for entry in entries)
    return f"<ul>{items}</ul>" if items else ""


def _box(entry: Claim, shown: Shown, linked: Mapping[str, str]) -> str:
    title, address = escape(entry.title), linked.get(entry.id)
    named = f'<a href="{escape(address)}">{title}</a>' if address else title
    return f"{named} {small_chip(shown.verdict_of(entry.id))}"


def _nothing(words: str) -> str:
    return f'<ul><li class="neighbours-none">{words}</li></ul>'
