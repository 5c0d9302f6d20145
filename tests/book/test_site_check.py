"""The last look at a site finds what a reader must not."""

import pytest

from cl_theory.proof.book.rendering import site_problems, toc_pages

TOC = "format: jb-book\nroot: chapters/intro\nparts:\n- caption: One\n  chapters:\n  - file: chapters/a.md\n"
GOOD = '<html><body id="top"><p id="evidence-x"></p><a href="intro.html#top">i</a><img src="p.png" alt="p"></body>'


@pytest.fixture
def site(tmp_path):
    (tmp_path / "_toc.yml").write_text(TOC, "utf-8")
    (tmp_path / "chapters").mkdir()
    (tmp_path / "_static").mkdir()
    (tmp_path / "chapters" / "p.png").touch()
    (tmp_path / "index.html").write_text("<html></html>", "utf-8")
    for name in ("intro", "a"):
        (tmp_path / "chapters" / f"{name}.html").write_text(GOOD, "utf-8")
    return tmp_path


def problems(site, claims=("x",)):
    return site_problems(site, site / "_toc.yml", claims)


def add(site, fragment):
    page = site / "chapters" / "a.html"
    page.write_text(GOOD + fragment, "utf-8")


def test_a_good_site_has_no_problems(site):
    assert problems(site) == []


def test_pages_of_the_table_of_contents_are_found_in_parts_and_sections():
    toc = {"root": "i", "parts": [{"chapters": [{"file": "a.md", "sections": [{"file": "b.ipynb"}]}]}]}
    assert toc_pages(toc) == ["i", "a", "b"]


@pytest.mark.parametrize("name", ["index.html", "chapters/intro.html", "chapters/a.html"])
def test_a_missing_page_is_named(site, name):
    (site / name).unlink()
    assert problems(site) == [f"page {name} was not written"]


@pytest.mark.parametrize(
    "fragment",
    [
        '<script src="https://cdn.example.org/x.js"></script>',
        '<script src="//cdn.example.org/x.js"></script>',
        '<script>const later = "https://cdn.example.org/x.js";</script>',
        '<link rel="stylesheet" href="http://example.org/x.css">',
        '<link rel="preconnect" href="https://example.org">',
        '<img src="https://example.org/x.png" alt="x">',
        '<iframe src="https://example.org"></iframe>',
    ],
)
def test_an_asset_from_elsewhere_is_found(site, fragment):
    add(site, fragment)
    assert any("chapters/a.html loads" in problem for problem in problems(site))


def test_a_style_sheet_that_loads_from_elsewhere_is_found(site):
    (site / "_static" / "x.css").write_text(
        "@import 'https://example.org/x.css'; a{background:url(//b.org/c)}", "utf-8"
    )
    assert len(problems(site)) == 2


def test_a_link_to_elsewhere_is_no_asset(site):
    add(site, '<a href="https://example.org">there</a><a href="mailto:a@b.c">m</a>')
    assert problems(site) == []


@pytest.mark.parametrize("link", ["gone.html", "intro.html#gone", "#gone", "../gone/"])
def test_a_dead_link_is_found(site, link):
    add(site, f'<a href="{link}">x</a>')
    assert problems(site) == [f"chapters/a.html links to {link}, which does not exist"]


def test_a_traceback_is_found_on_the_page_of_a_notebook(site):
    add(site, "<pre>Traceback (most recent call last)</pre>")
    assert problems(site) == []
    (site / "_sources" / "chapters").mkdir(parents=True)
    (site / "_sources" / "chapters" / "a.ipynb").touch()
    assert problems(site) == ["chapters/a.html shows a traceback"]


def test_a_claim_that_no_page_shows_is_found(site):
    assert problems(site, ["x", "y"]) == ["claim 'y' is not shown in its chapter"]


@pytest.mark.parametrize("fragment", ['<img src="p.png">', '<svg class="figure-svg" aria-label=""></svg>'])
def test_a_figure_without_words_is_found(site, fragment):
    add(site, fragment)
    assert any("without an alternative text" in problem for problem in problems(site))


def test_a_figure_shown_twice_is_found(site):
    add(site, '<svg class="figure-svg" aria-label="a" id="f0"></svg>' * 2)
    assert any("shows a figure twice" in problem for problem in problems(site))
