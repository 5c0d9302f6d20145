"""The map of claims: the drawing, the list that says the same, and what a reader can do with them."""

import dataclasses
import re
from itertools import combinations
from types import MappingProxyType
from xml.etree import ElementTree

import pytest

from cl_theory.proof.ledger.registry import all_claims
from cl_theory.proof.reader.claim_map import NODE_WIDTH, bands, map_markdown, map_svg, neighbours_html
from cl_theory.proof.reader.shown import Contents, Shown, used_by

SVG = "{http://www.w3.org/2000/svg}"
CLAIMS = all_claims()


@pytest.fixture(scope="module")
def drawing(accepted, book):
    return ElementTree.fromstring(map_svg(accepted, CLAIMS, book))


def test_every_claim_is_a_node_that_links_to_it_and_says_its_verdict(drawing, accepted):
    nodes = {node.get("data-claim"): node for node in drawing.iter(f"{SVG}a")}
    assert set(nodes) == set(CLAIMS)
    for name, node in nodes.items():
        assert node.get("href") == f"ledger.html#claim-{name}"
        text = " ".join("".join(node.itertext()).split())
        assert CLAIMS[name].title in text
        assert text.endswith(accepted.verdict_of(name))


def test_every_line_is_in_the_register_and_the_other_way_round(drawing):
    drawn = [(path.get("data-from"), path.get("data-to")) for path in drawing.iter(f"{SVG}path")]
    assert sorted(drawn) == sorted((parent, entry.id) for entry in CLAIMS.values() for parent in entry.rests_on)


def test_no_node_lies_on_another_and_no_line_of_a_title_is_wider_than_its_node(drawing):
    boxes = [
        tuple(float(box.get(side)) for side in ("x", "y", "width", "height")) for box in drawing.iter(f"{SVG}rect")
    ]
    for (x, y, width, height), (x2, y2, width2, height2) in combinations(boxes, 2):
        assert x + width <= x2 or x2 + width2 <= x or y + height <= y2 or y2 + height2 <= y
    lines = [line.text or "" for kind in ("tspan", "text") for line in drawing.iter(f"{SVG}{kind}")]
    longest = max(len(line.strip()) for line in lines if not line.startswith("Part"))
    assert longest * 6.6 < NODE_WIDTH


def test_a_claim_stands_below_what_it_rests_on_inside_its_part(book):
    for band in bands(CLAIMS, book):
        inside = {name for row in band.plan.rows for name in row if isinstance(name, str)}
        for name in inside:
            for parent in inside & set(CLAIMS[name].rests_on):
                assert band.box(parent)[1] + band.box(parent)[2] < band.box(name)[1]


def test_colours_are_the_pages(accepted, book):
    assert not re.search(r"(fill|stroke)=", map_svg(accepted, CLAIMS, book))


def test_the_list_nests_every_claim_once_below_one_that_it_rests_on(accepted, book):
    page = map_markdown(accepted, CLAIMS, book)
    listed = ElementTree.fromstring(
        "<x>" + "".join(re.findall(r'<details class="map-list".*</details>', page)).replace(" open>", ">") + "</x>"
    )
    above = {child: parent for parent in listed.iter() for child in parent}
    items = {item.get("id").removeprefix("map-"): item for item in listed.iter("li")}
    assert set(items) == set(CLAIMS)
    for name, item in items.items():
        outer = above[above[item]]
        links = [link.get("href").removeprefix("#map-") for link in item.findall("span/a")]
        if outer.tag == "li":
            links.append(outer.get("id").removeprefix("map-"))
        assert sorted(links) == sorted(CLAIMS[name].rests_on)


def test_the_page_of_no_claims_and_the_page_without_evidence_can_be_read(accepted, book):
    assert "<rect" not in map_markdown(Shown(), {}, Contents())
    page = map_markdown(Shown(), CLAIMS, Contents())
    assert page.count("node-open") == len(CLAIMS)
    assert "No evidence has been accepted yet." in page
    assert "[[" not in page


def test_titles_are_escaped(accepted, book):
    entry = dataclasses.replace(CLAIMS["cl-gradient"], title="a <b> & c")
    page = map_markdown(accepted, MappingProxyType({**CLAIMS, "cl-gradient": entry}), book)
    assert "a &lt;b&gt; &amp; c" in page
    assert "<b>" not in page


def test_a_claim_stands_between_its_neighbours_with_links_and_verdicts(accepted):
    entry = CLAIMS["isd-covariance"]
    around = neighbours_html(entry, CLAIMS, accepted, linked={"isd-unbiased": "there.html"})
    assert '<a href="there.html">ISD is unbiased</a> <span class="verdict verdict-proved">' in around
    assert used_by(entry.id, CLAIMS)[0] == "isd-excess-variance"
    for name in used_by(entry.id, CLAIMS):
        assert CLAIMS[name].title in around


def test_on_a_wide_page_the_map_is_legible_and_tells_of_the_claim_pointed_at(visit):
    page = visit("map.html")
    assert sizes(page, ".node text") >= 11
    page.hover('.node[data-claim="isd-unbiased"]')
    card = page.inner_text(".map-card")
    assert card.startswith("ISD is unbiased")
    assert "proved" in card
    assert page.locator(".map-card mjx-container").count() >= 1
    assert "Rests on: Contrastive gradient" in card
    lit = page.eval_on_selector_all(".edge.lit", "all => all.map(one => [one.dataset.from, one.dataset.to])")
    assert ["cl-gradient", "isd-unbiased"] in lit
    assert ["isd-unbiased", "exp-b-robust"] in lit  # from part to part


def sizes(page, what):
    """The smallest size of letters on the screen, in px."""
    return page.eval_on_selector_all(
        what,
        """all => Math.min(...all.map(one => parseFloat(getComputedStyle(one).fontSize)
               * (one.getScreenCTM ? one.getScreenCTM().a : 1)))""",
    )


def view(page):
    return [float(number) for number in page.get_attribute(".claim-graph", "viewBox").split()]


def test_wheel_drag_keys_and_buttons_zoom_and_pan(visit):
    page = visit("map.html")
    page.locator(".map-frame").scroll_into_view_if_needed()
    box = page.locator(".map-frame").bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    first = view(page)
    page.mouse.move(x - 5, y)
    page.mouse.move(x, y)
    page.mouse.wheel(0, -400)
    page.wait_for_function(f"document.querySelector('.claim-graph').viewBox.baseVal.width < {first[2] - 10}")
    zoomed = view(page)
    page.mouse.down()
    page.mouse.move(x - 60, y - 90, steps=5)
    page.mouse.up()
    assert view(page)[1] > zoomed[1] + 20
    assert page.url.endswith("map.html")
    page.focus(".map-frame")
    page.keyboard.press("-")
    assert view(page)[2] > zoomed[2]
    before = view(page)
    page.keyboard.press("ArrowDown")
    assert view(page)[1] > before[1]
    page.click("text=Whole map")
    assert view(page)[3] >= 2000
    page.click('button:has-text("Part III")')
    assert sizes(page, ".node text") >= 11
    assert view(page)[1] > 1000


def test_two_fingers_zoom(visit):
    page = visit("map.html", width=900)
    before = view(page)
    page.eval_on_selector(
        ".map-frame",
        """frame => {
            const box = frame.getBoundingClientRect(), y = box.top + 200;
            const send = (type, id, x) => frame.dispatchEvent(new PointerEvent(type,
                {pointerId: id, clientX: box.left + x, clientY: y, bubbles: true, pointerType: 'touch'}));
            frame.setPointerCapture = () => {};
            send('pointerdown', 11, 200); send('pointerdown', 12, 300);
            send('pointermove', 12, 350); send('pointermove', 11, 150);
            send('pointerup', 11, 150); send('pointerup', 12, 350);
        }""",
    )
    assert view(page)[2] == pytest.approx(before[2] / 2, rel=0.05)


def test_the_keyboard_alone_goes_from_the_map_to_a_claim(visit):
    page = visit("map.html")
    page.focus(".map-frame")
    for _ in range(3):
        page.keyboard.press("Tab")
    assert page.inner_text(".map-card").startswith("Covariance of ISD")
    page.keyboard.press("Enter")
    page.wait_for_url("**/ledger.html#claim-isd-covariance")
    page.wait_for_selector("#claim-isd-covariance[open]")


def test_a_node_far_down_is_shown_when_it_is_focused(visit):
    page = visit("map.html")
    page.focus(".map-frame")
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Tab")
    for _ in range(len(CLAIMS)):
        page.keyboard.press("Tab")
    last = page.evaluate("document.activeElement.dataset.claim")
    node = page.locator(f'.node[data-claim="{last}"]').bounding_box()
    frame = page.locator(".map-frame").bounding_box()
    assert frame["y"] <= node["y"]
    assert node["y"] + node["height"] <= min(frame["y"] + frame["height"], 900)


def test_a_narrow_page_shows_the_list_in_place_of_the_map(visit):
    page = visit("map.html", width=390)
    assert not page.is_visible(".map-frame")
    assert page.is_visible("#map-exp-scripts")
    assert sizes(page, ".map-list a, .map-list .verdict") >= 11
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_a_link_to_a_claim_in_the_list_opens_what_it_lies_in(visit):
    page = visit("map.html")
    assert not page.is_visible("#map-exp-scripts")
    page.goto(page.url + "#map-exp-scripts")
    page.wait_for_selector("#map-exp-scripts:visible")


def test_without_javascript_the_drawing_has_its_links_and_the_list_is_open(visit):
    page = visit("map.html", script=False)
    assert not page.is_visible(".map-tools")
    assert page.is_visible("#map-exp-scripts")
    page.click('.node[data-claim="cl-gradient"]')
    page.wait_for_url("**/ledger.html#claim-cl-gradient")


@pytest.mark.parametrize(("scheme", "width"), [("light", 1280), ("dark", 390)])
def test_axe_finds_nothing(visit, faults, scheme, width):
    page = visit("map.html", scheme=scheme, width=width)
    if width > 640:
        page.hover('.node[data-claim="isd-unbiased"]')
    assert faults(page) == []


def test_chapters_show_the_claims_around_their_own(visit, faults):
    page = visit("02_isd_unbiased.html", width=390)
    around = page.locator(".neighbours").first
    assert around.is_visible()
    assert around.get_by_role("link", name="Contrastive gradient").count() == 1
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert faults(page) == []
