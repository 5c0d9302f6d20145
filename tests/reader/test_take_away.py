"""Notebooks that run elsewhere, links where there is a public repository, and the book as a PDF."""

import json
import subprocess
from importlib import metadata

import pytest
from tiny_site import ROOT, SECOND

from cl_theory.proof.book.checkout import BookError, Checkout, public_repository
from cl_theory.proof.experiments import results
from cl_theory.proof.reader import take_away
from cl_theory.proof.reader.take_away import (
    BROWSER,
    browser,
    installation,
    offers,
    print_book,
    printable_book,
    runs_anywhere,
)


def with_origin(folder, address):
    subprocess.run(["git", "init", "-q", str(folder)], check=True)
    if address:
        subprocess.run(["git", "-C", str(folder), "remote", "add", "origin", address], check=True)
    return folder


@pytest.mark.parametrize(
    "address",
    [
        "https://github.com/some-one/a.book.git",
        "https://github.com/some-one/a.book",
        "https://secret:word@github.com/some-one/a.book.git",
        "git@github.com:some-one/a.book.git",
        "ssh://git@github.com/some-one/a.book",
    ],
)
def test_a_public_repository_is_named_without_what_is_secret(tmp_path, address):
    assert public_repository(with_origin(tmp_path, address)) == "some-one/a.book"


@pytest.mark.parametrize("address", [None, "/somewhere/on/disk", "https://git.example.org/a/b.git"])
def test_without_a_public_address_there_is_none(tmp_path, address):
    assert public_repository(with_origin(tmp_path, address)) is None


def test_links_to_services_are_there_just_if_the_repository_is_public(tmp_path):
    alone = offers(SECOND, with_origin(tmp_path, None))
    assert [offer.is_file for offer in alone] == [True, True]
    subprocess.run(["git", "-C", str(tmp_path), "remote", "add", "origin", "git@github.com:a/b.git"], check=True)
    _, _, binder, colab = offers(SECOND, tmp_path)
    assert binder.url == f"https://mybinder.org/v2/gh/a/b/HEAD?urlpath=lab/tree/chapters/{SECOND}.ipynb"
    assert colab.url == f"https://colab.research.google.com/github/a/b/blob/HEAD/chapters/{SECOND}.ipynb"
    assert installation("a/b") in colab.title


def test_the_package_is_installed_by_its_own_name_from_its_own_address():
    own = metadata.metadata("cl_theory")
    assert installation(None) == f"{own['Name']}[book]=={own['Version']}"
    assert installation("a/b") == f"{own['Name']}[book] @ git+https://github.com/a/b"


def test_a_notebook_that_runs_anywhere_begins_with_its_installation_and_keeps_what_was_written(chapter):
    bare = runs_anywhere(chapter, None)
    first, *others = bare["cells"]
    assert first["source"].endswith(f"%pip install --quiet '{installation(None)}'")
    written = [cell for cell in chapter["cells"] if cell["id"] != "injected"]
    assert [cell["source"] for cell in others] == [cell["source"] for cell in written]
    code = [cell for cell in bare["cells"] if cell["cell_type"] == "code"]
    assert all(cell["outputs"] == [] and cell["execution_count"] is None for cell in code)
    assert set(bare["metadata"]) == {"kernelspec"}


def test_the_site_offers_both_notebooks(site, page, chapter):
    executed = json.loads((site / "_sources" / "chapters" / f"{SECOND}.ipynb").read_text("utf-8"))
    assert executed == chapter
    anywhere = json.loads((site / "_anywhere" / f"{SECOND}.ipynb").read_text("utf-8"))
    assert anywhere == runs_anywhere(chapter, public_repository(site))
    for target in (f"../_sources/chapters/{SECOND}.ipynb", f"../_anywhere/{SECOND}.ipynb"):
        assert page.count(f'href="{target}"') == 2  # in the opening, and among the buttons


def test_stored_results_are_found_where_only_the_package_is(tmp_path, monkeypatch):
    monkeypatch.setattr(results, "INSTALLED", ROOT)
    assert results.results_folder(tmp_path) == ROOT / "data" / "experiments"


PAGES = ["chapters/01_contrastive_gradients", f"chapters/{SECOND}"]


def test_the_printable_book_is_open_and_links_within_itself(site):
    text = printable_book(site, PAGES, "A tiny book")
    assert text.count('<section class="page" id="') == 2
    assert '<details open class="fold">' in text
    assert f'id="{SECOND}--lem-line"' in text
    assert f'href="#{SECOND}--lem-line"' in text
    assert 'href="#01_contrastive_gradients--thm-slope"' in text
    assert "symbol-meanings" not in text
    assert "_anywhere" not in text
    assert text.index("window.MathJax = ") < text.index("window.MathJax.startup") < text.index("tex-mml-chtml.js")


@pytest.fixture
def tiny(tmp_path, site):
    (tmp_path / "_config.yml").write_text("title: A tiny book\n", "utf-8")
    (tmp_path / "_toc.yml").write_text(f"root: {PAGES[0]}\nchapters:\n- file: {PAGES[1]}\n", "utf-8")
    (tmp_path / "_build").mkdir()
    (tmp_path / "_build" / "html").symlink_to(site)
    return Checkout(tmp_path)


def test_the_book_is_printed_with_its_formulas(tiny, chromium):
    printed = print_book(tiny).read_bytes()
    assert printed.startswith(b"%PDF")
    assert b"/Title (A tiny book)" in printed
    assert b"/Type /Page\n" in printed


def test_formulas_that_are_not_typeset_are_an_error_and_no_pdf(tiny, chromium, monkeypatch):
    monkeypatch.setattr(take_away, "READY", "")
    with pytest.raises(BookError, match="before all formulas were typeset"):
        print_book(tiny)
    assert not (tiny.build / "book.pdf").exists()


def test_without_a_site_or_a_browser_the_remedy_is_named(tmp_path, monkeypatch):
    monkeypatch.setattr(take_away, "browser", lambda: "any")
    with pytest.raises(BookError, match="run 'cl-theory build' first"):
        print_book(Checkout(tmp_path))
    monkeypatch.setenv(BROWSER, "/no/such/browser")
    with pytest.raises(BookError, match=rf"'/no/such/browser' was found: install it .* or set {BROWSER}"):
        browser()
    monkeypatch.delenv(BROWSER)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(BookError, match=r"none of chromium, .*apt-get install chromium"):
        browser()
