"""The last look at a site finds what a reader must not."""

import pytest

from cl_theory.proof.reader.rendering import site_problems, toc_pages

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
        "",
        '<a href="https://example.org">there</a><a href="mailto:a@b.c">m</a>',
        "<pre>Traceback (most recent call last)",
    ],
)
def test_a_good_site_has_no_problems(site, fragment):
    add(site, fragment)
    assert problems(site) == []


@pytest.mark.parametrize(
    ("fragment", "words"),
    [
        ('<script src="https://cdn.example.org/x.js"></script>', "chapters/a.html loads"),
        ('<script src="//cdn.example.org/x.js"></script>', "chapters/a.html loads"),
        ('<script>const later = "https://cdn.example.org/x.js";</script>', "chapters/a.html loads"),
        ('<link rel="stylesheet" href="http://example.org/x.css">', "chapters/a.html loads"),
        ('<link rel="preconnect" href="https://example.org">', "chapters/a.html loads"),
        ('<img src="https://example.org/x.png" alt="x">', "chapters/a.html loads"),
        ('<iframe src="https://example.org"></iframe>', "chapters/a.html loads"),
        *(
            (f'<a href="{link}">x</a>', f"chapters/a.html links to {link}, which does not exist")
            for link in ("gone.html", "intro.html#gone", "#gone", "../gone/")
        ),
        ('<img src="p.png">', "without an alternative text"),
        ('<svg class="figure-svg" aria-label=""></svg>', "without an alternative text"),
        ('<svg class="figure-svg" aria-label="a" id="f0"></svg>' * 2, "shows a figure twice"),
    ],
)
def test_what_a_reader_must_not_meet_is_found(site, fragment, words):
    add(site, fragment)
    assert any(words in problem for problem in problems(site))


def test_a_style_sheet_that_loads_from_elsewhere_is_found(site):
    (site / "_static" / "x.css").write_text(
        "@import 'https://example.org/x.css'; a{background:url(//b.org/c)}", "utf-8"
    )
    assert len(problems(site)) == 2


def test_a_traceback_is_found_on_the_page_of_a_notebook(site):
    add(site, "<pre>Traceback (most recent call last)</pre>")
    (site / "_sources" / "chapters").mkdir(parents=True)
    (site / "_sources" / "chapters" / "a.ipynb").touch()
    assert problems(site) == ["chapters/a.html shows a traceback"]


def test_a_claim_that_no_page_shows_is_found(site):
    assert problems(site, ["x", "y"]) == ["claim 'y' is not shown in its chapter"]
