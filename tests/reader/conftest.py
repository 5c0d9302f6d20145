"""The three pages in a site with a stand-in for each chapter, and a browser that visits it."""

import json
import shutil
import threading
from collections.abc import Iterator
from functools import partial
from html import escape
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from cl_theory.proof.book.checkout import read_chapters
from cl_theory.proof.book.pages import shown_evidence
from cl_theory.proof.book.rendering import contents, jupyter_book, rendering_configuration, site_problems
from cl_theory.proof.ledger.registry import all_claims
from cl_theory.proof.reader.claim_map import neighbours_html
from cl_theory.proof.reader.shown import Contents, Shown

ROOT = Path(__file__).parents[2]
CHROMIUM = shutil.which("chromium")
TYPESET = "!document.querySelector('script[src*=mathjax]') || window.MathJax?.startup?.promise?.then(() => true)"
"""Whether a page has no formulas, or all of them are set."""


@pytest.fixture(scope="session")
def accepted() -> Shown:
    """The accepted ledger of this checkout."""
    return shown_evidence(None, ROOT / "data" / "claims.json")


@pytest.fixture(scope="session")
def book() -> Contents:
    """The chapters of this checkout."""
    return contents(ROOT)


def _stand_in(name: str, title: str, shown: Shown) -> dict[str, Any]:
    """A chapter that has nothing but a title and a place for each of its claims, with the claims around it."""
    linked = {other: f"ledger.html#claim-{other}" for other in all_claims()}
    own = [entry for entry in all_claims().values() if entry.chapter == name]
    places = "".join(
        f'<div class="evidence" id="evidence-{entry.id}"><p>{escape(entry.id)}</p></div>'
        + neighbours_html(entry, all_claims(), shown, linked=linked)
        for entry in own
    )
    source = f"# {title}\n\n```{{raw}} html\n{places}\n```"
    cell = {"cell_type": "markdown", "id": "all", "source": source, "metadata": {}}
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    return {"nbformat": 4, "nbformat_minor": 5, "metadata": kernel, "cells": [cell]}


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory, accepted: Shown, book: Contents) -> Path:
    """A folder with the rendered site; its last look found nothing wrong."""
    folder = tmp_path_factory.mktemp("book")
    source = folder / "source"
    shutil.copytree(ROOT / "chapters", source / "chapters", ignore=shutil.ignore_patterns("*.ipynb", ".ipynb*"))
    for name in read_chapters(ROOT / "chapters"):
        stand_in = _stand_in(name, book.of(name).title, accepted)
        (source / "chapters" / f"{name}.ipynb").write_text(json.dumps(stand_in), "utf-8")
    for name in ("_toc.yml", "references.bib"):
        shutil.copy(ROOT / name, source / name)
    evidence = source / "evidence.json"
    told = {"claims": accepted.claims, "origin": "Made from a test.", "cells": {}, "history": accepted.history}
    evidence.write_text(json.dumps(told), "utf-8")
    (source / "_config.yml").write_text(rendering_configuration(ROOT / "_config.yml", evidence), "utf-8")
    status, log = jupyter_book(source, folder)
    assert status == 0, log[-3000:]
    rendered = folder / "_build" / "html"
    assert site_problems(rendered, source / "_toc.yml", list(all_claims())) == []
    return rendered


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@pytest.fixture(scope="session")
def address(site: Path) -> Iterator[str]:
    """Where the site is served."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(site)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/chapters"
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """Debian's Chromium; without it or without Playwright the test is skipped and says so."""
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed: no page was tried")
    if CHROMIUM is None:
        pytest.skip("chromium is not installed: no page was tried in a browser")
    with playwright.sync_playwright() as running:
        opened = running.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        yield opened
        opened.close()


@pytest.fixture
def visit(browser: Any, address: str) -> Iterator[Any]:
    """Open a page of the site: ``visit("ledger.html", width=390, scheme="dark", script=False)``.

    When the test ends no script may have failed and nothing may have been asked for elsewhere.
    """
    contexts, strays = [], []

    def opened(name: str, *, width: int = 1280, scheme: str = "light", script: bool = True, **how: Any) -> Any:
        view = {"width": width, "height": 900}
        context = browser.new_context(viewport=view, color_scheme=scheme, java_script_enabled=script, **how)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: strays.append(str(error)))
        page.on(
            "request", lambda request: request.url.startswith(address.rpartition("/")[0]) or strays.append(request.url)
        )
        page.goto(f"{address}/{name}")
        if script:
            page.wait_for_function(TYPESET)
        return page

    yield opened
    for context in contexts:
        context.close()
    assert strays == []


@pytest.fixture
def faults() -> Any:
    """What axe finds on a page, as pairs of a rule and the element."""
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe is not installed")

    def found(page: Any) -> list[tuple[str, str]]:
        answer = axe.Axe().run(page).response
        return [(rule["id"], node["html"][:200]) for rule in answer["violations"] for node in rule["nodes"]]

    return found
